"""Parses a batch request with Python's own `email` package and prints what it found.

Standard input: a line with the value of the Content-Type header, then the body. Standard output: JSON, a list with
one object for each part. The test `multipart::tests::interop` runs this and compares.
"""

import email.parser
import email.policy
import json
import sys


def inner_request(data):
    """The HTTP request inside a part; its body ends where Content-Length says, and nothing may follow."""
    head, blank, rest = data.partition(b"\r\n\r\n")
    assert blank, "no blank line behind the inner headers"
    request_line, _, fields = head.partition(b"\r\n")
    headers = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(fields + b"\r\n\r\n", headersonly=True)
    assert not headers.defects, headers.defects
    assert len(rest) == int(headers.get("Content-Length", "0")), "Content-Length is not the body's"
    verb, target, version = request_line.decode("ascii").split(" ")
    assert version == "HTTP/1.1", version
    return verb, target, [[name, value] for name, value in headers.items()], rest.hex()


def main():
    content_type, _, body = sys.stdin.buffer.read().partition(b"\n")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
        b"MIME-Version: 1.0\r\nContent-Type: " + content_type + b"\r\n\r\n" + body
    )
    assert message.get_content_type() == "multipart/mixed", message.get_content_type()
    assert not message.defects, message.defects
    found = []
    for part in message.iter_parts():
        assert not part.defects, part.defects
        assert part["Content-Type"] == "application/http", part["Content-Type"]
        assert part["Content-Transfer-Encoding"] == "binary"
        verb, target, headers, data = inner_request(part.get_payload(decode=True))
        found.append({"id": part["Content-ID"], "verb": verb, "target": target, "headers": headers, "body": data})
    json.dump(found, sys.stdout)


main()
