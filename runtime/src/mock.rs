//! A server for tests of programs that use generated crates: typed handlers, batches in the real wire form, scripted
//! faults, and a record of what was sent.
//!
//! [`MockServer::start`] runs it on a loopback port; give [`MockServer::uri`] to a client builder's `endpoint`.
//! [`Handlers`] is the same without a socket. A call is answered alike whether it comes alone or in a batch. State is the
//! caller's: handlers are closures and may share an `Arc<Mutex<…>>`.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/farm.rs"));
//! # fn main() -> Result<(), gapis_runtime::Error> {
//! use std::sync::{Arc, Mutex};
//! use gapis_runtime::mock::{Fault, MockError, MockServer};
//!
//! let mock = MockServer::start()?;
//! let farm = Arc::new(Mutex::new(Vec::<Animal>::new()));
//! mock.on::<animals::Insert>({
//!     let farm = farm.clone();
//!     move |call| {
//!         let animal: Animal = call.body()?;
//!         farm.lock().unwrap().push(animal.clone());
//!         Ok(animal)
//!     }
//! });
//! mock.on::<animals::Get>(move |call| {
//!     let name = call.var("animalId")?;
//!     let found = farm.lock().unwrap().iter().find(|animal| animal.name() == name).cloned();
//!     found.ok_or_else(|| MockError::not_found(name))
//! });
//! // The third call that comes is told to come again.
//! mock.fault(Fault::error(MockError::too_many_requests(Some(1))).skip(2));
//! // … the program under test runs against mock.uri() …
//! assert_eq!(mock.calls_of::<animals::Insert>().len(), 0);
//! # Ok(())
//! # }
//! ```
//!
//! The protocol is that of Google's batch guides: outer headers except `Content-*`, and outer query parameters, apply to
//! each call, whose own win; part headers are ignored; absolute URLs are refused; answers come in request order with
//! `Content-ID: <response-…>`.

mod call;
mod fault;
mod moment;
mod multipart;
mod record;
mod render;
mod reply;
mod route;
mod rules;
mod script;
mod server;
mod table;

pub use call::MockCall;
pub use fault::Fault;
pub use record::MockRequest;
pub use reply::{MockError, MockResponse, MockResult};
pub use rules::{BatchRules, ContentIds};
pub use server::MockServer;
pub use table::Handlers;
