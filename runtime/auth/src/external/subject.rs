//! The workload's own token: from a file, a URL, the output of a program, or a request that is signed for AWS.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use gapis_runtime::{AuthHeaders, Error, Json, Result};
use http::HeaderName;
use tokio::process::Command;

use super::aws::Aws;
use crate::key::{parse, read_file, required, text};
use crate::settings::Settings;

/// A program is run only if this variable is 1, because a file could name any program.
const ALLOWED: &str = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES";

const WHAT: &str = "the workload's credentials";

/// The source of the token.
pub(super) enum Subject {
    File { path: PathBuf, format: Format },
    Url { url: String, headers: AuthHeaders, format: Format },
    Program(Program),
    Aws(Box<Aws>),
}

/// The format of the token.
pub(super) enum Format {
    Text,
    /// The value of that member of a JSON object.
    Member(String),
}

pub(super) struct Program {
    command: String,
    timeout: Duration,
    /// Environment variables that tell the program what is requested.
    environment: Vec<(&'static str, String)>,
    /// The file in which the program saves its output, if there is one.
    left: Option<PathBuf>,
}

impl Subject {
    /// # Errors
    /// If there is no supported source.
    pub(super) fn of_file(json: &Json) -> Result<Self> {
        let source = &json["credential_source"];
        // Checked first: it also has a `url`, which is not the URL of a token.
        if text(source, "environment_id").is_some_and(|id| id.starts_with("aws")) {
            return Aws::of(json, source).map(|aws| Subject::Aws(Box::new(aws)));
        }
        if let Some(path) = text(source, "file") {
            return Ok(Subject::File { path: path.into(), format: Format::of(source)? });
        }
        if let Some(url) = text(source, "url") {
            let mut headers = AuthHeaders::none();
            for (name, value) in source["headers"].as_object().into_iter().flatten() {
                let bad = || Error::credentials(format!("{WHAT} have invalid `headers`"));
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
                headers = headers.with_header(name, value.as_str().ok_or_else(bad)?)?;
            }
            return Ok(Subject::Url { url: url.to_owned(), headers, format: Format::of(source)? });
        }
        if !source["executable"].is_null() {
            return Program::of(json, &source["executable"]).map(Subject::Program);
        }
        Err(Error::credentials(if source["certificate"].is_null() {
            format!(
                "{WHAT} have no `credential_source` with a `file`, `url`, `executable` or `environment_id`"
            )
        } else {
            format!(
                "{WHAT} are an X.509 certificate (`credential_source.certificate`), which is not supported: use a \
                 `file`, `url` or `executable`"
            )
        }))
    }

    /// The token.
    pub(super) async fn token(&self, settings: &Settings) -> Result<String> {
        match self {
            Subject::File { path, format } => {
                format.read(&read_file(path, "the file with the workload's token")?)
            }
            Subject::Url { url, headers, format } => {
                let answer = settings.http.get(url, headers).await;
                let answer =
                    answer.map_err(|failure| failure.into_error("cannot get the workload's own token"))?;
                format.read(&String::from_utf8_lossy(&answer.body))
            }
            Subject::Program(program) => program.run().await,
            Subject::Aws(aws) => aws.token(&settings.http).await,
        }
    }
}

impl Format {
    fn of(source: &Json) -> Result<Self> {
        let format = &source["format"];
        match text(format, "type") {
            None | Some("text") => Ok(Format::Text),
            Some("json") => {
                Ok(Format::Member(required(format, "subject_token_field_name", WHAT)?.to_owned()))
            }
            Some(_) => {
                Err(Error::credentials(format!("{WHAT} have a `format` that is neither `text` nor `json`")))
            }
        }
    }

