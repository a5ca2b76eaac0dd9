//! Nothing: the tests are in `tests/`. Run them alone, `cargo test -p gapis-native-tls`, since with another crate of this
//! repository the feature `rustls` is on, which goes before `native-tls`.
