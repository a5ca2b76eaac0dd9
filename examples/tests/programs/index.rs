//! Each program is in the index, the index names nothing else, and each program runs by itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with this package, the other packages of examples, and the index.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder, if there is one.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap()
}

/// The name of the package in that folder.
fn package(folder: &Path) -> String {
    let manifest = read(&folder.join("Cargo.toml"));
    manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap().trim_matches('"').to_owned()
}

/// The folders with a package of their own.
fn packages() -> Vec<PathBuf> {
    files(&root()).into_iter().filter(|folder| folder.join("Cargo.toml").is_file()).collect()
}

/// The programs of this package.
fn examples() -> Vec<PathBuf> {
    files(&root().join("examples"))
}

/// The command of each program, by the path of its file.
fn programs() -> BTreeMap<String, String> {
    let mut programs = BTreeMap::new();
    let mut add = |file: &Path, command: String| {
        programs.insert(file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"), command);
    };
    for file in examples() {
        add(&file, format!("cargo run -p gapis-examples --example {}", stem(&file)));
    }
    for folder in packages() {
        let package = package(&folder);
        for file in files(&folder.join("src/bin")) {
            add(&file, format!("cargo run -p {package} --bin {}", stem(&file)));
        }
        let main = folder.join("src/main.rs");
        if main.is_file() {
            add(&main, format!("cargo run -p {package}"));
        }
    }
    programs
}

#[test]
fn the_index_names_each_program_and_its_command() {
    let readme = read(&root().join("README.md"));
    // `| I want to … | [name](file) | `command` |`
    let rows = readme.lines().filter_map(|line| {
        let (_, rest) = line.split_once("](")?;
        let (file, rest) = rest.split_once(") | `")?;
        Some((file.to_owned(), rest.strip_suffix("` |")?.to_owned()))
    });
    let (tests, listed): (BTreeMap<_, _>, BTreeMap<_, _>) =
        rows.partition(|(file, _)| file.starts_with("tests/"));
    assert_eq!(listed, programs());
    for (file, command) in tests {
        assert!(root().join(&file).is_file(), "{file}");
        assert_eq!(command, format!("cargo test -p gapis-examples --test {}", stem(Path::new(&file))));
    }
}

#[test]
fn the_first_lines_of_each_program_of_this_package_say_how_to_run_it() {
    for (file, command) in programs() {
        if file.starts_with("examples/") {
            let text = read(&root().join(&file));
            let head: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            assert!(head.contains(&command) && head.contains("-- "), "{file}: {head}");
        }
    }
}

#[test]
fn programs_of_other_packages_are_run_by_tests_there() {
    for folder in packages() {
        let package = package(&folder);
        let bins = files(&folder.join("src/bin"));
        let mut names: Vec<&str> = bins.iter().map(|file| stem(file)).collect();
        if folder.join("src/main.rs").is_file() {
            names.push(&package);
        }
        let tests: String = files(&folder.join("tests")).iter().map(|file| read(file)).collect();
        for name in names {
            assert!(
                tests.contains(&format!("env!(\"CARGO_BIN_EXE_{name}\")")),
                "no test of {package} runs {name}"
            );
        }
    }
}

/// The programs are where cargo builds them: beside the folder of the tests.
#[test]
fn each_program_of_this_package_runs_by_itself() {
    let built = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples");
    let folder = tempfile::TempDir::new().unwrap();
    for file in examples() {
        let program = built.join(stem(&file)).with_extension(std::env::consts::EXE_EXTENSION);
        assert!(program.is_file(), "first: `cargo build -p gapis-examples --examples`");
        // What a program downloads is deleted with the folder.
        let run = Command::new(&program).env("TMPDIR", folder.path()).output().unwrap();
        let printed = [run.stdout, run.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        assert!(run.status.success() && !printed.trim().is_empty(), "{}: {printed}", file.display());
    }
}
