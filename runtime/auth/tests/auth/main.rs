//! Credentials that request tokens, with scripted token servers.
#![allow(missing_docs, unreachable_pub)]

mod adc;
mod delegation;
mod device;
mod login;
mod secrets;
mod sending;
mod support;
