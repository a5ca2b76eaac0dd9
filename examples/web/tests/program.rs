//! The service over a socket, in this process and as a program.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

use futures_util::future::join_all;
use gapis_drive_v3::Drive;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

// The program as it is; what it needs beside its routes goes unused here.
#[allow(dead_code)]
#[path = "../src/main.rs"]
mod web;

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
}

/// The status and the body of a response.
fn parse(response: &str) -> (u16, String) {
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn fetch(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request(path).as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    parse(&response)
}

#[tokio::test]
async fn requests_at_the_same_time_share_a_batch_and_each_has_its_own_answer() {
    let mock = web::server::start().unwrap();
    let drive = Drive::builder().anonymous().endpoint(&mock.uri()).build().unwrap();
    let (router, driver) = web::app(drive);
    tokio::spawn(driver);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });

    let paths: Vec<_> = (0..40).map(|number| format!("/files/film{number}")).collect();
    let answers = join_all(paths.iter().map(|path| fetch(address, path))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer, (200, format!("film{number}.mp4 has 7 bytes\n")));
    }
    assert_eq!(mock.call_count(), 40);
    assert!(mock.request_count() < 20, "{} requests for 40 calls", mock.request_count());
    assert!(mock.requests().iter().any(|request| request.path == "/batch/drive/v3"));

    assert_eq!(fetch(address, "/files/gone").await, (404, "there is no such file\n".to_owned()));
    assert_eq!(fetch(address, "/files/secret").await, (502, "Drive gave no answer\n".to_owned()));
}

#[test]
fn the_program_runs_by_itself() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gapis-example-web"))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(request("/files/film").as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(parse(&response), (200, "film.mp4 has 7 bytes\n".to_owned()));
}
