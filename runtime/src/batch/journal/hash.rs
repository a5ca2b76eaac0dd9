//! The hashes by which a journal identifies calls. They are the same in every process and version of the library.

use md5::Context as Md5;

use crate::call::request::Request;

/// Half a hash of an id. It does not protect against ids that were chosen to collide; the second of them gets an error.
pub(super) fn key(id: &str) -> u64 {
    let mut hash = Md5::new();
    hash.consume(b"id");
    hash.consume(id);
    half(hash)
}

/// Half a hash of a request, without its `requestId`. The last bit is 0.
pub(super) fn hash_of(request: &Request) -> u64 {
    let mut query = request.parameters().clone();
    if let Some(name) = request.spec().request_id {
        query.remove(name);
    }
    let body = request.body().map(|body| &body.bytes[..]).unwrap_or_default();
    let pieces = [
        request.id().as_bytes(),
        request.verb().as_str().as_bytes(),
        request.path().as_bytes(),
        query.as_str().as_bytes(),
        body,
    ];
    let mut hash = Md5::new();
    for piece in pieces {
        hash.consume((piece.len() as u64).to_le_bytes());
        hash.consume(piece);
    }
    half(hash) & !1
}

fn half(hash: Md5) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = hash.finalize().0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}
