//! What is written, read by a parser that shares nothing with ours: Python's `email` package.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::super::*;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/multipart_email.py");

/// What Python finds in a batch request; nothing on a machine without Python, unless `GAPIS_INTEROP` demands it.
fn python(content_type: &str, body: &[u8]) -> Option<Value> {
    let mut command = Command::new("python3");
    let child = command.arg(SCRIPT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            assert!(std::env::var_os("GAPIS_INTEROP").is_none(), "python3: {error}");
            return None;
        }
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{content_type}\n").as_bytes()).unwrap();
    stdin.write_all(body).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn python_email_reads_what_is_written() {
    let every_byte: Vec<u8> = (0..=255).collect();
    let bodies: [Option<&[u8]>; 11] = [
        None,
        Some(b""),
        Some(b"{\"name\": \"Course 1\"}"),
        Some("{\"name\": \"Caf\u{e9} \u{1f404}\"}".as_bytes()),
        Some(b"\r\n"),
        Some(b"ends with a line end\r\n"),
        Some(b"\r\n\r\nbegins with two"),
        Some(b"a\n\n\nb\r\rc"),
        Some(b"--batch_\r\n--batch_--\r\n--\r\n"),
        Some(b"Content-ID: <b7Kq+9>\r\n\r\nGET /evil HTTP/1.1\r\n\r\n"),
        Some(&every_byte),
    ];
    let mut writer = BatchWriter::new(fastrand::Rng::with_seed(3));
    let mut expected = Vec::new();
    for body in bodies {
        for verb in ["GET", "POST", "DELETE"] {
            let index = expected.len();
            let headers = [("X-Goog-User-Project", "p"), ("If-Match", "\"a: b\"")];
            let part = PartRequest {
                token: "b7Kq",
                index,
                verb,
                target: "/drive/v3/files/a%2Fb?fields=id%2Cname&q=%27x%27",
                headers: headers.iter().copied(),
                body,
                content_type: "application/json",
            };
            writer.push(&part).unwrap();
            let mut fields = Vec::new();
            if let Some(body) = body {
                fields.push(json!(["Content-Type", "application/json"]));
                fields.push(json!(["Content-Length", body.len().to_string()]));
            } else if verb == "POST" {
                fields.push(json!(["Content-Length", "0"]));
            }
            fields.push(json!(["Accept", "application/json"]));
            fields.extend(headers.iter().map(|header| json!(header)));
            expected.push(json!({
                "id": format!("<b7Kq+{index}>"),
                "verb": verb,
                "target": part.target,
                "headers": fields,
                "body": hex(body.unwrap_or_default()),
            }));
        }
    }
    let (content_type, body) = writer.finish();
    if let Some(found) = python(&content_type, &body) {
        assert_eq!(found, Value::from(expected));
    }
}
