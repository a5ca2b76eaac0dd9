//! Credentials that ask others for tokens, against token servers by script.
#![allow(missing_docs, unreachable_pub)]

mod adc;
mod delegation;
mod device;
mod environment;
mod login;
mod media;
mod secrets;
mod sending;
mod support;
mod workload;
