//! The API of the benchmarks in the form of a generated crate: one method, a schema with a dozen members, and the
//! bytes of a server's response.

#![allow(unreachable_pub)] // Written as generated crates are, whose items are public.

use bytes::Bytes;
use gapis_runtime::private::derive::{Object, OpenEnum};
use gapis_runtime::{Client, DateTime, Extra, Open};
use memchr::memmem;

/// The service.
#[derive(Clone, Debug)]
pub struct Zoo(pub(crate) Client);
gapis_runtime::api! { Zoo { name: "zoo", version: "v1", root_url: "https://zoo.test/", service_path: "zoo/v1/", batch_path: "batch/zoo/v1" } }

/// A typical schema: text, a number, a flag, a time, an enum, a list, a map, an object.
#[derive(Object)]
pub struct Animal {
    pub birth_time: Option<DateTime>,
    pub color: Option<String>,
    pub description: Option<String>,
    pub diet: Option<Open<Diet>>,
    pub etag: Option<String>,
    pub id: Option<String>,
    pub keeper: Option<Keeper>,
    pub labels: Option<std::collections::BTreeMap<String, String>>,
    pub name: Option<String>,
    pub parents: Option<Vec<String>>,
    pub vaccinated: Option<bool>,
    pub weight_grams: Option<i64>,
    pub extra: Extra,
}

/// An object in the object.
#[derive(Object)]
pub struct Keeper {
    pub display_name: Option<String>,
    pub email_address: Option<String>,
    pub extra: Extra,
}

/// An open enum.
#[derive(OpenEnum)]
#[non_exhaustive]
pub enum Diet {
    Carnivore,
    Herbivore,
    Omnivore,
}

/// The method `zoo.animals.patch`.
pub enum Patch {}
gapis_runtime::method! { Patch: Zoo => Animal; "zoo.animals.patch" PATCH "animals/{animalId}" }

impl Zoo {
    /// A call with a path variable, a query parameter and a body.
    pub fn patch(&self, id: &str, animal: Animal) -> Call<Patch> {
        Call::new(&self.0, &[&id], Some(&animal))
    }
}

impl Call<Patch> {
    /// The members that change.
    pub fn update_mask(self, mask: &str) -> Self {
        self.with_param("updateMask", &mask)
    }
}

/// The ids of the calls.
pub fn id(number: usize) -> String {
    format!("animal-{number:05}")
}

/// The change in each call.
pub const MASK: &str = "name,color,vaccinated";
pub const COLOR: &str = "grey with white ears";

/// How much the server returns for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The members in the mask, which callers that care about cost request.
    Few,
    /// A dozen members, with a list, a map and an object.
    Dozen,
}

impl Answer {
    pub const ALL: [Answer; 2] = [Answer::Few, Answer::Dozen];

    /// The number of members.
    pub fn members(self) -> &'static str {
        match self {
            Answer::Few => "4",
            Answer::Dozen => "12",
        }
    }

    /// The body of the response to that call.
    pub fn json(self, number: usize) -> String {
        let id = id(number);
        match self {
            Answer::Few => {
                format!(
                    r#"{{"id":"{id}","name":"Animal number {number}","color":"{COLOR}","vaccinated":true}}"#
                )
            }
            Answer::Dozen => format!(
                concat!(
                    r#"{{"id":"{id}","name":"Animal number {number}","etag":"\"MTIzNDU2Nzg5MDEyMzQ1Ng\"","#,
                    r#""description":"Came in the autumn, likes apples and carrots, and sleeps until noon on most days.","#,
                    r#""color":"{color}","diet":"HERBIVORE","birthTime":"2019-04-05T06:07:08.123Z","weightGrams":"183{number}","#,
                    r#""vaccinated":true,"parents":["animal-00001","animal-00002"],"#,
                    r#""labels":{{"house":"north","visitors":"many"}},"#,
                    r#""keeper":{{"displayName":"Kim Müller","emailAddress":"kim@zoo.example"}}}}"#
                ),
                id = id,
                number = number,
                color = COLOR,
            ),
        }
    }
}

pub const BOUNDARY: &str = "batch_pK7BAlpHAyN9SyZvE2HzTtOkyMSQAe5X";
pub const CONTENT_TYPE: &str = "multipart/mixed; boundary=batch_pK7BAlpHAyN9SyZvE2HzTtOkyMSQAe5X";
/// The length of the ids' prefix in a batch.
pub const TOKEN: &str = "00000000";
/// The number of bytes that HTTP libraries read at a time.
const CHUNK: usize = 16 << 10;

/// The response to a batch, complete except for the token in its ids.
pub struct Prepared {
    body: Vec<u8>,
    /// The offsets of the tokens.
    tokens: Vec<usize>,
    /// The offset of the end of each part.
    ends: Vec<usize>,
}

impl Prepared {
    pub fn new(count: usize, answer: Answer) -> Self {
        let mut body = String::new();
        let (mut tokens, mut ends) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for number in 0..count {
            let json = answer.json(number);
            let length = json.len();
            body.push_str(&format!(
                "--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <response-"
            ));
            tokens.push(body.len());
            body.push_str(&format!("{TOKEN}+{number}>\r\n\r\n"));
            body.push_str(&format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nVary: Origin\r\nVary: X-Origin\r\n\
                 Vary: Referer\r\nDate: Fri, 20 Nov 2026 10:11:12 GMT\r\nCache-Control: private, max-age=0\r\n\
                 ETag: \"MTIzNDU2Nzg5MDEyMzQ1Ng\"\r\nContent-Length: {length}\r\n\r\n{json}\r\n"
            ));
            ends.push(body.len());
        }
        body.push_str(&format!("--{BOUNDARY}--\r\n"));
        Prepared { body: body.into_bytes(), tokens, ends }
    }

    /// The response to this request, in chunks. It costs one copy on both sides of a comparison.
    pub fn answer(&self, request: &[u8]) -> Vec<Bytes> {
        self.respond(request, self.body.clone())
    }

    /// The response to a request that may have fewer calls, for as many as it has.
    pub fn answer_as_many(&self, request: &[u8]) -> Vec<Bytes> {
        let calls = memmem::find_iter(request, b"Content-ID: <").count();
        let end = calls.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or_default();
        let mut body = self.body.get(..end).unwrap_or_default().to_vec();
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.respond(request, body)
    }

    fn respond(&self, request: &[u8], mut body: Vec<u8>) -> Vec<Bytes> {
        let token = memmem::find(request, b"Content-ID: <").map(|at| at + b"Content-ID: <".len());
        if let Some(token) = token.and_then(|at| request.get(at..at + TOKEN.len())) {
            for at in &self.tokens {
                if let Some(place) = body.get_mut(*at..at + TOKEN.len()) {
                    place.copy_from_slice(token);
                }
            }
        }
        let mut rest = Bytes::from(body);
        let mut chunks = Vec::with_capacity(rest.len() / CHUNK + 1);
        while !rest.is_empty() {
            chunks.push(rest.split_to(CHUNK.min(rest.len())));
        }
        chunks
    }
}
