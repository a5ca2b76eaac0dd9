//! The runtime of the gapis crates: typed clients for Google APIs, whose calls can be sent alone or in a batch.
//!
//! Programs depend on a generated crate, such as `gapis-drive-v3`, which re-exports what its users need from here. This
//! crate has no code for a particular API. It sends, retries and batches calls, and reads and writes the values of
//! schemas.
//!
//! A [`Client`] holds connections and credentials, and can be shared by several services:
//!
//! ```
//! use gapis_runtime::{ApiKey, Client, Result, RetryPolicy};
//!
//! fn client(key: &str) -> Result<Client> {
//!     Client::builder()
//!         .credentials(ApiKey::new(key))
//!         .retry(RetryPolicy::default().with_max_attempts(3))
//!         .user_agent("my-program/1.0")
//!         .build()
//! }
//! # assert!(client("key").is_ok());
//! ```
//!
//! With a generated crate, `Drive::new(&client)` is a service. Its calls are values: `.await` sends one, and
//! `.queue(&mut batch, callback)` adds it to a [`Batch`]. The [guide] has a page for each topic.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `rustls` (default) | TLS with rustls and the platform's trusted roots |
//! | `native-tls` | TLS with the platform's own library |
//! | `http2` | HTTP/2, so that concurrent calls share a connection |
//! | `blocking` | calls and batches on threads without an async runtime |
//! | `fs` | files as [`Source`]s of uploads, and the [`journal`](Run::journal) of a run |
//! | `jiff` | conversions between times, dates and durations and the types of `jiff` 1.x |
//! | `reqwest` | [`Builder::http_client`]: the caller's own `reqwest` 0.13 client |
//! | `tracing` | spans for calls, batches, HTTP requests and waits, without secrets |
//!
//! Generated crates have these features too. Without `rustls` and `native-tls`, only `http://` endpoints can be used.
//!
//! # Where to start
//!
//! - [`Client`] and its [`Builder`]: credentials, endpoints and retries
//! - [`Batch`] and its [`Report`]; [`Batcher`] for calls of many tasks
//! - [`Error`]: the kinds of failures
//! - [`Upload`], [`Download`] and [`Source`]: media
//! - `gapis-auth`: credentials that request tokens; `gapis-mock`: a server for tests

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]
#![cfg_attr(docsrs, feature(doc_cfg))]

// The derive macros refer to this crate by its name, also in its own tests.
#[cfg(test)]
extern crate self as gapis_runtime;

mod batch;
mod call;
#[cfg(not(doctest))]
pub mod guide;
mod macros;
mod media;
mod multipart;
#[doc(hidden)]
pub mod private;
mod send;
mod update;
mod value;
mod wire;

pub use http;
pub use send::{observe, transport};

pub use batch::{
    Batch, Batcher, BatcherOptions, Driver, Execute, FailedCall, Id, Outcome, Record, Reply, Report, Run,
    RunProgress, RunReport, Ticket,
};
pub use call::dry_run::DryRun;
pub use call::method::{AcceptsMedia, Api, Method, PageItem, Paged, PagedItems, ServesMedia};
pub use call::next::Next;
pub use call::operation::{LongRunning, Operation, PollPolicy, Wait};
pub use call::page::{Items, Pages};
pub use call::reading::{As, AsDocumented, IntoCall, ReplyAs};
pub use call::request::Raw;
pub use call::sending::Sending;
pub use media::{Download, MediaStream, Progress, Session, Source, Upload};
pub use multipart::ReadLimits;
pub use send::builder::{Builder, FromClient};
pub use send::client::Client;
pub use send::credentials::{Anonymous, ApiKey, AuthHeaders, BearerToken, Credentials};
pub use send::governor::{Governor, Rate};
pub use send::observe::Observer;
pub use send::retry::RetryPolicy;
pub use send::rt::BoxFuture;
pub use update::{SubReply, SubRequest, UpdateMethod, UpdateTicket};
pub use value::param::Param;
pub use value::patch::{Patch, diff};
pub use value::{Base64, Date, DateTime, Deep, Duration, Extra, FieldMask, Json, Open, ParseError};
pub use wire::body::{Body, Encoded, HttpBody, Response};
pub use wire::error::{
    ApiError, BadRequest, Detail, Error, ErrorInfo, ErrorItem, FieldViolation, QuotaFailure, QuotaViolation,
    Result, RetryInfo,
};
pub use wire::response::RawResponse;

/// The items that generated crates re-export for their users.
pub mod prelude {
    #[doc(no_inline)]
    pub use crate::object;
    #[doc(no_inline)]
    pub use crate::value::Open;
    #[doc(no_inline)]
    pub use crate::{
        ApiError, ApiKey, AuthHeaders, Batch, Batcher, BearerToken, BoxFuture, Builder, Client, Credentials,
        Driver, Error, Governor, HttpBody, Id, IntoCall, Json, Outcome, PollPolicy, Rate, RawResponse,
        Record, Reply, Report, Result, RetryPolicy, Run, RunProgress, RunReport, Session, Source, Ticket,
        UpdateTicket,
    };
}
