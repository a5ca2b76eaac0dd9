//! The guide: how to use a generated crate, with a page for each topic.
//!
//! | page | topic |
//! |---|---|
//! | [batching] | many calls in one HTTP request, each with its own reply |
//! | [batch_update] | many changes to one document in one call: `batchUpdate` of Docs, Sheets, Slides and Forms |
//! | [client] | retries, timeouts, headers, endpoints, metrics and traces |
//! | [credentials] | authentication |
//! | [errors] | the kinds of errors, and how to handle them |
//! | [jobs] | thousands or millions of calls: quotas, outages, order, progress |
//! | [journal] | jobs that go on after a crash, and calls that failed |
//! | [lists] | pages and items |
//! | [values] | parts of a response, nulls, and the smallest patch |
//! | [media] | uploads and downloads |
//! | [operations] | waiting for long-running operations |
//! | [testing] | a mock server, simulated failures, and dry runs |
//!
//! The repository has [programs to copy](https://github.com/gapis-rs/gapis/blob/main/examples/README.md) for most tasks.
//!
//! The code uses generated crates such as `gapis-drive-v3`, and `gapis-farm-v2`, an example API that exists only on
//! the mock server. The tests of this project compile all of it.

#[doc = include_str!("../guide/batch-update.md")]
pub mod batch_update {}
#[doc = include_str!("../guide/batching.md")]
pub mod batching {}
#[doc = include_str!("../guide/client.md")]
pub mod client {}
#[doc = include_str!("../guide/credentials.md")]
pub mod credentials {}
#[doc = include_str!("../guide/errors.md")]
pub mod errors {}
#[doc = include_str!("../guide/jobs.md")]
pub mod jobs {}
#[doc = include_str!("../guide/journal.md")]
pub mod journal {}
#[doc = include_str!("../guide/lists.md")]
pub mod lists {}
#[doc = include_str!("../guide/media.md")]
pub mod media {}
#[doc = include_str!("../guide/operations.md")]
pub mod operations {}
#[doc = include_str!("../guide/testing.md")]
pub mod testing {}
#[doc = include_str!("../guide/values.md")]
pub mod values {}
