//! Uploads and downloads against a scripted store, over a socket and over the table alone.
#![cfg(feature = "mock")]
#![allow(missing_docs, unreachable_pub)]

mod download;
mod store;
mod upload;
