//! The runtime of the gapis crates: typed clients for Google APIs, whose calls can be sent alone or queued on a batch.
//!
//! Programs depend on a generated crate, such as `gapis-drive-v3`, which re-exports what its users need from here. This
//! crate knows no API. It sends calls, retries them, batches them, and reads and writes the values of schemas.
//!
//! A [`Client`] holds connections and credentials, and several services may share one:
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
//! `.queue(&mut batch, callback)` puts it on a [`Batch`]. The [guide] has a page for each thing to do.
//!
//! # Features
//!
//! | feature | what it adds |
//! |---|---|
//! | `rustls` (default) | TLS by rustls, with the platform's trusted roots |
//! | `native-tls` | TLS by the platform's own library |
//! | `http2` (default) | HTTP/2, so that concurrent calls share a connection |
//! | `blocking` | calls and batches from threads without an async runtime |
//! | `fs` | [`Source`]s that are files |
//! | `jiff` | times, dates and durations from and to the types of `jiff` 0.2 |
//! | `reqwest` | [`Builder::http_client`]: a `reqwest` 0.13 client of the caller's own |
//! | `tracing` | spans for calls, batches, HTTP requests and waits, without secrets |
//!
//! Generated crates have these features too. Without `rustls` and `native-tls` only `http://` endpoints can be reached.
//!
//! # Where to go on
//!
//! - [`Client`] and its [`Builder`]: who is calling, where calls go, what is sent again
//! - [`Batch`] and its [`Report`]; [`Batcher`], for calls that many tasks make
//! - [`Error`]: what can go wrong, and how to tell what did
//! - [`Upload`], [`Download`] and [`Source`]: media
//! - `gapis-auth`: credentials that ask for tokens; `gapis-mock`: a server for tests

#![cfg_attr(docsrs, feature(doc_cfg))]

// The derives name this crate by its name, in its own tests too.
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
    Batch, Batcher, BatcherOptions, Driver, Execute, Id, Outcome, Record, Reply, Report, Ticket,
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
pub use send::observe::Observer;
pub use send::retry::RetryPolicy;
pub use send::rt::BoxFuture;
pub use update::{SubReply, SubRequest, UpdateMethod, UpdateTicket};
pub use value::param::Param;
pub use value::patch::{Patch, diff};
pub use value::{Base64, Date, DateTime, Duration, Extra, FieldMask, Json, Open, ParseError};
pub use wire::body::{Body, Encoded, HttpBody, Response};
pub use wire::error::{
    ApiError, BadRequest, Detail, Error, ErrorInfo, ErrorItem, FieldViolation, QuotaFailure, QuotaViolation,
    Result, RetryInfo,
};
pub use wire::response::RawResponse;

/// What generated crates re-export for their users.
pub mod prelude {
    #[doc(no_inline)]
    pub use crate::value::Open;
    #[doc(no_inline)]
    pub use crate::{
        ApiError, ApiKey, AuthHeaders, Batch, Batcher, BearerToken, BoxFuture, Builder, Client, Credentials,
        Driver, Error, HttpBody, Id, IntoCall, Json, Outcome, PollPolicy, RawResponse, Record, Reply, Report,
        Result, RetryPolicy, Session, Source, Ticket, UpdateTicket,
    };
}
