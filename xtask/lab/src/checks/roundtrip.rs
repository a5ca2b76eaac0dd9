//! `cargo xtask roundtrip`: reads values made from the schemas of documents into generated types, and writes them
//! again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::Value;

use super::choice::{Chosen, Documents, choose};
use super::compare::difference;
use super::program::Program;
use super::random::rng;
use super::values::{Maker, Style};
use gapis_xtask::{Terminal, Workspace};

/// The styles of the values of each schema, in order.
const STYLES: [Style; 7] =
    [Style::Empty, Style::Full, Style::Edge, Style::Edge, Style::Random, Style::Random, Style::Deep];

/// Reads and writes values.
#[derive(Args, Clone, Debug)]
pub struct Roundtrip {
    /// The folder of documents
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How many documents, spread over all sizes (ten or more include every format), or their names
    #[arg(long, value_name = "N|a,b,c", default_value = "20")]
    pub documents: Documents,
    /// The seed: another number chooses other values, and other documents if their number was given
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
}

/// One value of one schema.
struct Case {
    /// The numbers of the crate and of the type in its table.
    line: (usize, usize),
    /// Document, schema and number of the value, for messages and for the random numbers.
    place: String,
    value: Value,
}

impl Roundtrip {
    /// Runs the check. Returns whether all values are unchanged.
    ///
    /// # Errors
    /// If the folder cannot be read, or if the crates do not compile.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let begun = Instant::now();
        let program = Program::at(workspace, "roundtrip", &[]);
        let runtime = program.runtime_path(workspace)?;
        let chosen = choose(&self.folder, &self.documents, self.seed, &runtime, &|documents| {
            vec![Some(Vec::new()); documents.len()]
        })?;
        let mut files = BTreeMap::from([("main.rs".to_owned(), main_file(chosen.len()))]);
        let mut cases = Vec::new();
        for (number, chosen) in chosen.iter().enumerate() {
            let types = types(chosen)?;
            files.insert(format!("table{number}.rs"), table_file(number, types.values()));
            for (line, schema) in types.keys().enumerate() {
                self.add_cases(chosen, schema, (number, line), &mut cases);
            }
        }
        program.build(workspace, &chosen, &files)?;
        let input = program.file("values.txt");
        fs::write(&input, input_text(&cases))?;
        let results = program.run(&[], Some(&input))?;
        if results.len() != cases.len() {
            bail!(
                "{} values were written to the program, but {} were read from it",
                cases.len(),
                results.len()
            );
        }
        let mut failures = 0;
        for (case, result) in cases.iter().zip(&results) {
            if let Some(what) = failure(&case.value, result) {
                failures += 1;
                writeln!(terminal.out, "failed: {}: {what}", case.place)?;
            }
        }
        writeln!(
            terminal.out,
            "{} of {} values of {} schemas in {} documents came back the same, seed {}, {:.1} s",
            cases.len() - failures,
            cases.len(),
            cases.len() / STYLES.len(),
            chosen.len(),
            self.seed,
            begun.elapsed().as_secs_f64(),
        )?;
        Ok(failures == 0)
    }

    fn add_cases(&self, chosen: &Chosen, schema: &str, line: (usize, usize), cases: &mut Vec<Case>) {
        let Some(schemas) = chosen.document.get("schemas").and_then(Value::as_object) else { return };
        let Some(definition) = schemas.get(schema) else { return };
        for (number, style) in STYLES.into_iter().enumerate() {
            let place = format!("{} {schema} (value {number}, {style:?})", chosen.name);
            let value = Maker::new(schemas, rng(self.seed, &place), style).value(definition);
            cases.push(Case { line, place, value });
        }
    }
}

