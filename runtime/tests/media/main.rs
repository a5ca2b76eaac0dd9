//! Uploads and downloads against a scripted store, over a socket and over the table alone, and against one
//! over bare sockets that does everything wrong.
#![allow(missing_docs, unreachable_pub)]

mod download;
mod faults;
mod stored;
mod upload;
mod ways;
mod wire;