    fn read(&self, content: &str) -> Result<String> {
        let what = "the workload's token";
        match self {
            Format::Text => match content.trim() {
                "" => Err(Error::credentials(format!("{what} is empty"))),
                token => Ok(token.to_owned()),
            },
            Format::Member(member) => required(&parse(content, what)?, member, what).map(str::to_owned),
        }
    }
}

impl Program {
    fn of(json: &Json, executable: &Json) -> Result<Self> {
        let mut environment = vec![
            ("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", required(json, "audience", WHAT)?.to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", required(json, "subject_token_type", WHAT)?.to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", "0".to_owned()),
        ];
        let left = text(executable, "output_file");
        if let Some(file) = left {
            environment.push(("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE", file.to_owned()));
        }
        Ok(Program {
            command: required(executable, "command", WHAT)?.to_owned(),
            timeout: Duration::from_millis(executable["timeout_millis"].as_u64().unwrap_or(30_000)),
            environment,
            left: left.map(PathBuf::from),
        })
    }

    /// The token in the output of an earlier run, unless it has expired.
    fn left(&self) -> Option<String> {
        let left = std::fs::read_to_string(self.left.as_ref()?).ok()?;
        // Without an expiration time it may have expired.
        let ends = serde_json::from_str::<Json>(&left)
            .is_ok_and(|json| json.get("expiration_time").is_some_and(Json::is_u64));
        printed(&left, "the program").ok().filter(|_| ends)
    }

    async fn run(&self) -> Result<String> {
        if std::env::var(ALLOWED).as_deref() != Ok("1") {
            return Err(Error::credentials(format!(
                "{WHAT} name a program that prints their token: set {ALLOWED}=1 to allow running it"
            )));
        }
        let what = "the program that prints the workload's token";
        if let Some(token) = self.left() {
            return Ok(token);
        }
        let mut words = self.command.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).envs(self.environment.iter().map(|(name, value)| (*name, value.as_str())));
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(self.timeout, command.output()).await;
        let output = output
            .map_err(|_| Error::credentials(format!("{what} did not end within {:?}", self.timeout)))?;
        let output =
            output.map_err(|error| Error::credentials(format!("{what} cannot be run: {}", error.kind())))?;
        if !output.status.success() {
            return Err(Error::credentials(format!("{what} ended with {}", output.status)));
        }
        printed(&String::from_utf8_lossy(&output.stdout), what)
    }
}

/// The token in the output of a program.
fn printed(output: &str, what: &str) -> Result<String> {
    let json = parse(output, &format!("the output of {what}"))?;
    if json.get("success") != Some(&Json::Bool(true)) {
        return Err(Error::credentials(format!("{what} reported that it has no token")));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if json.get("expiration_time").and_then(Json::as_u64).is_some_and(|end| end <= now) {
        return Err(Error::credentials(format!("{what} returned an expired token")));
    }
    let member = if text(&json, "token_type").is_some_and(|kind| kind.ends_with(":saml2")) {
        "saml_response"
    } else {
        "id_token"
    };
    required(&json, member, &format!("the output of {what}")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_are_read_from_text_and_json() {
        let format = |source: Json| Format::of(&source).unwrap();
        assert_eq!(format(json!({})).read(" token\n").unwrap(), "token");
        let member = format(json!({ "format": { "type": "json", "subject_token_field_name": "t" } }));
        assert_eq!(member.read("{\"t\": \"token\"}").unwrap(), "token");
        for bad in ["", "{}", "{\"t\": 1}", "token"] {
            let error = member.read(bad).unwrap_err();
            assert!(error.is_credentials() && !error.to_string().contains("token\""), "{error}");
        }
        assert!(format(json!({})).read("\n").is_err());
    }

    #[test]
    fn a_program_s_words_are_read() {
        let good =
            json!({ "success": true, "id_token": "a", "token_type": "urn:ietf:params:oauth:token-type:jwt" });
        assert_eq!(printed(&good.to_string(), "it").unwrap(), "a");
        let saml = json!({ "success": true, "saml_response": "b", "token_type": "urn:ietf:params:oauth:token-type:saml2" });
        assert_eq!(printed(&saml.to_string(), "it").unwrap(), "b");
        for bad in [
            json!({ "success": false, "message": "s3cret" }),
            json!({ "success": true }),
            json!({ "success": true, "id_token": "a", "expiration_time": 1 }),
        ] {
            assert!(!printed(&bad.to_string(), "it").unwrap_err().to_string().contains("s3cret"));
        }
    }
}
