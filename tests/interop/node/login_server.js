// Starts the emulator of Google's authorization server on the port that is the first argument, until it is ended from
// outside. Any client may ask; there is one user.
const http = require("node:http");
const path = require("node:path");

async function main(port) {
  // Modules are not looked for in NODE_PATH as packages are.
  const load = (name) => import(path.join(process.env.NODE_PATH, "@emulators", name, "dist", "index.js"));
  const { createServer } = await load("core");
  const { googlePlugin, seedFromConfig } = await load("google");
  const baseUrl = `http://127.0.0.1:${port}`;
  const { app, store } = createServer(googlePlugin, { port, baseUrl });
  seedFromConfig(store, baseUrl, { users: [{ email: "ann@example.com", name: "Ann" }] });
  http
    .createServer(async (request, response) => {
      const pieces = [];
      for await (const piece of request) pieces.push(piece);
      const body = pieces.length > 0 ? Buffer.concat(pieces) : undefined;
      const { method, headers } = request;
      const answer = await app.fetch(new Request(baseUrl + request.url, { method, headers, body }));
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      response.end(Buffer.from(await answer.arrayBuffer()));
    })
    .listen(port, "127.0.0.1");
}

main(Number(process.argv[2]));
