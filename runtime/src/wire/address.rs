//! The address of a request, for messages. User name, password, query and fragment are left out, because they may
//! contain secrets.

use url::{Position, Url};

/// Host, port unless it is the scheme's default, and path: `www.googleapis.com/batch/drive/v3`.
pub(crate) fn host_and_path(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => url[Position::BeforeHost..Position::AfterPath].to_owned(),
        Err(_) => "an invalid URL".to_owned(),
    }
}

/// Host and port, even if the port is the scheme's default: `www.googleapis.com:443`.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or("no host");
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_left_out() {
        let url = "https://user:secret@Example.com:443/batch/x%20y?key=secret#secret";
        assert_eq!(host_and_path(url), "example.com/batch/x%20y");
        assert_eq!(host_and_port(&Url::parse(url).unwrap()), "example.com:443");
        let url = "http://[::1]:8080/a/b?c";
        assert_eq!(host_and_path(url), "[::1]:8080/a/b");
        assert_eq!(host_and_port(&Url::parse(url).unwrap()), "[::1]:8080");
        assert_eq!(host_and_path("no url?key=secret"), "an invalid URL");
    }
}
