//! Single calls as programs make them: lists, partial responses, patches, errors and dry runs, with the table of the
//! mock.
#![allow(missing_docs, unreachable_pub)]

mod dry_run;
mod errors;
mod lists;
mod media;
mod scopes;
mod values;
