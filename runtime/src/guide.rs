//! The guide: how to use a generated crate, a page for each thing to do.
//!
//! | page | about |
//! |---|---|
//! | [batching] | many calls in one HTTP request, each with its own reply |
//! | [batch_update] | many changes to one document in one call: `batchUpdate` of Docs, Sheets, Slides and Forms |
//! | [client] | retries, timeouts, headers, endpoints, metrics and traces |
//! | [credentials] | who is calling |
//! | [errors] | what can go wrong, and how to tell what did |
//! | [lists] | pages and items |
//! | [values] | parts of a response, nulls, and the smallest patch |
//! | [media] | uploads and downloads |
//! | [operations] | waiting for long-running operations |
//! | [testing] | a mock server, faults, and dry runs |
//!
//! The code uses generated crates: `gapis-drive-v3` and its like, and `gapis-farm-v2`, an API of our own that only the mock
//! server has. The tests of this project compile all of it.

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
