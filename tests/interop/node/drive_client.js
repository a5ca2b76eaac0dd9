// Node's client of Drive, alone and with googleapis-batcher, against our mock server: `drive_client.js ENDPOINT`.
//
// The batcher writes its own requests and reads the answers in its own way: parts without a length, LF in place of CRLF,
// and Content-IDs without brackets.

const assert = require("node:assert/strict");
const { drive } = require("@googleapis/drive");
const { batchFetchImplementation } = require("@jrmdayn/googleapis-batcher");

const endpoint = process.argv[2];
const rootUrl = `${endpoint}/`;
const headers = { authorization: "Bearer valid" };

function passed(what) {
  console.log(`ok    ${what}`);
}

async function alone() {
  const client = drive({ version: "v3", rootUrl, headers });
  const made = await client.files.create({ requestBody: { name: "Otter" } });
  assert.equal(made.data.name, "Otter");
  const fileId = made.data.id;
  assert.equal((await client.files.get({ fileId })).data.name, "Otter");
  const renamed = await client.files.update({ fileId, requestBody: { name: "Beaver" } });
  assert.equal(renamed.data.name, "Beaver");
  await assert.rejects(client.files.get({ fileId: "nobody" }), (error) => error.status === 404);
  const media = { mimeType: "text/plain", body: "reed and sedge" };
  // An upload goes to Google unless its own options say otherwise.
  const uploaded = await client.files.create({ requestBody: { name: "Notes" }, media }, { rootUrl });
  // The client asks for media at the plain path.
  const content = await client.files.get({ fileId: uploaded.data.id, alt: "media" }, { responseType: "text" });
  assert.equal(content.data, "reed and sedge");
  assert.equal((await client.files.delete({ fileId })).status, 204);
  passed("Node's client: files made, read, changed, deleted, uploaded and downloaded");
}

async function batched() {
  const fetchImplementation = batchFetchImplementation({ maxBatchSize: 100 });
  const client = drive({ version: "v3", rootUrl, headers, fetchImplementation });
  const names = Array.from({ length: 40 }, (_, at) => `Reed ${at} ü`);
  const made = await Promise.all(names.map((name) => client.files.create({ requestBody: { name } })));
  assert.deepEqual(made.map((reply) => reply.data.name), names);
  const ids = made.map((reply) => reply.data.id);
  assert.equal(new Set(ids).size, 40);
  const calls = ids.map((fileId) => client.files.get({ fileId }));
  const replies = await Promise.allSettled([...calls, client.files.get({ fileId: "nobody" })]);
  assert.deepEqual(replies.slice(0, 40).map((reply) => reply.value.data.name), names);
  const nobody = replies[40].reason;
  assert.equal(nobody.status ?? nobody.response?.status, 404);
  await Promise.all(ids.map((fileId) => client.files.delete({ fileId })));
  const gone = await Promise.allSettled(ids.map((fileId) => client.files.get({ fileId })));
  assert.ok(gone.every((reply) => reply.status === "rejected"));
  passed("Node's client with googleapis-batcher: 40 calls in each of four batches, one of them for nobody");
}

alone()
  .then(batched)
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
