//! The features of a generated crate that are not for a resource: those of the runtime, which are passed on.

/// A feature of the runtime.
pub(crate) struct Feature {
    pub(crate) name: &'static str,
    pub(crate) is_default: bool,
    /// What it enables.
    pub(crate) does: &'static str,
}

const fn feature(name: &'static str, is_default: bool, does: &'static str) -> Feature {
    Feature { name, is_default, does }
}

pub(crate) const FEATURES: &[Feature] = &[
    feature("rustls", true, "TLS with rustls and the platform's trusted roots"),
    feature("native-tls", false, "TLS with the platform's own library"),
    feature("http2", false, "HTTP/2, so that concurrent requests share a connection"),
    feature("blocking", false, "calls on threads without an async runtime"),
    feature("fs", false, "uploads from files"),
    feature("jiff", false, "conversions between times, dates and durations and the types of `jiff` 1.x"),
    feature("reqwest", false, "your own `reqwest` 0.13 client"),
    feature("tracing", false, "spans and events, without secrets"),
];
