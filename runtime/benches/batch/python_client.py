"""google-api-python-client at the same work: batches of the zoo's calls are built, written, read and decoded.

    python3 python_client.py MEMBERS SIZE...

MEMBERS is how many an answer has, 4 or 12. The HTTP stack is left out: the object in its place answers from memory. Standard output: JSON, microseconds of CPU a
call for each size of batch.
"""

import json
import sys
import time

import httplib2
from googleapiclient.discovery import build_from_document

BOUNDARY = "batch_pK7BAlpHAyN9SyZvE2HzTtOkyMSQAe5X"
DOCUMENT = {
    "kind": "discovery#restDescription",
    "name": "zoo",
    "version": "v1",
    "id": "zoo:v1",
    "rootUrl": "https://zoo.test/",
    "servicePath": "zoo/v1/",
    "baseUrl": "https://zoo.test/zoo/v1/",
    "batchPath": "batch/zoo/v1",
    "parameters": {"alt": {"type": "string", "default": "json", "location": "query"}},
    "schemas": {"Animal": {"id": "Animal", "type": "object", "properties": {"name": {"type": "string"}}}},
    "resources": {
        "animals": {
            "methods": {
                "patch": {
                    "id": "zoo.animals.patch",
                    "path": "animals/{animalId}",
                    "httpMethod": "PATCH",
                    "parameters": {
                        "animalId": {"type": "string", "required": True, "location": "path"},
                        "updateMask": {"type": "string", "location": "query"},
                    },
                    "parameterOrder": ["animalId"],
                    "request": {"$ref": "Animal"},
                    "response": {"$ref": "Animal"},
                }
            }
        }
    },
}


class Memory:
    """An HTTP object that answers every batch with the same bytes, prepared before anything is measured."""

    def __init__(self, count, members):
        parts = []
        for number in range(count):
            body = json.dumps(animal(number, members), ensure_ascii=False, separators=(",", ":")).encode()
            head = (
                f"--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <response-zoo + {number + 1}>\r\n\r\n"
                "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nVary: Origin\r\nVary: X-Origin\r\n"
                "Vary: Referer\r\nDate: Fri, 20 Nov 2026 10:11:12 GMT\r\nCache-Control: private, max-age=0\r\n"
                f'ETag: "MTIzNDU2Nzg5MDEyMzQ1Ng"\r\nContent-Length: {len(body)}\r\n\r\n'
            )
            parts.append(head.encode() + body + b"\r\n")
        self.content = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()

    def request(self, uri, method="GET", body=None, headers=None, **_):
        response = {"status": "200", "content-type": f'multipart/mixed; boundary="{BOUNDARY}"'}
        return httplib2.Response(response), self.content


def animal(number, members):
    whole = {
        "id": f"animal-{number:05}",
        "name": f"Animal number {number}",
        "etag": '"MTIzNDU2Nzg5MDEyMzQ1Ng"',
        "description": "Came in the autumn, likes apples and carrots, and sleeps until noon on most days.",
        "color": "grey with white ears",
        "diet": "HERBIVORE",
        "birthTime": "2019-04-05T06:07:08.123Z",
        "weightGrams": f"183{number}",
        "vaccinated": True,
        "parents": ["animal-00001", "animal-00002"],
        "labels": {"house": "north", "visitors": "many"},
        "keeper": {"displayName": "Kim Müller", "emailAddress": "kim@zoo.example"},
    }
    return whole if members == 12 else {name: whole[name] for name in ("id", "name", "color", "vaccinated")}


def batch(zoo, animals, http, ids):
    seen = []

    def callback(request_id, response, exception):
        assert exception is None, exception
        seen.append(len(response["name"]))

    calls = zoo.new_batch_http_request()
    for name in ids:
        body = {"name": name, "color": "grey with white ears", "vaccinated": True}
        calls.add(animals.patch(animalId=name, body=body, updateMask="name,color,vaccinated"), callback=callback)
    calls.execute(http=http)
    assert len(seen) == len(ids)


def main():
    zoo = build_from_document(DOCUMENT, http=httplib2.Http())
    animals = zoo.animals()
    found = {}
    members, *sizes = map(int, sys.argv[1:])
    for count in sizes:
        http, ids = Memory(count, members), [f"animal-{number:05}" for number in range(count)]
        batch(zoo, animals, http, ids)
        best, rounds = None, max(10, 3000 // count)
        for _ in range(rounds):
            start = time.process_time()
            batch(zoo, animals, http, ids)
            spent = time.process_time() - start
            best = spent if best is None else min(best, spent)
        found[str(count)] = best / count * 1e6
    json.dump(found, sys.stdout)


main()
