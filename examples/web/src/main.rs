//! A web service that asks Drive. Requests that come at the same time share a batch, and all share one client.
//!
//! `cargo run -p gapis-example-web` asks a local server. Then: `curl http://127.0.0.1:8080/files/film`.
//! `cargo run -p gapis-example-web -- --token-env TOKEN 127.0.0.1:8080` asks Google.
#![allow(clippy::print_stdout, clippy::print_stderr)]

pub(crate) mod server;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gapis_drive_v3::{Batcher, Drive, Driver, Error};
use gapis_example_farm::Stage;
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stage = Stage::new(server::start)?;
    let [address] = stage.arguments_or(["127.0.0.1:8080"]);
    let (router, driver) = app(stage.service()?);
    let driver = tokio::spawn(driver);

    let listener = TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;
    // The driver ends when all calls are answered.
    Ok(driver.await?)
}

/// What all handlers share. Its clones are cheap.
#[derive(Clone)]
struct App {
    drive: Drive,
    batcher: Batcher<Drive>,
}

/// The routes, and the dispatcher's work, which must be spawned.
pub(crate) fn app(drive: Drive) -> (Router, Driver) {
    // A call waits up to 2 milliseconds for others. `Batcher::with_options` sets another time.
    let (batcher, driver) = drive.batcher();
    let router = Router::new().route("/files/{id}", get(describe)).with_state(App { drive, batcher });
    (router, driver)
}

/// A handler is written as if its call were sent alone.
async fn describe(State(app): State<App>, Path(id): Path<String>) -> Result<String, Failure> {
    let call = app.drive.files().get(&id).fields("name,size");
    let file = app.batcher.send(call).await?;
    Ok(format!("{} has {} bytes\n", file.name.unwrap_or_default(), file.size.unwrap_or_default()))
}

/// An error of Google's, as the service's own clients see it.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if self.0.is_not_found() {
            return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
        }
        // The details are for the log: they may say more about the account than a visitor should know.
        eprintln!("{}", self.0);
        let status = if self.0.is_timeout() { StatusCode::GATEWAY_TIMEOUT } else { StatusCode::BAD_GATEWAY };
        (status, "Drive gave no answer\n").into_response()
    }
}
