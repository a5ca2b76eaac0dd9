//! The shared runtime of the generated gapis crates: calls, batches, credentials, errors and the values of schemas.
//!
//! A user depends on a generated crate, which re-exports what is needed from here. Nothing in here knows an API.

// The derives name this crate by its name, in its own tests too.
#[cfg(test)]
extern crate self as gapis_runtime;

mod batch;
mod call;
mod macros;
mod media;
mod multipart;
#[doc(hidden)]
pub mod private;
mod send;
mod update;
#[doc(hidden)]
pub mod value;
mod wire;

pub use http;
pub use send::{observe, transport};
#[doc(hidden)]
pub use serde;
pub use value as schema;
pub use wire::spec;

pub use batch::{
    Batch, Batcher, BatcherOptions, Driver, Execute, Id, Outcome, Record, Reply, Report, Ticket,
};
pub use call::dry_run::DryRun;
pub use call::method::{AcceptsMedia, Api, Method, Paged, PagedItems, ServesMedia};
pub use call::next::Next;
pub use call::operation::{LongRunning, Operation, PollPolicy, Wait};
pub use call::page::{Items, PageItem, Pages};
pub use call::reading::{As, AsDocumented, IntoCall, ReplyAs};
pub use call::request::{Raw, Request};
pub use call::sending::Sending;
pub use media::{Download, MediaStream, Progress, Session, Source, Upload};
pub use multipart::ReadLimits;
pub use send::builder::{Builder, FromClient};
pub use send::client::Client;
pub use send::credentials::{Anonymous, ApiKey, AuthHeaders, BearerToken, Credentials};
pub use send::observe::Observer;
pub use send::retry::RetryPolicy;
pub use send::rt::BoxFuture;
#[doc(hidden)]
pub use update::RawUpdate;
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
    pub use crate::schema::Open;
    #[doc(no_inline)]
    pub use crate::{
        ApiError, ApiKey, AuthHeaders, Batch, Batcher, BearerToken, BoxFuture, Builder, Client, Credentials,
        Driver, Error, HttpBody, Id, IntoCall, Json, Outcome, PollPolicy, RawResponse, Record, Reply, Report,
        Result, RetryPolicy, Session, Source, Ticket, UpdateTicket,
    };
}

/// What the fuzz targets and the benchmarks of the multipart codec need; not for use.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzz {
    pub use crate::multipart::check::{part, read_batch, reader, write_batch, writer};
}
