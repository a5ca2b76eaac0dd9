"""Builds requests with google-api-python-client, without sending them.

    requests_of_calls.py CASES

CASES is a JSON file: [{"document": path, "calls": [{"resources": [name…], "method": name, "arguments": {wire name:
value}, "body": any or absent}]}]. One line of JSON for each call is printed: {"verb", "path", "query": [[name, value]…],
"api_version", "body"}, or {"skipped": why} where Python has no way to say the call.

Where Python is known to differ, and only there, its answer is brought to what it should be:

- a method without a response gets no `alt=json` (its RawModel has no format);
- in `{+x}`, `?`, `#`, `[` and `]` are left as they are, so that a name with a `?` would end the path.

Patterns of parameters are taken out of the document before: checking them is the server's work.
"""

import json
import sys
import urllib.parse

from googleapiclient import discovery
from googleapiclient.http import HttpMock

# What `{+x}` leaves as it is, with letters of the private use area that stand in while Python expands the path.
STAND_INS = {"?": "\ue000", "#": "\ue001", "[": "\ue002", "]": "\ue003"}


def method_name(name):
    return discovery.fix_method_name(name)


def without_patterns(value):
    """The document without the patterns of parameters."""
    if isinstance(value, list):
        return [without_patterns(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_parameter = isinstance(value.get("pattern"), str) and "location" in value
    return {k: without_patterns(v) for k, v in value.items() if not (is_parameter and k == "pattern")}


def described(document, resources, method):
    """What the document says of the method, and whether a resource beside it has its name in Python."""
    place = document
    for name in resources:
        place = place["resources"][name]
    twins = [method_name(name) for name in place.get("resources", {})]
    return place["methods"][method], method_name(method) in twins


def request(service, document, call):
    description, has_twin = described(document, call["resources"], call["method"])
    if has_twin:
        return {"skipped": "Python has the resource of that name in the method's place"}
    if "body" in call and description["httpMethod"] not in discovery.HTTP_PAYLOAD_METHODS:
        return {"skipped": f"Python sends no body with {description['httpMethod']}"}
    arguments = {}
    for name, value in call["arguments"].items():
        if "{+" + name + "}" in description["path"]:
            value = value.translate(str.maketrans(STAND_INS))
        arguments[discovery.key2param(name)] = value
    if "body" in call:
        if "body" in arguments:
            return {"skipped": "Python has no name for a parameter called body"}
        arguments["body"] = call["body"]
    place = service
    for name in call["resources"]:
        place = getattr(place, method_name(name))()
    built = getattr(place, method_name(call["method"]))(**arguments)
    return answer(built, description)


def answer(built, description):
    path, _, query = built.uri.removeprefix("https://").removeprefix("http://").partition("?")
    for character, letter in STAND_INS.items():
        path = path.replace(urllib.parse.quote(letter), urllib.parse.quote(character))
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    if "response" not in description:
        pairs.append(("alt", "json"))
    body = built.body
    return {
        "verb": built.method,
        "path": path,
        "query": sorted(pairs),
        "api_version": built.headers.get("x-goog-api-version") or built.headers.get("X-Goog-Api-Version"),
        "body": None if body is None else json.loads(body),
    }


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        with open(case["document"], encoding="utf-8") as file:
            document = without_patterns(json.load(file))
        service = discovery.build_from_document(document, http=HttpMock())
        for call in case["calls"]:
            try:
                print(json.dumps(request(service, document, call)))
            except Exception as error:  # What Python cannot build is for the reader of the report.
                print(json.dumps({"error": f"{type(error).__name__}: {error}"}))


if __name__ == "__main__":
    main()
