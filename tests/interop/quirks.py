"""What fake-gcs-server does on the wire: `quirks.py ENDPOINT`.

The Rust program shows that our client copes with these; this shows that there is something to cope with.
"""

import http.client
import json
import sys
import urllib.parse


def passed(what):
    print(f"ok    {what}")


def batch(address, parts):
    """Posts parts, `(part headers, inner request)`, and gives the answer's content type and body."""
    body = b"".join(b"--x\r\nContent-Type: application/http\r\n" + head + b"\r\n" + inner + b"\r\n" for head, inner in parts)
    connection = http.client.HTTPConnection(address, timeout=30)
    headers = {"Content-Type": "multipart/mixed; boundary=x"}
    connection.request("POST", "/batch/storage/v1", body + b"--x--\r\n", headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (answer.status, body)
    connection.close()
    return answer.headers["Content-Type"], body


def request(line, body=None, length=None):
    length = len(body) if length is None and body is not None else length
    head = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % length if body is not None else b""
    return line + b" HTTP/1.1\r\n" + head + b"\r\n" + (body or b"")


def main():
    address = urllib.parse.urlsplit(sys.argv[1]).netloc
    insert, name = b"POST /storage/v1/b?project=quirks", json.dumps({"name": "quirks"}).encode()

    _, body = batch(address, [(b"Content-ID: <a+0>\r\n", request(insert, name))])
    assert b"Content-Id: <response-a+0>\r\n" in body and b"200 OK" in body, body
    passed("fake-gcs-server spells the header Content-Id")

    _, body = batch(address, [(b"Content-ID: <a+1>\r\n", request(b"DELETE /storage/v1/b/quirks"))])
    assert b"200 OK" in body and b"\r\n\r\nnull" in body, body
    passed("fake-gcs-server answers DELETE with 200 and the body null")

    parts = [(b"", request(b"GET /storage/v1/b/quirks")), (b"Content-ID: <a+2>\r\n", request(b"GET /storage/v1/b/quirks"))]
    _, body = batch(address, parts)
    assert body.count(b"HTTP/1.1 ") == 1 and b"<response-a+2>" in body, body
    passed("fake-gcs-server drops a part without Content-ID")

    _, body = batch(address, [(b"Content-ID: <a+3>\r\n", request(insert, name, length=len(name) - 3))])
    assert b"HTTP/1.1 400 " in body, body
    passed("fake-gcs-server cuts a body at its Content-Length")


main()
