//! The order of layers: a file imports only from its own layer and those before it, and no files import each other in a
//! circle. What counts is the file that an item is written in, whichever way it is re-exported.

mod graph;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use graph::Graph;

/// The layers of a crate, from the lowest to the highest. A layer is a file or a folder of `src`; those on one line may
/// use each other.
struct Layers {
    source: &'static str,
    order: &'static [&'static [&'static str]],
}

const RUNTIME: Layers = Layers {
    source: "runtime/src",
    order: &[
        &["value"],
        &["multipart"],
        &["wire"],
        &["send"],
        &["call"],
        &["batch"],
        &["media"],
        &["update"],
        &["private"],
        &["macros"],
        &["guide"],
        &["lib"],
    ],
};

const CODEGEN: Layers = Layers {
    source: "codegen/src",
    order: &[
        &["table", "visible"],
        &["error", "features", "normalize", "options", "steps"],
        &["log"],
        &["discovery"],
        &["naming", "prose", "wire"],
        &["model"],
        &["resolve"],
        &["rust_type", "source"],
        &["emit"],
        &["inventory"],
        &["generate"],
        &["build", "excerpt"],
        &["lib"],
    ],
};

const XTASK: Layers =
    Layers { source: "xtask/src", order: &[&["cargo"], &["demo", "release"], &["cli"], &["lib", "main"]] };

const CLI: Layers = Layers {
    source: "xtask/cli/src",
    order: &[
        &["files", "near"],
        &["workspace"],
        &["progress"],
        &["api", "config", "lock", "sync"],
        &["generate"],
        &["diff", "documents", "fetch", "lines", "list"],
        &["batch", "site", "user"],
        &["cli"],
        &["lib", "main"],
    ],
};

const LAB: Layers = Layers {
    source: "xtask/lab/src",
    order: &[
        &["documents", "times"],
        &["corpus"],
        &["bench", "checks", "public_api"],
        &["cli"],
        &["lib", "main"],
    ],
};

impl Layers {
    /// What is wrong with the crate, a line each.
    fn faults(&self, sources: &BTreeMap<String, String>) -> Vec<String> {
        let graph = Graph::of(sources);
        let mut faults = self.against_the_order(&graph);
        faults.extend(graph.circles().into_iter().map(|circle| {
            let lines = circle.iter().map(|import| format!("\n    {}", self.said(import)));
            format!("{}: files that import each other:{}", self.source, lines.collect::<String>())
        }));
        faults
    }

    fn against_the_order(&self, graph: &Graph) -> Vec<String> {
        let mut faults = Vec::new();
        for file in graph.files() {
            if self.rank(file).is_none() {
                faults.push(format!("{}/{file}: it is in no layer of this test's table", self.source));
            }
        }
        // One line for two files is enough.
        let mut seen = BTreeSet::new();
        for import in &graph.imports {
            if let (Some(from), Some(to)) = (self.rank(&import.from), self.rank(&import.to))
                && to > from
                && seen.insert((&import.from, &import.to))
            {
                let [from, to] = [layer(&import.from), layer(&import.to)];
                faults.push(format!("{}: `{from}` is below `{to}`", self.said(import)));
            }
        }
        faults
    }

    fn rank(&self, file: &str) -> Option<usize> {
        self.order.iter().position(|layers| layers.contains(&layer(file)))
    }

    fn said(&self, import: &graph::Import) -> String {
        let graph::Import { from, line, path, to } = import;
        let source = self.source;
        format!("{source}/{from}:{line}: `{path}` is in {source}/{to}")
    }
}

/// The layer of a file below `src`: its folder there, or its own name.
fn layer(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The sources below a folder, by path from there.
fn read(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a folder");
            open.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/");
            found.insert(name, std::fs::read_to_string(&path).expect("text"));
        }
    }
    found
}

fn check(layers: &Layers) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let faults = layers.faults(&read(&root.join(layers.source)));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_runtime_keeps_to_its_layers() {
    check(&RUNTIME);
}

#[test]
fn codegen_keeps_to_its_layers() {
    check(&CODEGEN);
}

#[test]
fn the_xtask_keeps_to_its_layers() {
    check(&XTASK);
}

#[test]
fn the_command_line_keeps_to_its_layers() {
    check(&CLI);
}

#[test]
fn the_lab_keeps_to_its_layers() {
    check(&LAB);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Layers = Layers { source: "small", order: &[&["low"], &["high"], &["lib"]] };

    fn faults(sources: &[(&str, &str)]) -> Vec<String> {
        let sources = sources.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        SMALL.faults(&sources.collect())
    }

    #[test]
    fn an_import_of_a_higher_layer_is_told_with_its_line() {
        let lib = ("lib.rs", "mod low;\nmod high;\npub use high::High;\npub use low::Low;");
        assert_eq!(
            faults(&[
                lib,
                ("low.rs", "pub struct Low;"),
                ("high.rs", "use crate::Low;\npub struct High(Low);")
            ]),
            [""; 0]
        );
        for low in [
            "\nuse crate::High;\npub struct Low(High);",
            "\nuse crate::{High, high};\npub struct Low(High);",
            "\npub struct Low(crate::High);",
            "\npub struct Low(super::high::High);",
            "\nmacro_rules! low { () => { $crate::High } }\npub struct Low;",
            "\nuse crate::high as other; pub struct Low(other::High);",
            "\nuse crate::*; pub struct Low(Box<dyn Fn() -> crate::high::High>);",
        ] {
            let found = faults(&[lib, ("low.rs", low), ("high.rs", "pub struct High;")]);
            let [fault] = &found[..] else { panic!("{low}: {found:?}") };
            assert!(fault.starts_with("small/low.rs:2: `"), "{fault}");
            assert!(fault.ends_with("` is in small/high.rs: `low` is below `high`"), "{fault}");
        }
    }

    #[test]
    fn circles_are_found_through_re_exports_and_within_a_layer() {
        let found = faults(&[
            ("lib.rs", "mod low;"),
            ("low.rs", "mod one;\nmod two;\npub use one::One;\npub use two::Two;"),
            ("low/one.rs", "use super::Two;\npub struct One(Two);"),
            ("low/two.rs", "pub struct Two;\nimpl Two { pub fn of(_: super::One) {} }"),
        ]);
        let [fault] = &found[..] else { panic!("{found:?}") };
        assert_eq!(
            fault,
            "small: files that import each other:\n    \
             small/low/one.rs:1: `super::Two` is in small/low/two.rs\n    \
             small/low/two.rs:2: `super::One` is in small/low/one.rs"
        );
    }

    #[test]
    fn tests_may_import_what_they_like() {
        let low = "pub struct Low;\n#[cfg(test)] mod tests { use crate::high::High; }\n#[cfg(test)] use crate::high;";
        let lib = ("lib.rs", "mod low;\nmod high;");
        assert_eq!(faults(&[lib, ("low.rs", low), ("high.rs", "pub struct High;")]), [""; 0]);
    }

    #[test]
    fn a_file_without_a_layer_is_told() {
        let found = faults(&[("lib.rs", "mod new;"), ("new.rs", "")]);
        assert_eq!(found, ["small/new.rs: it is in no layer of this test's table"]);
    }
}
