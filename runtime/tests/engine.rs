//! The batch engine against scripted answers, byte for byte.

#![allow(missing_docs, clippy::print_stdout)]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use gapis_runtime::transport::{HttpRequest, HttpResponse, Transport};
use gapis_runtime::{BoxFuture, Client, Error, Json, Result, RetryPolicy};

#[derive(Clone, Debug)]
pub struct Zoo(Client);
gapis_runtime::api! { Zoo { name: "zoo", version: "v1", root_url: "https://zoo.test/", service_path: "zoo/v1/", batch_path: "batch/zoo/v1", batch_calls: 3 } }

pub enum Get {}
gapis_runtime::method! { Get: Zoo => Json; "zoo.get" GET "animals/{id}" }
pub enum Insert {}
gapis_runtime::method! { Insert: Zoo => Json; "zoo.insert" POST "animals" }

impl Zoo {
    fn get(&self, id: &str) -> Call<Get> {
        Call::new(&self.0, &[&id], None)
    }
    fn insert(&self, body: Json) -> Call<Insert> {
        Call::new(&self.0, &[], Some(&body))
    }
}

type Answer = Box<dyn FnMut(&HttpRequest) -> Result<(u16, &'static str, Vec<u8>)> + Send>;

#[derive(Clone)]
struct Script(Arc<Mutex<Answer>>, Arc<Mutex<Vec<String>>>);

impl Transport for Script {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        let mut head = format!("{} {}\n", request.method, request.url);
        for (name, value) in &request.headers {
            head.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
        self.1.lock().unwrap().push(format!("{head}\n{}", String::from_utf8_lossy(&request.body)));
        let answer = (self.0.lock().unwrap())(&request);
        Box::pin(async move {
            let (status, content_type, body) = answer?;
            let mut headers = http::HeaderMap::new();
            headers.insert("content-type", content_type.parse().unwrap());
            Ok(HttpResponse {
                status: http::StatusCode::from_u16(status).unwrap(),
                headers,
                body: Box::pin(futures_util::stream::iter(
                    body.chunks(7).map(|c| Ok(Bytes::copy_from_slice(c))).collect::<Vec<_>>(),
                )),
            })
        })
    }
}

fn parts(request: &HttpRequest, mut answer: impl FnMut(usize, &str) -> Option<String>) -> Vec<u8> {
    let body = String::from_utf8_lossy(&request.body);
    let mut out = String::new();
    for (n, part) in body.split("Content-ID: <").skip(1).enumerate() {
        let id = part.split('>').next().unwrap();
        if let Some(inner) = answer(n, part) {
            out.push_str(&format!(
                "--B\r\nContent-Type: application/http\r\nContent-ID: <response-{id}>\r\n\r\n{inner}\r\n"
            ));
        }
    }
    out.push_str("--B--");
    out.into_bytes()
}

fn zoo(
    answer: impl FnMut(&HttpRequest) -> Result<(u16, &'static str, Vec<u8>)> + Send + 'static,
) -> (Zoo, Script) {
    let script = Script(Arc::new(Mutex::new(Box::new(answer))), Arc::default());
    let policy = RetryPolicy::default()
        .with_backoff(std::time::Duration::from_millis(1), std::time::Duration::from_millis(5));
    (Zoo::builder().anonymous().transport(script.clone()).retry(policy).build().unwrap(), script)
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\": \"x\"}";

#[tokio::test]
async fn splits_retries_and_answers_once() {
    let mut round = 0;
    let (zoo, script) = zoo(move |request| {
        round += 1;
        let bytes = parts(request, |_, part| {
            if part.contains("missing") {
                return Some("HTTP/1.1 404 Not Found\r\n\r\n{\"error\":{\"message\":\"no\"}}".into());
            }
            if part.contains("lost") {
                return None;
            }
            if part.contains("busy") && round < 4 {
                return Some("HTTP/1.1 429 Too Many\r\n\r\n".into());
            }
            Some(OK.into())
        });
        Ok((200, "multipart/mixed; boundary=B", bytes))
    });
    let seen = Mutex::new(Vec::new());
    let mut count = 0;
    let mut batch = zoo.batch();
    batch.on_reply(|_| count += 1);
    for id in ["a", "missing", "busy", "d", "lost"] {
        let seen = &seen;
        zoo.get(id)
            .queue_as(&mut batch, id, move |reply| {
                seen.lock().unwrap().push((
                    reply.id.to_string(),
                    reply.index,
                    reply.result.map_err(|e: Error| e.to_string()),
                ));
            })
            .unwrap();
    }
    zoo.insert(serde_json::json!({"lost": 1}))
        .queue(&mut batch, |reply| assert!(reply.result.unwrap_err().is_unknown_outcome()))
        .unwrap();
    let ticket = zoo.get("t").queue_ticket(&mut batch).unwrap();
    assert!(zoo.get("z").queue_as(&mut batch, "a", |_| ()).is_err());
    let report = batch.execute().await;
    println!("{report:?}");
    for request in script.1.lock().unwrap().iter().take(1) {
        println!("{request}")
    }
    println!("{:?}", seen.lock().unwrap());
    assert_eq!(report.redeem(ticket).unwrap()["id"], "x");
    drop(seen);
    assert_eq!(count, 7);
}
