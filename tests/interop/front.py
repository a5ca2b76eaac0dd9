"""A front that asks for a length, as Google's do: `front.py PORT`.

On HTTP/1.1 a POST, PUT or PATCH without `Content-Length` is answered with 411 and a page; everything else with what a
store would say: an object, or the session of an upload.
"""

import http.server
import sys

PAGE = b"<!DOCTYPE html><title>Error 411 (Length Required)!!1</title>"


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, content_type="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def read(self):
        self.answer(200, b"{}")

    def write(self):
        length = self.headers.get("Content-Length")
        if length is None:
            self.close_connection = True
            self.answer(411, PAGE, "text/html; charset=UTF-8", Connection="close")
            return
        self.rfile.read(int(length))
        if "uploadType=resumable" in self.path and "upload_id" not in self.path:
            session = f"http://{self.headers['Host']}{self.path}&upload_id=1"
            self.answer(200, b"", Location=session)
        else:
            self.answer(200, b'{"size": "0"}')

    do_GET = do_DELETE = read
    do_POST = do_PUT = do_PATCH = write

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Front).serve_forever()
