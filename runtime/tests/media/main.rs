//! Uploads and downloads with a scripted store, with a server and with the table only, and with a store on bare
//! sockets that makes all kinds of errors.
#![allow(missing_docs, unreachable_pub)]

mod download;
mod faults;
mod stored;
mod upload;
mod ways;
mod wire;
