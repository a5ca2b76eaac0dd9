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
    feature("http2", true, "HTTP/2, so that requests share a connection"),
    feature("rustls", true, "TLS by rustls, with the platform's trusted roots"),
    feature("native-tls", false, "TLS by the platform's own library"),
    feature("blocking", false, "calls from threads without an async runtime"),
    feature("fs", false, "uploads from files"),
    feature("jiff", false, "times, dates and durations from and to the types of `jiff` 0.2"),
    feature("reqwest", false, "a `reqwest` 0.13 client of one's own"),
    feature("tracing", false, "spans and events, without secrets"),
];
