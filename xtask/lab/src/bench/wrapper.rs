//! A wrapper for `rustc`: it runs the real compiler and records its cost.
//!
//! Cargo runs it because of `RUSTC_WRAPPER`. Another variable tells this program to act as the wrapper; it names the
//! file to which a line is added for each compiled crate.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Result, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

/// The variable that turns this program into the wrapper.
pub(super) const LOG: &str = "GAPIS_BENCH_RUSTC_LOG";

/// The resources used by one `rustc` and its linker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Cost {
    /// The crate's name, with underscores.
    pub(super) name: String,
    /// User CPU seconds.
    pub(super) user: f64,
    /// The largest resident set, in megabytes.
    pub(super) megabytes: f64,
}

impl Cost {
    /// The lower ones of both costs. Other programs only add to them.
    pub(super) fn min(&self, other: &Cost) -> Cost {
        let Cost { name, user, megabytes } = self;
        Cost { name: name.clone(), user: user.min(other.user), megabytes: megabytes.min(other.megabytes) }
    }
}

/// Acts as the wrapper if the variable is set.
#[must_use]
pub fn run_if_asked() -> Option<ExitCode> {
    let log = std::env::var_os(LOG)?;
    Some(match run(Path::new(&log), std::env::args_os().skip(1).collect()) {
        Ok(code) => code,
        Err(error) => {
            // Cargo prints the output of its compiler.
            let _ = writeln!(std::io::stderr(), "error: cannot run the compiler: {error}");
            ExitCode::FAILURE
        }
    })
}

fn run(log: &Path, arguments: Vec<OsString>) -> Result<ExitCode> {
    let mut words = arguments.into_iter();
    let compiler =
        words.next().ok_or_else(|| std::io::Error::other("the compiler is missing in the arguments"))?;
    let words: Vec<OsString> = words.collect();
    let status = Command::new(compiler).args(&words).status()?;
    if let (true, Some(name)) = (status.success(), crate_name(&words)) {
        let Used { user, megabytes, .. } = children();
        let line = serde_json::to_string(&Cost { name, user, megabytes })?;
        // One write, so that lines of wrappers that run at the same time do not mix.
        OpenOptions::new().create(true).append(true).open(log)?.write_all(format!("{line}\n").as_bytes())?;
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn crate_name(words: &[OsString]) -> Option<String> {
    let place = words.iter().position(|word| word == "--crate-name")?;
    let name = words.get(place + 1)?.to_str()?;
    // Cargo uses this name when it asks the compiler about itself.
    (name != "___").then(|| name.to_owned())
}

/// The resources used so far by the child processes that have ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Used {
    /// User CPU seconds.
    pub(super) user: f64,
    /// CPU seconds in the kernel.
    pub(super) system: f64,
    /// The largest resident set of any, in megabytes.
    pub(super) megabytes: f64,
}

/// The resources used by child processes, if the system reports them.
#[cfg(unix)]
pub(super) fn children() -> Used {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) else { return Used::default() };
    let seconds = |time: nix::sys::time::TimeVal| time.num_microseconds() as f64 / 1e6;
    // Linux reports kilobytes, macOS reports bytes.
    let unit = if cfg!(target_os = "macos") { 1e6 } else { 1e3 };
    let megabytes = usage.max_rss() as f64 / unit;
    Used { user: seconds(usage.user_time()), system: seconds(usage.system_time()), megabytes }
}

/// The resources used by child processes, if the system reports them.
#[cfg(not(unix))]
pub(super) fn children() -> Used {
    Used::default()
}

/// Reads the records of the wrappers.
pub(super) fn read(log: &Path) -> Result<Vec<Cost>> {
    use std::io::BufRead;
    let lines = std::io::BufReader::new(File::open(log)?).lines();
    lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_crates() {
        let of = |line: &str| crate_name(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("--crate-name hello --edition=2024").as_deref(), Some("hello"));
        assert_eq!(of("--crate-name ___ --print=file-names"), None);
        assert_eq!(of("-vV"), None);
    }

    #[cfg(unix)]
    #[test]
    fn notes_what_ran() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let words = |line: &str| line.split(' ').map(OsString::from).collect();
        run(&log, words("true --crate-name a")).expect("ran");
        run(&log, words("false --crate-name b")).expect("ran");
        let costs = read(&log).expect("a log");
        assert_eq!(costs.iter().map(|cost| cost.name.as_str()).collect::<Vec<_>>(), ["a"]);
    }
}
