//! The same work by hand: its minimum cost, with `httparse`, `serde_json` and `memchr`, and without anything else that
//! a library must do: checks, retries, errors, tolerance and other types.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use bytes::Bytes;
use memchr::memmem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize};

use crate::zoo::{self, Prepared};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    color: &'a str,
    name: &'a str,
    vaccinated: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)] // Decoded and dropped, as a caller might.
pub(crate) struct Animal {
    birth_time: Option<String>,
    color: Option<String>,
    description: Option<String>,
    diet: Option<Diet>,
    etag: Option<String>,
    id: Option<String>,
    keeper: Option<Keeper>,
    labels: Option<BTreeMap<String, String>>,
    name: Option<String>,
    parents: Option<Vec<String>>,
    vaccinated: Option<bool>,
    #[serde(default, deserialize_with = "number")]
    weight_grams: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct Keeper {
    display_name: Option<String>,
    email_address: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Diet {
    Carnivore,
    Herbivore,
    Omnivore,
    #[serde(other)]
    Other,
}

fn number<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<i64>, D::Error> {
    let text = <&str>::deserialize(reader)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// A call: its target and body.
pub(crate) struct Call {
    target: String,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }
}

pub(crate) fn build(ids: &[String]) -> Vec<Call> {
    let call = |id: &String| {
        let mut target = String::from("/zoo/v1/animals/");
        let _ = write!(target, "{}", utf8_percent_encode(id, NON_ALPHANUMERIC));
        let _ = write!(target, "?updateMask={}&alt=json", utf8_percent_encode(zoo::MASK, NON_ALPHANUMERIC));
        // Owned, as a caller of a library would pass them.
        let (name, color) = (id.clone(), zoo::COLOR.to_owned());
        let change = Change { color: &color, name: &name, vaccinated: true };
        Call { target, body: serde_json::to_vec(&change).expect("JSON") }
    };
    ids.iter().map(call).collect()
}

pub(crate) fn encode(calls: &[Call]) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(calls.iter().map(|call| call.target.len() + call.body.len() + 256).sum());
    for (index, Call { target, body }) in calls.iter().enumerate() {
        let _ = write!(
            out,
            "--{}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{}+{index}>\r\n\r\n\
             PATCH {target} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nAccept: application/json\r\n\r\n",
            zoo::BOUNDARY,
            zoo::TOKEN,
            body.len()
        );
        out.extend_from_slice(body);
        out.extend_from_slice(b"\r\n");
    }
    let _ = write!(out, "--{}--\r\n", zoo::BOUNDARY);
    out
}

/// Joins the chunks, splits them at the boundary, and passes on the index, status and body of each part.
pub(crate) fn read(chunks: &[Bytes], mut each: impl FnMut(usize, u16, &[u8])) {
    let body = chunks.concat();
    let delimiter = format!("\r\n--{}", zoo::BOUNDARY);
    let finder = memmem::Finder::new(&delimiter);
    let mut start = delimiter.len();
    for end in finder.find_iter(&body) {
        let part = &body[start..end];
        start = end + delimiter.len() + 2;
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let Ok(httparse::Status::Complete((length, headers))) = httparse::parse_headers(part, &mut headers)
        else {
            panic!("part headers")
        };
        let id = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-id")).expect("an id");
        let id = std::str::from_utf8(id.value).expect("text");
        let index = id.trim_end_matches('>').rsplit_once('+').and_then(|(_, index)| index.parse().ok());
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let inner = &part[length..];
        let Ok(httparse::Status::Complete(length)) = response.parse(inner) else { panic!("a response") };
        each(index.expect("an index"), response.code.expect("a status"), &inner[length..]);
    }
}

pub(crate) fn decode(json: &[u8]) -> Animal {
    serde_json::from_slice(json).expect("an animal")
}

pub(crate) fn whole(prepared: &Prepared, ids: &[String]) -> usize {
    let calls = build(ids);
    let request = encode(&calls);
    let chunks = prepared.answer(&request);
    drop(request);
    let mut seen = 0;
    let mut answered = vec![false; calls.len()];
    read(&chunks, |index, status, body| {
        assert!(status == 200 && !std::mem::replace(&mut answered[index], true));
        seen += decode(body).name.map_or(0, |name| name.len());
    });
    assert!(answered.iter().all(|answered| *answered));
    seen
}
