//! What goes into one HTTP request: as many of the waiting calls as limits allow, in their order.

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

/// One HTTP request's worth of calls.
pub(super) struct Packed<'cb> {
    pub(super) entries: Vec<Option<Entry<'cb>>>,
    /// Headers that all of them share, which travel outside.
    pub(super) shared: Vec<(HeaderName, HeaderValue)>,
    pub(super) content_type: String,
    pub(super) body: Bytes,
}

/// The headers that authorize the calls of each client.
pub(super) type Auths = Vec<(Client, AuthHeaders)>;

/// What the calls of a client go with: its credentials, and what it says of each of its requests.
fn headers_of(of: &(Client, AuthHeaders)) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
    let (client, auth) = of;
    let said = |name: &HeaderName| *name == USER_AGENT || auth.wins(name, client.headers());
    let auth = auth.iter().filter(|(name, _)| auth.wins(name, client.headers()));
    auth.chain(client.headers().iter().filter(move |(name, _)| !said(name)))
}

/// Whether a call of the one client would inherit nothing of the other's, if that stood outside.
pub(super) fn covers(one: &(Client, AuthHeaders), other: &(Client, AuthHeaders)) -> bool {
    headers_of(other).all(|(name, _)| headers_of(one).any(|(own, _)| own == name))
}

/// Takes calls from the front of `pending` until a limit is reached. Calls that fit into no request are refused, each
/// with its reason. `inside` has what calls of clients other than the batch's own, `client`, go with; one that is not
/// there yet waits for the next request. `None` if nothing is left to send.
pub(super) fn pack<'cb>(
    pending: &mut VecDeque<Entry<'cb>>,
    refused: &mut Vec<(Entry<'cb>, Error)>,
    limits: Limits,
    token: &str,
    client: &Client,
    inside: &Auths,
    rng: &mut fastrand::Rng,
) -> Option<Packed<'cb>> {
    // Nothing beyond these is looked at: what is shared is shared by them.
    let window = limits.calls.min(pending.len());
    let shared = shared_headers(pending, window);
    let mut writer = BatchWriter::with_capacity(rng.fork(), 0);
    let mut entries = Vec::with_capacity(window);
    let mut bytes = BatchWriter::CLOSING_LEN;
    let mut target = String::new();
    for _ in 0..window {
        let Some(entry) = pending.pop_front() else { break };
        let of = entry.request.client();
        if !of.is_same(client) && !inside.iter().any(|(known, _)| known.is_same(of)) {
            pending.push_front(entry);
            break;
        }
        target.clear();
        target.push('/');
        let line = entry.request.push_line(&mut target);
        let mut own = own_headers(&entry.request, &shared, inside);
        if line.overridden {
            own.retain(|(name, _)| *name != METHOD_OVERRIDE);
            own.push((METHOD_OVERRIDE, b"GET"));
        }
        let part = part(&line, token, entries.len(), &target, own.iter().copied());
        let length = part.encoded_len();
        if let Some(error) = too_large(&entry.request, &target, length, limits) {
            refused.push((entry, error));
            continue;
        }
        if bytes + length > limits.bytes && !entries.is_empty() {
            pending.push_front(entry);
            break;
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

/// A call that no request can carry fails alone.
fn too_large(request: &Request, target: &str, length: usize, limits: Limits) -> Option<Error> {
    let id = request.id();
    if target.len() > limits.url {
        let (has, limit) = (target.len(), limits.url);
        return Some(Error::input(format!(
            "{id}: path and query have {has} characters, a call in a batch of this API at most {limit}; send it by itself"
        )));
    }
    let alone = length + BatchWriter::CLOSING_LEN;
    (alone > limits.bytes).then(|| {
        let limit = limits.bytes;
        Error::input(format!(
            "{id}: the call takes {alone} bytes, a batch of this API at most {limit}; send it by itself"
        ))
    })
}

/// Headers of the first call that all calls have, with the same value. Only Google's own are lifted out of their parts:
/// a condition such as `If-Match` is about one resource.
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

/// The headers that stay with the call: its own, and those of its client if they do not travel outside.
fn own_headers<'a>(
    request: &'a Request,
    shared: &[(HeaderName, HeaderValue)],
    inside: &'a Auths,
) -> Vec<(&'a str, &'a [u8])> {
    let credentials = inside.iter().filter(|(client, _)| client.is_same(request.client()));
    let credentials = credentials.flat_map(headers_of);
    let own = request
        .headers()
        .as_slice()
        .iter()
        .filter(|header| !shared.contains(header))
        .map(|(name, value)| (name, value));
    let overridden = |name: &HeaderName| request.headers().iter().any(|(own, _)| own == name);
    credentials
        .filter(|(name, _)| !overridden(name))
        .chain(own)
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect()
}
