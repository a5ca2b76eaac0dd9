//! Credentials that ask others for tokens, against token servers by script.
#![allow(missing_docs, unreachable_pub)]

mod adc;
mod delegation;
mod device;
mod login;
mod secrets;
mod sending;
mod support;
