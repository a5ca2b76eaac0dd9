//! End to end: a batch of 1,000 calls compared with 1,000 single calls, over loopback, with the server in another
//! process.

use std::io::{BufRead, BufReader, Read, Result, Write, stdin, stdout};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use gapis_mock::MockServer;

use crate::counting::cpu;
use crate::table::Table;
use crate::zoo::{self, Answer, Patch, Zoo};
use crate::{ours, work};

/// Serves until the standard input ends.
pub(crate) fn serve() -> Result<()> {
    let mock = MockServer::start().map_err(std::io::Error::other)?;
    mock.keep(0, 0).on::<Patch>(|_| Ok(ours::decode(Answer::Few.json(17).as_bytes())));
    let mut out = stdout();
    writeln!(out, "{}", mock.uri())?;
    out.flush()?;
    stdin().read_to_end(&mut Vec::new()).map(drop)
}

/// Prints the processor time of the client for both.
pub(crate) fn measure(out: &mut impl Write, quick: bool) -> Result<()> {
    let mut server = Command::new(std::env::current_exe()?)
        .arg("server")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut uri = String::new();
    if let Some(answers) = server.stdout.take() {
        BufReader::new(answers).read_line(&mut uri)?;
    }
    let measured = both_ways(uri.trim(), if quick { 1 } else { 5 });
    drop(server.stdin.take());
    server.wait()?;
    let (batch, single) = measured?;
    let mut table = Table::new(&["1,000 calls", "CPU µs a call", "batch / single", "target", "met"]);
    let ratio = batch / single;
    let met = if ratio <= 0.1 { "yes" } else { "no" };
    table.row(vec![
        "one by one".to_owned(),
        format!("{single:.2}"),
        String::new(),
        String::new(),
        String::new(),
    ]);
    let ratio = format!("{ratio:.3}");
    table.row(vec!["one batch".to_owned(), format!("{batch:.2}"), ratio, "≤ 0.1".to_owned(), met.to_owned()]);
    writeln!(out, "End to end over loopback, the client alone:\n\n{table}")
}

/// Microseconds for a call: in a batch of 1,000, and alone.
fn both_ways(uri: &str, rounds: usize) -> Result<(f64, f64)> {
    let zoo = Zoo::builder().anonymous().endpoint(uri).build().map_err(std::io::Error::other)?;
    let ids: Vec<String> = (0..1000).map(zoo::id).collect();
    let runtime = work::runtime();
    let (mut batch, mut single) = (f64::INFINITY, f64::INFINITY);
    // The first round also opens the connection.
    for _ in 0..=rounds {
        let start = cpu();
        runtime.block_on(ours::whole(&zoo, &ids));
        batch = batch.min(cpu().saturating_sub(start).as_secs_f64() * 1e3);
        let start = cpu();
        runtime.block_on(one_by_one(&zoo, &ids)).map_err(std::io::Error::other)?;
        single = single.min(cpu().saturating_sub(start).as_secs_f64() * 1e3);
    }
    Ok((batch, single))
}

async fn one_by_one(zoo: &Zoo, ids: &[String]) -> gapis_runtime::Result<usize> {
    let seen = AtomicUsize::new(0);
    for id in ids {
        let animal = ours::call(zoo, id).await?;
        seen.fetch_add(animal.name.map_or(0, |name| name.len()), Ordering::Relaxed);
    }
    Ok(seen.into_inner())
}
