"""google-api-python-client against gcp-storage-emulator: `gcp_emulator.py ENDPOINT`.

The same kinds of calls that our client gets answers to, on the same server. The Python client raises, and no callback
runs: it looks for a Content-ID, and the parts have none.
"""

import io
import json
import pathlib
import sys

import httplib2
from googleapiclient.discovery import build_from_document
from googleapiclient.http import MediaIoBaseUpload

ROOT = pathlib.Path(__file__).resolve().parents[2]


def service(endpoint):
    document = json.loads((ROOT / "discovery" / "storage.v1.json").read_text())
    document["rootUrl"] = endpoint + "/"
    document["baseUrl"] = endpoint + "/" + document["servicePath"]
    return build_from_document(document, http=httplib2.Http(timeout=30))


def main():
    storage = service(sys.argv[1])
    storage.buckets().insert(project="interop", body={"name": "snakes"}).execute()
    media = MediaIoBaseUpload(io.BytesIO(b"hiss"), mimetype="text/plain")
    for name in ("adder", "boa"):
        storage.objects().insert(bucket="snakes", body={"name": name}, media_body=media).execute()

    calls = {
        "PATCH": lambda: storage.objects().patch(bucket="snakes", object="adder", body={"contentType": "x/y"}),
        "DELETE": lambda: storage.objects().delete(bucket="snakes", object="boa"),
    }
    for verb, call in calls.items():
        seen = []
        batch = storage.new_batch_http_request(callback=lambda *reply: seen.append(reply))
        batch.add(call())
        try:
            batch.execute()
        except Exception as error:
            assert not seen, seen
            print(f"ok    google-api-python-client fails on a batch with {verb}: {type(error).__name__}: {error}")
        else:
            sys.exit(f"google-api-python-client answered a batch with {verb}: {seen}")
    # Nothing is wrong with the server otherwise, and the calls that the client lost were executed.
    assert storage.objects().get(bucket="snakes", object="adder").execute()["contentType"] == "x/y"
    names = [item["name"] for item in storage.objects().list(bucket="snakes").execute()["items"]]
    assert names == ["adder"], names
    print("ok    though the server executed both calls")


main()