/// The schemas by their names in the document, with their generated types.
fn types(chosen: &Chosen) -> Result<BTreeMap<&str, String>> {
    let is_top = |path: &str| path.starts_with("schemas::") && !path.starts_with("schemas::inline::");
    let structs = chosen.inventory.structs.iter().map(|item| (&item.path, &item.wire));
    let aliases = chosen.inventory.aliases.iter().map(|item| (&item.path, &item.wire));
    let types: BTreeMap<&str, String> = structs
        .chain(aliases)
        .filter(|(path, _)| is_top(path))
        .map(|(path, wire)| (wire.as_str(), path.clone()))
        .collect();
    let expected = chosen.document.get("schemas").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    if types.len() != expected {
        bail!("{}: {expected} schemas, but {} types", chosen.name, types.len());
    }
    Ok(types)
}

/// The program: each line of its input has a crate, a schema and a value. It reads the value and prints it again.
fn main_file(crates: usize) -> String {
    let mut text = String::from(
        "use gapis_runtime::private::{Field, from_slice, to_vec};\n\n\
         pub type Make = fn() -> Box<dyn Field>;\n\
         pub fn make<T: Field>() -> Box<dyn Field> {\n    Box::new(T::empty())\n}\n\n",
    );
    // Writing to a string does not fail.
    text.extend((0..crates).map(|number| format!("mod table{number};\n")));
    let tables: String = (0..crates).map(|number| format!("table{number}::TABLE, ")).collect();
    let _ = writeln!(text, "static TABLES: &[&[Make]] = &[{tables}];");
    text.push_str(
        "
fn main() {
    for line in std::io::stdin().lines() {
        let line = line.expect(\"a line\");
        let mut parts = line.splitn(3, ' ');
        let mut number = || parts.next().expect(\"a number\").parse::<usize>().expect(\"a number\");
        let mut value = TABLES[number()][number()]();
        let text = parts.next().expect(\"a value\");
        match from_slice(text.as_bytes(), &mut *value) {
            Ok(()) => println!(\"+{}\", String::from_utf8(to_vec(&*value).expect(\"JSON\")).expect(\"text\")),
            Err(error) => println!(\"-{error}\"),
        }
    }
}
",
    );
    text
}

/// The types of one crate. Only this is generic, so that the program compiles fast.
fn table_file<'t>(number: usize, types: impl Iterator<Item = &'t String>) -> String {
    let lines: String = types.map(|ty| format!("    make::<c{number}::{ty}>,\n")).collect();
    format!("#![allow(deprecated)]\nuse crate::{{Make, make}};\npub static TABLE: &[Make] = &[\n{lines}];\n")
}

fn input_text(cases: &[Case]) -> String {
    cases
        .iter()
        .map(|Case { line: (number, line), value, .. }| format!("{number} {line} {value}\n"))
        .collect()
}

/// What is wrong with a line of the program's output, if anything.
fn failure(expected: &Value, line: &str) -> Option<String> {
    match line.split_at_checked(1) {
        Some(("+", text)) => match serde_json::from_str(text) {
            Ok(found) => difference(expected, &found),
            Err(error) => Some(format!("$: the output is not JSON: {error}")),
        },
        Some(("-", error)) => Some(format!("{error}: the value could not be read")),
        _ => Some(format!("$: unexpected output {line:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_program_prints_is_judged() {
        assert_eq!(failure(&json!({ "a": 1 }), "+{\"a\":1.0}"), None);
        assert_eq!(failure(&json!({ "a": 1 }), "+{\"a\":2}").as_deref(), Some("a: expected 1, found 2"));
        assert!(failure(&json!({}), "+{").is_some_and(|what| what.contains("not JSON")));
        assert!(failure(&json!({}), "-a.b: bad").is_some_and(|what| what.starts_with("a.b: bad")));
        assert!(failure(&json!({}), "").is_some());
    }

    #[test]
    fn lines_of_the_input() {
        let case = Case { line: (1, 2), place: String::new(), value: json!({ "a": "b\n" }) };
        assert_eq!(input_text(&[case]), "1 2 {\"a\":\"b\\n\"}\n");
    }
}
