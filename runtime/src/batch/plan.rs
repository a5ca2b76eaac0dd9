//! Packs the calls of one HTTP request: as many waiting calls as the limits allow, in their order.

use std::collections::VecDeque;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, USER_AGENT};

use super::queue::Entry;
use crate::call::message::{Line, METHOD_OVERRIDE};
use crate::call::request::Request;
use crate::multipart::{BatchWriter, PartRequest};
use crate::send::credentials::AuthHeaders;
use crate::{Client, Error};

/// Limits on one HTTP request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) calls: usize,
    pub(super) bytes: usize,
    pub(super) url: usize,
}

/// The largest buffer that is allocated for a request before its size is known.
const MOST_RESERVED: usize = 256 << 10;

/// The calls of one HTTP request, and its body.
pub(super) struct Packed<'cb> {
    pub(super) entries: Vec<Option<Entry<'cb>>>,
    /// Headers that all calls share. They become headers of the request.
    pub(super) shared: Vec<(HeaderName, HeaderValue)>,
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

/// The headers that authorize the calls of each client.
pub(super) type Auths = Vec<(Client, AuthHeaders)>;

/// The headers for all calls of a client: its credentials, and the client's own headers.
fn headers_of(authorized: &(Client, AuthHeaders)) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let (client, auth) = authorized;
    let is_replaced = |name: &HeaderName| *name == USER_AGENT || auth.wins(name, client.headers());
    let auth = auth.iter().filter(|(name, _)| auth.wins(name, client.headers()));
    auth.chain(client.headers().iter().filter(move |(name, _)| !is_replaced(name)))
}

/// Whether a call of the second client would not inherit any header from the first client's headers on the request.
pub(super) fn covers(outer: &(Client, AuthHeaders), other: &(Client, AuthHeaders)) -> bool {
    headers_of(other).all(|(name, _)| headers_of(outer).any(|(known, _)| known == name))
}

/// Takes calls from the front of `pending` until a limit is reached. Calls that are too large for any request are put
/// into `refused`, each with an error. `inside` has the headers for calls of clients other than `client`, which is the
/// batch's own; a call whose client is not in it waits for the next request. Returns `None` if no call is left to send.
pub(super) fn pack<'cb>(
    pending: &mut VecDeque<Entry<'cb>>,
    refused: &mut Vec<(Entry<'cb>, Error)>,
    limits: Limits,
    token: &str,
    client: &Client,
    inside: &Auths,
    rng: &mut fastrand::Rng,
) -> Option<Packed<'cb>> {
    // Only these calls can be in the request, so they decide which headers are shared.
    let window = limits.calls.min(pending.len());
    let shared = shared_headers(pending, window);
    let mut writer = BatchWriter::new(rng.fork());
    let mut entries = Vec::with_capacity(window);
    let mut bytes = BatchWriter::CLOSING_LEN;
    let mut target = String::new();
    for _ in 0..window {
        let Some(entry) = pending.pop_front() else { break };
        let entry_client = entry.request.client();
        if !entry_client.is_same(client) && !inside.iter().any(|(known, _)| known.is_same(entry_client)) {
            pending.push_front(entry);
            break;
        }
        target.clear();
        target.push('/');
        let line = entry.request.push_line(&mut target);
        let mut headers = own_headers(&entry.request, &shared, inside);
        if line.overridden {
            headers.retain(|(name, _)| *name != METHOD_OVERRIDE);
            headers.push((METHOD_OVERRIDE, b"GET"));
        }
        let part = part(&line, token, entries.len(), &target, headers.iter().copied());
        let length = part.encoded_len();
        if let Some(error) = too_large(&entry.request, &target, length, limits) {
            refused.push((entry, error));
            continue;
        }
        if bytes + length > limits.bytes && !entries.is_empty() {
            pending.push_front(entry);
            break;
        }
        if entries.is_empty() {
            // The calls of a request are often alike, except that their numbers have more digits.
            let like_this = (length + 8).saturating_mul(window).min(limits.bytes).min(MOST_RESERVED);
            writer.reserve(like_this + BatchWriter::CLOSING_LEN);
        }
        match writer.push(&part) {
            Ok(()) => {
                bytes += length;
                entries.push(Some(entry));
            }
            Err(error) => refused.push({
                let error = Error::input(format!("{}: {error}", entry.request.id()));
                (entry, error)
            }),
        }
    }
    if entries.is_empty() {
        return None;
    }
    let (content_type, body) = writer.finish();
    Some(Packed { entries, shared, content_type, body })
}

fn part<'a, H>(
    line: &'a Line<'a>,
    token: &'a str,
    index: usize,
    target: &'a str,
    headers: H,
) -> PartRequest<'a, H>
where
    H: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let (content_type, body) = match &line.body {
        Some(body) => (&*body.content_type, Some(&body.bytes[..])),
        None => ("application/json", None),
    };
    PartRequest { token, index, verb: line.verb.as_str(), target, headers, body, content_type }
}

/// The error for a call that does not fit into any request.
fn too_large(request: &Request, target: &str, length: usize, limits: Limits) -> Option<Error> {
    let id = request.id();
    if target.len() > limits.url {
        let (has, limit) = (target.len(), limits.url);
        return Some(Error::input(format!(
            "{id}: path and query have {has} characters, more than the {limit} of a call in a batch; send the call by itself"
        )));
    }
    let alone = length + BatchWriter::CLOSING_LEN;
    (alone > limits.bytes).then(|| {
        let limit = limits.bytes;
        Error::input(format!(
            "{id}: the call takes {alone} bytes, more than the {limit} of a batch; send the call by itself"
        ))
    })
}

/// Headers of the first call that all calls have, with the same value. Only headers of Google (`x-goog-…`) are shared.
/// A condition such as `If-Match` belongs to one resource.
fn shared_headers(pending: &VecDeque<Entry<'_>>, calls: usize) -> Vec<(HeaderName, HeaderValue)> {
    let Some(first) = pending.front() else { return Vec::new() };
    let mut shared: Vec<_> = first
        .request
        .headers()
        .as_slice()
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("x-goog-"))
        .cloned()
        .collect();
    for entry in pending.iter().take(calls) {
        if shared.is_empty() {
            break;
        }
        shared.retain(|header| entry.request.headers().as_slice().contains(header));
    }
    shared
}

/// The headers in the part of a call: its own, and those of its client unless they are headers of the request.
fn own_headers<'a>(
    request: &'a Request,
    shared: &[(HeaderName, HeaderValue)],
    inside: &'a Auths,
) -> Vec<(&'a str, &'a [u8])> {
    let credentials = inside.iter().filter(|(client, _)| client.is_same(request.client()));
    let credentials = credentials.flat_map(headers_of);
    let call_headers = request
        .headers()
        .as_slice()
        .iter()
        .filter(|header| !shared.contains(header))
        .map(|(name, value)| (name, value));
    let overridden = |name: &HeaderName| request.headers().iter().any(|(known, _)| known == name);
    credentials
        .filter(|(name, _)| !overridden(name))
        .chain(call_headers)
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}
