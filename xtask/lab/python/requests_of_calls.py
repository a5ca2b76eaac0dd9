"""Builds requests with google-api-python-client, and sends them to a server on loopback.

    requests_of_calls.py CASES LISTENER

CASES is a JSON file: [{"document": path, "calls": [{"resources": [name…], "method": name, "arguments": {wire name:
value}, "body": any or absent, "media": type or absent}]}]. LISTENER is the URL of the server, which each request is sent to in
place of its own host. One line of JSON for each call is printed: {"url": where it would go}, {"skipped": why} where Python has
no way to say the call, or {"error": what}.

Where Python is known to differ, and only there, its request is brought to what it should be:

- a method without a response gets no `alt=json` (its RawModel has no format), and accepts everything;
- in `{+x}`, `?`, `#`, `[` and `]` are left as they are, so that a name with a `?` would end the path;
- a space in a query is a `+`;
- a GET or DELETE without a body says that its length is 0, which RFC 9110, section 8.6, advises against.

Patterns of parameters are taken out of the document before: checking them is the server's work.
"""

import json
import sys
import urllib.parse

import httplib2
from googleapiclient import discovery
from googleapiclient.http import HttpMock, MediaInMemoryUpload

# What `{+x}` leaves as it is, with letters of the private use area that stand in while Python expands the path.
STAND_INS = {"?": "\ue000", "#": "\ue001", "[": "\ue002", "]": "\ue003"}


class AtListener:
    """Sends each request to the listener in place of its own host."""

    def __init__(self, listener):
        self.listener = listener
        self.http = httplib2.Http()

    def request(self, uri, method="GET", body=None, headers=None, **_):
        _, _, rest = uri.partition("://")
        target = rest[rest.index("/"):]
        if method not in discovery.HTTP_PAYLOAD_METHODS:
            headers = {k: v for k, v in headers.items() if (k.lower(), v) != ("content-length", "0")}
        return self.http.request(self.listener + target, method=method, body=body, headers=headers, redirections=0)


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


def request(service, document, call, http):
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
    if "media" in call:
        arguments["media_body"] = MediaInMemoryUpload(b"some media", mimetype=call["media"])
    place = service
    for name in call["resources"]:
        place = getattr(place, method_name(name))()
    built = getattr(place, method_name(call["method"]))(**arguments)
    put_right(built, description)
    built.execute(http=http)
    return {"url": built.uri}


def put_right(built, description):
    """Brings a request to what it should be, where that is known."""
    place, _, query = built.uri.partition("?")
    for character, letter in STAND_INS.items():
        place = place.replace(urllib.parse.quote(letter), urllib.parse.quote(character))
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    if "response" not in description:
        pairs.append(("alt", "json"))
        built.headers["accept"] = "application/json"
    query = "&".join(f"{urllib.parse.quote(k, safe='')}={urllib.parse.quote(v, safe='')}" for k, v in pairs)
    built.uri = f"{place}?{query}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    http = AtListener(sys.argv[2])
    for case in cases:
        with open(case["document"], encoding="utf-8") as file:
            document = without_patterns(json.load(file))
        service = discovery.build_from_document(document, http=HttpMock())
        for call in case["calls"]:
            try:
                print(json.dumps(request(service, document, call, http)))
            except Exception as error:  # What Python cannot build is for the reader of the report.
                print(json.dumps({"error": f"{type(error).__name__}: {error}"}))


if __name__ == "__main__":
    main()
