//! The endpoint of a program's calls, and its output.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use gapis_farm_v2::runtime::{BearerToken, Builder, Error, FromClient, Result};
use gapis_mock::MockServer;

const USAGE: &str = "\
Runs against a mock server of its own, or with one of these against a real one:
  --token-env VAR   send to Google, with the access token in that environment variable
  --endpoint URL    send there instead: an emulator, a proxy
What follows are the program's own arguments; each program's first lines say what they are.";

/// The endpoint of the calls: a mock server in this process, unless the command line names another one.
pub struct Stage {
    mock: Option<MockServer>,
    endpoint: Option<String>,
    token: Option<String>,
    arguments: Vec<String>,
}

impl Stage {
    /// Parses the command line, and starts the mock server if it is needed. If the command line is invalid, it prints
    /// the usage and ends the program.
    ///
    /// # Errors
    /// If the server cannot be started.
    pub fn new(start: impl FnOnce() -> Result<MockServer>) -> Result<Self> {
        let mut stage = Stage::parse(std::env::args().skip(1)).unwrap_or_else(|error| {
            let _ = writeln!(std::io::stderr(), "{error}");
            std::process::exit(2);
        });
        if stage.endpoint.is_none() && stage.token.is_none() {
            let mock = start()?;
            stage.endpoint = Some(mock.uri());
            stage.mock = Some(mock);
        }
        Ok(stage)
    }

    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
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
        Ok(stage)
    }

    /// The client, or the service with its client, for the endpoint.
    ///
    /// # Errors
    /// If the endpoint is not a URL, or the token has characters that are not allowed in a header.
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

    /// The program's own arguments, or these if there are fewer.
    #[must_use]
    pub fn arguments_or<const N: usize>(&self, default: [&str; N]) -> [String; N] {
        self.arguments.clone().try_into().unwrap_or_else(|_| default.map(str::to_owned))
    }

    /// The program's own arguments as numbers, or these if there are none.
    ///
    /// # Errors
    /// If an argument is not a number.
    pub fn numbers_or(&self, default: &[i64]) -> Result<Vec<i64>> {
        if self.arguments.is_empty() {
            return Ok(default.to_vec());
        }
        let number = |word: &String| word.parse().map_err(|_| Error::input(format!("not a number: {word}")));
        self.arguments.iter().map(number).collect()
    }

    /// The token from the command line, or the given one.
    #[must_use]
    pub fn token_or(&self, default: &str) -> String {
        self.token.clone().unwrap_or_else(|| default.to_owned())
    }
}

/// The output of a program: the terminal, or a test that reads it. Several callbacks may use it at once.
#[derive(Clone)]
pub struct Output(Arc<Mutex<dyn Write + Send>>);

impl Output {
    /// The terminal.
    #[must_use]
    pub fn stdout() -> Self {
        Output(Arc::new(Mutex::new(std::io::stdout())))
    }

    /// A buffer that can be read after the program has ended.
    #[must_use]
    pub fn buffer() -> (Self, Arc<Mutex<Vec<u8>>>) {
        let buffer = Arc::new(Mutex::new(Vec::new()));
        (Output(buffer.clone()), buffer)
    }

    /// Prints a line. It is not an error if nobody reads it.
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
        Stage::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_program_s_own_arguments_stand_among_the_others() {
        let given = stage("one --endpoint http://127.0.0.1:1 two").unwrap();
        assert!(given.service::<gapis_farm_v2::Farm>().is_ok());
        assert_eq!(given.arguments_or(["three", "four"]), ["one", "two"]);
        assert_eq!(given.arguments_or(["three"]), ["three"]);
        assert!(given.numbers_or(&[3]).is_err());
        assert_eq!(stage("").unwrap().numbers_or(&[3]).unwrap(), [3]);
        assert_eq!(given.token_or("ada"), "ada");
    }

    #[test]
    fn a_wrong_command_line_says_what_is_right() {
        for line in ["--endpoint", "--token-env", "--quiet", "--token-env NO_SUCH_VARIABLE_HERE"] {
            assert!(stage(line).is_err_and(|error| error.is_input()), "{line}");
        }
        assert!(stage("--help").is_err_and(|error| error.to_string().contains("--endpoint URL")));
    }
}
