//! The shared runtime of the generated gapis crates: calls, batches, credentials, errors and the values of schemas.
//!
//! A user depends on a generated crate, which re-exports what is needed from here. Nothing in here knows an API.

mod batch;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
mod blocking;
mod body;
mod call;
mod client;
mod credentials;
mod dry_run;
mod error;
mod macros;
mod media;
mod method;
#[cfg(feature = "mock")]
pub mod mock;
mod multipart;
pub mod observe;
mod operation;
mod page;
mod param;
mod patch;
mod path;
mod probe;
mod request;
mod response;
mod retry;
mod rt;
pub mod schema;
pub mod spec;
mod trace;
pub mod transport;
mod update;

#[doc(hidden)]
pub use serde;

pub use batch::{Batch, Batcher, BatcherOptions, Driver, Id, Outcome, Record, Reply, Report, Ticket};
pub use body::HttpBody;
pub use call::{IntoRequest, Sending};
pub use client::{Builder, Client, FromClient};
#[cfg(all(feature = "adc", not(target_family = "wasm")))]
pub use credentials::ApplicationDefault;
#[cfg(all(feature = "installed", not(target_family = "wasm")))]
pub use credentials::Installed;
pub use credentials::{Anonymous, ApiKey, AuthHeaders, BearerToken, Credentials};
pub use dry_run::DryRun;
pub use error::{
    ApiError, BadRequest, Detail, Error, ErrorInfo, ErrorItem, FieldViolation, QuotaFailure, QuotaViolation,
    Result, RetryInfo,
};
pub use media::{Download, MediaStream, Progress, Queueable, Session, Source, Upload};
pub use method::{AcceptsMedia, Api, Body, Method, Paged, PagedItems, Response, ServesMedia};
pub use multipart::ReadLimits;
pub use observe::Observer;
pub use operation::{LongRunning, Operation, PollPolicy, Wait};
pub use page::{Items, PageItem, Pages};
pub use param::Param;
pub use patch::{Patch, diff};
pub use request::{Raw, Request};
pub use response::RawResponse;
pub use retry::RetryPolicy;
pub use rt::BoxFuture;
pub use schema::{Base64, Date, DateTime, Duration, Extra, FieldMask, Open};
#[doc(hidden)]
pub use update::RawUpdate;
pub use update::{SubReply, SubRequest, UpdateMethod, UpdateTicket};

/// What generated crates re-export for their users.
pub mod prelude {
    #[cfg(all(feature = "adc", not(target_family = "wasm")))]
    #[doc(no_inline)]
    pub use crate::ApplicationDefault;
    #[cfg(all(feature = "installed", not(target_family = "wasm")))]
    #[doc(no_inline)]
    pub use crate::Installed;
    #[doc(no_inline)]
    pub use crate::schema::{Base64, Date, DateTime, Duration, Extra, FieldMask, Open};
    #[doc(no_inline)]
    pub use crate::{
        ApiError, ApiKey, AuthHeaders, Batch, Batcher, BearerToken, BoxFuture, Builder, Client, Credentials,
        Driver, Error, HttpBody, Id, Json, Outcome, PollPolicy, RawResponse, Record, Reply, Report, Result,
        RetryPolicy, Session, Source, Ticket, UpdateTicket,
    };
}

/// The guide's code is compiled.
#[cfg(all(doctest, feature = "adc", feature = "installed"))]
#[doc = include_str!("../../docs/guide/credentials.md")]
mod guide {}

/// Any JSON value.
pub type Json = serde_json::Value;

/// What the fuzz targets and the benchmarks of the multipart codec need; not for use.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz {
    pub use crate::multipart::check::{part, read_batch, reader, write_batch, writer};
}
