//! The lines of the input, read by a thread of its own, which waits where nobody takes them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, stdin};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};
use tokio::sync::mpsc;

/// No call has a longer line: the body of a batch is bounded far below.
const LONGEST: u64 = 64 << 20;

/// How many lines are read ahead.
const AHEAD: usize = 256;

/// The lines that are not blank, with their numbers.
pub(super) struct Lines(mpsc::Receiver<io::Result<(u64, String)>>);

impl Lines {
    /// Of a file, or of standard input for `-` and for none.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(super) fn of(path: Option<&Path>) -> Result<Self> {
        let input: Box<dyn Read + Send> = match path.filter(|path| *path != Path::new("-")) {
            Some(path) => {
                Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?)
            }
            None => Box::new(stdin()),
        };
        let (sender, receiver) = mpsc::channel(AHEAD);
        // It ends when nobody takes its lines any more, or with the program.
        thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || read(input, &sender))
            .context("no thread")?;
        Ok(Lines(receiver))
    }

    /// The next line, none at the end.
    ///
    /// # Errors
    /// If it cannot be read, is no text, or is too long.
    pub(super) async fn next(&mut self) -> Result<Option<(u64, String)>> {
        self.0.recv().await.transpose().context("cannot read the input")
    }
}

fn read(input: Box<dyn Read + Send>, sender: &mpsc::Sender<io::Result<(u64, String)>>) {
    let mut input = BufReader::with_capacity(1 << 16, input);
    for number in 1.. {
        let line = match line(&mut input, number == 1) {
            Ok(None) => return,
            Ok(Some(line)) if line.trim().is_empty() => continue,
            Ok(Some(line)) => Ok((number, line)),
            Err(error) => Err(io::Error::new(error.kind(), format!("line {number}: {error}"))),
        };
        let failed = line.is_err();
        if sender.blocking_send(line).is_err() || failed {
            return;
        }
    }
}

/// Reads a line without its end. The first one may begin with a byte order mark, which editors on Windows write.
fn line(input: &mut impl BufRead, is_first: bool) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    input.take(LONGEST + 1).read_until(b'\n', &mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other("it is too long for a call"));
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    while bytes.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        bytes.pop();
    }
    if is_first && bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    let is_utf16 = is_first && (bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff"));
    let text = String::from_utf8(bytes).map_err(|_| {
        let what = if is_utf16 { "it is UTF-16, not UTF-8" } else { "it is not UTF-8" };
        io::Error::new(io::ErrorKind::InvalidData, what)
    })?;
    Ok(Some(text))
}
