//! A server for tests of programs that use generated crates: typed handlers, batches in the real wire format, scripted
//! faults, and a record of requests.
//!
//! [`MockServer::start`] runs it on a loopback port; pass [`MockServer::uri`] to `endpoint` of a client builder.
//! [`Handlers`] is the same without a socket; pass it to `transport` of a client builder. The response to a call is
//! the same, whether it is sent alone or in a batch.
//!
//! State belongs to the test: handlers are closures and may share an `Arc<Mutex<…>>`. Media has its own handlers:
//! [`Handlers::on_upload`], [`Handlers::on_download`].
//!
//! ```
//! # use gapis_testkit::farm::{Farm, animals, schemas};
//! # #[tokio::main]
//! # async fn main() -> Result<(), gapis_runtime::Error> {
//! use gapis_mock::{Fault, MockError, MockServer};
//! use schemas::Animal;
//! use std::sync::{Arc, Mutex};
//!
//! let mock = MockServer::start()?;
//! let stable = Arc::new(Mutex::new(Vec::<Animal>::new()));
//! let state = stable.clone();
//! mock.on::<animals::Insert>(move |call| {
//!     let animal: Animal = call.body()?;
//!     state.lock().unwrap().push(animal.clone());
//!     Ok(animal)
//! });
//! let state = stable.clone();
//! mock.on::<animals::Get>(move |call| {
//!     let name = call.var("animalId")?;
//!     let found = state.lock().unwrap().iter().find(|animal| animal.name.as_deref() == Some(name)).cloned();
//!     found.ok_or_else(|| MockError::not_found(name))
//! });
//! // The second call is told to try again later.
//! mock.fault(Fault::error(MockError::too_many_requests(Some(0))).skip(1));
//!
//! // The program under test:
//! let farm = Farm::builder().anonymous().endpoint(&mock.uri()).build()?;
//! let mut batch = farm.batch();
//! for name in ["sheep", "pig", "llama"] {
//!     let animal = Animal { name: Some(name.to_owned()), ..Default::default() };
//!     farm.animals().insert(animal).queue(&mut batch, |reply| assert!(reply.result.is_ok()))?;
//! }
//! let report = batch.execute().await;
//!
//! assert_eq!((report.failures(), report.requests()), (0, 2), "one call was sent again");
//! assert_eq!(stable.lock().unwrap().len(), 3);
//! assert_eq!(mock.calls_of::<animals::Insert>().len(), 4);
//! assert_eq!(farm.animals().get("llama").await?.name.as_deref(), Some("llama"));
//! # Ok(())
//! # }
//! ```
//!
//! # Faults
//!
//! The failures of real servers and networks, and the [`Fault`] that simulates each:
//!
//! | failure | fault |
//! |---|---|
//! | a part is missing or occurs twice | [`drop_part`](Fault::drop_part), [`duplicate_part`](Fault::duplicate_part) |
//! | parts in another order | [`reverse`](Fault::reverse), [`shuffle`](Fault::shuffle) |
//! | no `Content-ID`, or one without angle brackets and prefix | [`no_content_ids`](Fault::no_content_ids), [`plain_content_ids`](Fault::plain_content_ids) |
//! | a part is not an HTTP response, or its JSON is incomplete | [`garble_status_line`](Fault::garble_status_line), [`raw_part`](Fault::raw_part), [`garble_json`](Fault::garble_json) |
//! | a wrong inner length | [`wrong_content_length`](Fault::wrong_content_length) |
//! | missing or malformed lines | [`no_blank_line`](Fault::no_blank_line), [`unfinished_head`](Fault::unfinished_head), [`header_without_colon`](Fault::header_without_colon), [`no_reason_phrase`](Fault::no_reason_phrase) |
//! | LF, quoted boundary, preamble and epilogue, no last line break | [`lf`](Fault::lf), [`quoted_boundary`](Fault::quoted_boundary), [`preamble_and_epilogue`](Fault::preamble_and_epilogue), [`no_final_line_break`](Fault::no_final_line_break) |
//! | a call is refused: 429, 503, a rate limit as 403, a soft limit | [`error`](Fault::error) with one of [`MockError`]'s functions |
//! | the whole request is refused: 401, 429, 503, an HTML 413, a 200 that is not multipart | [`respond`](Fault::respond) |
//! | the server accepts fewer calls than documented | [`limit`](Fault::limit), [`BatchRules::max_calls`] |
//! | the connection fails, the response ends early, there is no response | [`cut`](Fault::cut), [`end_at`](Fault::end_at), [`close`](Fault::close) |
//! | slow responses, slow parts, small chunks, gzip | [`delay`](Fault::delay), [`delay_parts`](Fault::delay_parts), [`pieces`](Fault::pieces), [`gzip`](Fault::gzip) |
//! | an expired token | [`Handlers::require_bearer`] with another one |
//!
//! # The protocol
//!
//! The mock follows Google's batch guides. Headers (except `Content-*`) and query parameters of the outer request
//! apply to each call, unless the call sets its own. Part headers are ignored, and absolute URLs are refused. The
//! parts of a response are in request order, with `Content-ID: <response-…>`.

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod breaking;
mod call;
mod effect;
mod fault;
mod media;
mod moment;
mod multipart;
mod on_media;
mod random;
mod record;
mod render;
mod reply;
mod route;
mod rules;
mod script;
mod server;
mod table;
mod transport;
mod update;
mod uploads;

pub use call::MockCall;
pub use fault::Fault;
pub use media::MockMedia;
pub use record::MockRequest;
pub use reply::{MockError, MockResponse, MockResult};
pub use rules::{BatchRules, ContentIds};
pub use server::MockServer;
pub use table::Handlers;
pub use update::UpdateHandler;
