//! Credentials that request tokens, with scripted token servers.
#![allow(missing_docs, unreachable_pub)]

mod adc;
mod delegation;
mod device;
mod environment;
mod gdch;
mod login;
mod media;
mod secrets;
mod sending;
mod support;
mod workload;
