// Node's HTTP/2 server on the port that is the first argument, with the certificate and key of the second, until it is ended from
// outside. It forwards requests to the server at the third argument. The header `x-spoil` asks for what a server may do to a
// connection; `/stats` tells how many connections and requests there were.
const fs = require("node:fs");
const http = require("node:http");
const http2 = require("node:http2");

const [port, certificate, farm] = process.argv.slice(2);
const pem = fs.readFileSync(certificate);
const stats = { connections: 0, http1: 0, requests: 0, refused: 0 };
// What was spoiled once is done the second time.
const spoiled = new Set();

function isFirst(request, spoil) {
  const what = `${spoil} ${request.method} ${request.url}`;
  return !spoiled.has(what) && spoiled.add(what);
}

function forward(request, response, after) {
  const ofTheConnection = (name) => name.startsWith(":") || ["connection", "host", "x-spoil"].includes(name);
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !ofTheConnection(name)));
  const passed = http.request(farm + request.url, { method: request.method, headers }, (answer) => {
    const { connection, "keep-alive": _, "transfer-encoding": __, ...headers } = answer.headers;
    response.writeHead(answer.statusCode, headers);
    answer.pipe(response);
    answer.on("end", after);
  });
  request.pipe(passed);
}

const server = http2.createSecureServer({ key: pem, cert: pem, allowHTTP1: true });
server.on("session", () => (stats.connections += 1));
server.on("request", (request, response) => {
  if (request.url.split("?")[0].endsWith("/stats")) {
    response.end(JSON.stringify(stats));
    return;
  }
  stats.requests += 1;
  if (request.httpVersion === "1.1") stats.http1 += 1;
  const spoil = request.headers["x-spoil"];
  const session = request.stream?.session;
  if (spoil === "refuse" && isFirst(request, spoil)) {
    stats.refused += 1;
    request.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
  } else if (spoil === "destroy" && isFirst(request, spoil)) {
    session.destroy();
  } else {
    // A graceful end: requests on their way are answered, new ones need another connection.
    forward(request, response, () => spoil === "goaway" && session.close());
  }
});
server.listen(Number(port), "127.0.0.1");
