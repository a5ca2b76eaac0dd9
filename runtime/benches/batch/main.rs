//! The cost of a batch for its client, compared with the same work by hand, with google-api-python-client and with
//! single calls.
//!
//! `cargo bench -p gapis-runtime --bench batch [-- --quick] [-- --python PATH]`. Instructions are
//! counted by valgrind where it is installed; the Python side runs where an interpreter is named that has
//! google-api-python-client. All figures of one table are from one run.

mod counting;
mod floor;
mod loopback;
mod ours;
mod python;
mod table;
mod work;
mod zoo;

use std::io::{Result, Write, stdout};

use table::{Table, number};
use work::{Phase, Side, Work};
use zoo::Answer;

/// The sizes of batches that are measured.
const SIZES: [usize; 3] = [10, 100, 1000];

/// The maximum number of instructions, as a multiple of the work by hand.
const FLOOR: f64 = 2.0;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["server", ..] => loopback::serve(),
        ["single", side, phase, answer, count, times, ..] => single([side, phase, answer, count, times]),
        words => {
            let after = |name: &str| words.iter().skip_while(|word| **word != name).nth(1).copied();
            all(words.contains(&"--quick"), after("--python"))
        }
    }
}

/// Runs one piece of the work that many times and nothing else, for valgrind.
fn single([side, phase, answer, count, times]: [&str; 5]) -> Result<()> {
    let wrong = |_| std::io::Error::other("usage: single SIDE PHASE ANSWER COUNT TIMES");
    let work = Work::new(
        side.parse().map_err(|_: String| wrong(()))?,
        phase.parse().map_err(|_: String| wrong(()))?,
        count.parse().map_err(|_| wrong(()))?,
        answer.parse().map_err(|_: String| wrong(()))?,
    );
    for _ in 0..times.parse().map_err(|_| wrong(()))? {
        work.once();
    }
    Ok(())
}

fn all(quick: bool, python: Option<&str>) -> Result<()> {
    let mut out = stdout().lock();
    let whole = against_floor(&mut out, quick)?;
    match python.map(|path| python::measure(path, &SIZES)) {
        None => writeln!(out, "google-api-python-client: not measured; name an interpreter by --python\n")?,
        Some(Err(error)) => writeln!(out, "google-api-python-client: not measured: {error}\n")?,
        Some(Ok(theirs)) => against_python(&mut out, &whole, &theirs)?,
    }
    loopback::measure(&mut out, quick)
}

/// Prints the cost of each piece and of the work by hand. Returns the microseconds per call of the whole, for each
/// size and response.
fn against_floor(out: &mut impl Write, quick: bool) -> Result<Vec<(usize, Answer, f64)>> {
    let mut table = Table::new(&[
        "work",
        "members",
        "calls",
        "instructions",
        "floor",
        "ratio",
        "target",
        "met",
        "CPU µs",
        "floor µs",
        "ratio",
    ]);
    let mut whole = Vec::new();
    for phase in Phase::ALL {
        for answer in
            Answer::ALL.into_iter().filter(|answer| phase.sees_answers() || *answer == Answer::Dozen)
        {
            for count in SIZES {
                let (cells, cpu) = compare(phase, answer, count, quick);
                let members = if phase.sees_answers() { answer.members() } else { "" };
                let mut row =
                    vec![format!("{phase:?}").to_lowercase(), members.to_owned(), count.to_string()];
                row.extend(cells);
                table.row(row);
                if phase == Phase::Whole {
                    whole.push((count, answer, cpu));
                }
            }
        }
    }
    writeln!(out, "A batch beside the same work by hand, per call:\n\n{table}")?;
    Ok(whole)
}

/// The cells of a row, and our microseconds.
fn compare(phase: Phase, answer: Answer, count: usize, quick: bool) -> ([String; 8], f64) {
    let sides = [Side::Ours, Side::Floor];
    let [ours, floor] = sides.map(|side| counting::instructions(side, phase, count, answer));
    let [cpu, floor_cpu] = counting::microseconds(sides, phase, count, answer, quick);
    let ratio = ours.zip(floor).map(|(ours, floor)| ours / floor);
    // The target applies to the whole, because one piece may cost what another one saves.
    let (target, met) = match ratio.filter(|_| phase == Phase::Whole) {
        Some(ratio) => (format!("≤ {FLOOR}"), if ratio <= FLOOR { "yes" } else { "no" }),
        None => (String::new(), ""),
    };
    let cell = |value: Option<f64>| value.map_or("-".to_owned(), number);
    let ratio = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
    let time = |value: f64| format!("{value:.3}");
    let cpu_ratio = format!("{:.2}", cpu / floor_cpu);
    ([cell(ours), cell(floor), ratio, target, met.to_owned(), time(cpu), time(floor_cpu), cpu_ratio], cpu)
}

fn against_python(
    out: &mut impl Write,
    ours: &[(usize, Answer, f64)],
    theirs: &[(usize, Answer, f64)],
) -> Result<()> {
    let mut table =
        Table::new(&["members", "calls", "CPU µs", "Python µs", "Python / ours", "target", "met"]);
    for (count, answer, ours) in ours {
        let same = theirs.iter().find(|(size, other, _)| size == count && other == answer);
        let Some((_, _, theirs)) = same else { continue };
        let ratio = theirs / ours;
        let met = if ratio >= 200.0 { "yes" } else { "no" };
        table.row(vec![
            answer.members().to_owned(),
            count.to_string(),
            format!("{ours:.2}"),
            format!("{theirs:.0}"),
            format!("{ratio:.0}"),
            "≥ 200".to_owned(),
            met.to_owned(),
        ]);
    }
    writeln!(out, "A batch beside google-api-python-client, per call, without HTTP:\n\n{table}")
}
