#!/usr/bin/env python3
"""google-api-python-client against the mock server: proves that the mock speaks the protocol.

    python3 -m pip install --target DIR -r runtime/tests/interop/requirements.txt
    PYTHONPATH=DIR python3 runtime/tests/interop/python_client.py [ENDPOINT]

Without an endpoint it starts the mock server (`--example serve_farm`) itself. Exits with a traceback if anything is not as expected.
"""

import json
import pathlib
import subprocess
import sys
import time

import httplib2
from googleapiclient.discovery import build_from_document

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Seen:
    """A callback that keeps what it is called with."""

    def __init__(self):
        self.order, self.values, self.errors = [], {}, {}

    def __call__(self, request_id, response, exception):
        assert request_id not in self.values and request_id not in self.errors, request_id
        self.order.append(request_id)
        (self.values if exception is None else self.errors)[request_id] = response if exception is None else exception


def service(endpoint, key=None):
    document = json.loads((ROOT / "discovery" / "farm.v2.json").read_text())
    document["rootUrl"] = endpoint + "/"
    document["baseUrl"] = endpoint + "/" + document["servicePath"]
    return build_from_document(document, http=httplib2.Http(timeout=60), developerKey=key)


def inserts_with_one_callback(farm):
    every, own = Seen(), Seen()
    batch = farm.new_batch_http_request(callback=every)
    for name in ("sheep", "pig"):
        batch.add(farm.animals().insert(body={"name": name}))
    batch.add(farm.animals().insert(body={"name": "lläma 🦙"}), callback=own, request_id="the llama + ü/%41")
    batch.execute()
    assert every.order == ["1", "2", "the llama + ü/%41"], every.order
    assert own.values == {"the llama + ü/%41": every.values["the llama + ü/%41"]}
    assert [value["name"] for value in every.values.values()] == ["sheep", "pig", "lläma 🦙"]
    return [value["id"] for value in every.values.values()]


def two_types_and_an_error(farm, ids):
    animals, farmers, wrong, changed = Seen(), Seen(), Seen(), Seen()
    batch = farm.new_batch_http_request()
    batch.add(farm.animals().list(), callback=animals)
    batch.add(farm.farmers().list(), callback=farmers)
    batch.add(farm.animals().get(animalId="999999"), callback=wrong)
    batch.add(farm.animals().insert(body={}), callback=wrong)
    batch.add(farm.animals().get(animalId=ids[0], quotaUser="busy"), callback=wrong)
    batch.add(farm.animals().patch(animalId=ids[1], body={"name": "boar"}, updateMask="name"), callback=changed)
    batch.execute()
    (listed,) = animals.values.values()
    assert [animal["name"] for animal in listed["animals"]] == ["sheep", "pig", "lläma 🦙"], listed
    assert farmers.values["2"]["farmers"] == []
    assert changed.values["6"] == {"id": ids[1], "name": "boar"}, changed.values
    assert [(error.status_code, error.reason) for error in wrong.errors.values()] == [
        (404, "Not Found: 999999"),
        (400, "Required field: name"),
        (429, "Too many concurrent requests."),
    ], wrong.errors
    assert wrong.errors["5"].resp["retry-after"] == "1"


def deletes(farm, ids):
    seen = Seen()
    batch = farm.new_batch_http_request(callback=seen)
    for name in ids:
        batch.add(farm.animals().delete(animalId=name))
    batch.execute()
    assert len(seen.values) == len(ids) and not seen.errors, seen.errors
    assert farm.animals().list().execute()["totalSize"] == 0


def a_thousand(farm):
    seen = Seen()
    batch = farm.new_batch_http_request(callback=seen)
    for number in range(1000):
        batch.add(farm.farmers().insert(body={"name": f"farmer {number}"}))
    start = time.perf_counter()
    batch.execute()
    elapsed = time.perf_counter() - start
    assert not seen.errors and len(seen.values) == 1000
    assert [value["name"] for value in seen.values.values()] == [f"farmer {number}" for number in range(1000)]
    assert farm.farmers().list(maxResults=1).execute()["totalSize"] == 1000
    return elapsed


def run(endpoint):
    farm = service(endpoint, key="a key")
    ids = inserts_with_one_callback(farm)
    two_types_and_an_error(farm, ids)
    deletes(farm, ids)
    elapsed = a_thousand(farm)
    print(f"google-api-python-client: all calls answered; a batch of 1,000 in {elapsed:.2f} s")


def main():
    if len(sys.argv) > 1:
        return run(sys.argv[1].rstrip("/"))
    command = ["cargo", "run", "--quiet", "-p", "gapis-mock", "--example", "serve_farm"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        endpoint = server.stdout.readline().strip()
        try:
            run(endpoint)
        finally:
            server.stdin.close()


if __name__ == "__main__":
    main()
