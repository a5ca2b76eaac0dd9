//! Where a program's calls go, and where it prints.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use gapis_farm_v2::runtime::mock::MockServer;
use gapis_farm_v2::runtime::{BearerToken, Builder, Error, FromClient, Result};

const USAGE: &str = "\
Runs against a mock server of its own, or with one of these against a real one:
  --token-env VAR   send to Google, with the access token in that environment variable
  --endpoint URL    send there instead: an emulator, a proxy
What follows are the program's own arguments; each program's first lines say what they are.";

/// Where calls go: to a mock server of the program's own, unless the command line says otherwise.
#[derive(Debug)]
pub struct Stage {
    mock: Option<MockServer>,
    endpoint: Option<String>,
    token: Option<String>,
    arguments: Vec<String>,
}

impl Stage {
    /// Reads the command line, and starts the mock server if it is meant.
    ///
    /// # Errors
    /// If the command line is not understood or the server does not start.
    pub fn new(start: impl FnOnce() -> Result<MockServer>) -> Result<Self> {
        Stage::from(std::env::args().skip(1), start)
    }

    fn from(
        mut words: impl Iterator<Item = String>,
        start: impl FnOnce() -> Result<MockServer>,
    ) -> Result<Self> {
        let mut stage = Stage { mock: None, endpoint: None, token: None, arguments: Vec::new() };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| Error::input(format!("{word} what?\n{USAGE}")));
            match word.as_str() {
                "--endpoint" => stage.endpoint = Some(value()?),
                "--token-env" => {
                    let name = value()?;
                    let token = std::env::var(&name);
                    stage.token =
                        Some(token.map_err(|_| Error::input(format!("there is no text in ${name}")))?);
                }
                option if option.starts_with('-') => {
                    return Err(Error::input(format!("not an option: {option}\n{USAGE}")));
                }
                _ => stage.arguments.push(word),
            }
        }
        if stage.endpoint.is_none() && stage.token.is_none() {
            let mock = start()?;
            stage.endpoint = Some(mock.uri());
            stage.mock = Some(mock);
        }
        Ok(stage)
    }

    /// The client, or the service over it, for the place where calls go.
    ///
    /// # Errors
    /// If the endpoint is no URL, or the token has characters that a header cannot hold.
    pub fn service<T: FromClient>(&self) -> Result<T> {
        let builder = match &self.token {
            Some(token) => Builder::new().credentials(BearerToken::new(token)),
            None => Builder::new().anonymous(),
        };
        match &self.endpoint {
            Some(url) => builder.endpoint(url).build(),
            None => builder.build(),
        }
    }

    /// The program's own arguments, or these.
    #[must_use]
    pub fn arguments_or(&self, default: &[&str]) -> Vec<String> {
        match self.arguments.as_slice() {
            [] => default.iter().map(|&word| word.to_owned()).collect(),
            given => given.to_vec(),
        }
    }
}

/// Where a program prints: the terminal, or a test that reads along. Several callbacks may hold it at once.
#[derive(Clone)]
pub struct Output(Arc<Mutex<dyn Write + Send>>);

impl Output {
    /// The terminal.
    #[must_use]
    pub fn stdout() -> Self {
        Output(Arc::new(Mutex::new(std::io::stdout())))
    }

    /// A buffer, to be read when the program has ended.
    #[must_use]
    pub fn buffer() -> (Self, Arc<Mutex<Vec<u8>>>) {
        let buffer = Arc::new(Mutex::new(Vec::new()));
        (Output(buffer.clone()), buffer)
    }

    /// Prints a line. That nobody reads it any more is no error.
    pub fn line(&self, line: impl Display) {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(out, "{line}");
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Output")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(line: &str) -> Result<Stage> {
        Stage::from(line.split_whitespace().map(str::to_owned), MockServer::start)
    }

    #[test]
    fn the_mock_server_runs_unless_another_place_is_named() {
        let own = stage("").unwrap();
        assert!(own.mock.is_some() && own.service::<gapis_farm_v2::Farm>().is_ok());
        let other = stage("--endpoint http://127.0.0.1:1 one two").unwrap();
        assert!(other.mock.is_none());
        assert_eq!(other.arguments_or(&["three"]), ["one", "two"]);
        assert_eq!(own.arguments_or(&["three"]), ["three"]);
    }

    #[test]
    fn a_wrong_command_line_says_what_is_right() {
        for line in ["--endpoint", "--token-env", "--quiet", "--token-env NO_SUCH_VARIABLE_HERE"] {
            assert!(stage(line).is_err_and(|error| error.is_input()), "{line}");
        }
        assert!(stage("--help").unwrap_err().to_string().contains("--endpoint URL"));
    }
}
