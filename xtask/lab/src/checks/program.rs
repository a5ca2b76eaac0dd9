//! A small program with generated crates, in its own workspace below `target/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::choice::Chosen;
use gapis_xtask::Workspace;
use gapis_xtask::cargo;
use gapis_xtask::files::relative;
use gapis_xtask::files::replace;
use gapis_xtask::sync::{Mode, leftovers, sync};

/// A program that uses generated crates. Its code refers to crate number `n` as `c<n>`.
pub(crate) struct Program {
    /// The name of the check.
    name: String,
    /// The features of the runtime that it needs.
    features: &'static [&'static str],
    home: PathBuf,
    target: PathBuf,
}

impl Program {
    /// The program for the check of that name.
    pub(crate) fn at(workspace: &Workspace, check: &str, features: &'static [&'static str]) -> Self {
        let target = workspace.root.join("target");
        // All checks use one target folder, so that common dependencies are compiled once.
        let home = target.join("checks").join(check);
        Program { name: check.to_owned(), features, home, target: target.join("checks").join("target") }
    }

    /// The folder of the crates. It has a different name for each check, because cargo distinguishes packages by their
    /// paths in the workspace, and two checks generate different crates with the same name.
    fn crates(&self) -> String {
        format!("{}-crates", self.name)
    }

    /// The path to the runtime for the manifest of a generated crate.
    pub(crate) fn runtime_path(&self, workspace: &Workspace) -> Result<String> {
        Ok(relative(&self.home.join(self.crates()).join("any"), &workspace.root.join("runtime"))?)
    }

    /// A file next to the program.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// Writes the crates and the program, and compiles them.
    pub(crate) fn build(
        &self,
        workspace: &Workspace,
        chosen: &[Chosen],
        files: &BTreeMap<String, String>,
    ) -> Result<()> {
        let crates = self.home.join(self.crates());
        fs::create_dir_all(&crates).with_context(|| format!("cannot make {}", crates.display()))?;
        let wanted: Vec<String> = chosen.iter().map(|chosen| chosen.made.name.clone()).collect();
        for name in leftovers(&crates, &wanted)? {
            sync(&crates, &name, &BTreeMap::new(), Mode::Write)?;
        }
        for chosen in chosen {
            sync(&crates, &chosen.made.name, &chosen.made.files, Mode::Write)?;
        }
        let source = self.home.join("src");
        if source.exists() {
            fs::remove_dir_all(&source)?;
        }
        fs::create_dir_all(&source)?;
        for (name, text) in files {
            fs::write(source.join(name), text)?;
        }
        let lock = workspace.root.join("Cargo.lock");
        if lock.exists() && !self.home.join("Cargo.lock").exists() {
            // The versions with which the repository is tested, instead of the newest ones.
            fs::copy(lock, self.home.join("Cargo.lock"))?;
        }
        let manifest = self.manifest(chosen, &relative(&self.home, &workspace.root.join("runtime"))?);
        replace(&self.home.join("Cargo.toml"), manifest.as_bytes())?;
        let status = cargo()
            .args(["build", "--quiet"])
            .current_dir(&self.home)
            .env("CARGO_TARGET_DIR", &self.target)
            .envs([("CARGO_INCREMENTAL", "0"), ("CARGO_PROFILE_DEV_DEBUG", "0")])
            .status()
            .context("cannot start cargo")?;
        if !status.success() {
            bail!("the program in {} does not compile", self.home.display());
        }
        Ok(())
    }

    /// Runs the program with that file as its input. Returns the printed lines.
    pub(crate) fn run(&self, arguments: &[&str], input: Option<&Path>) -> Result<Vec<String>> {
        let name = format!("check-{}{}", self.name, std::env::consts::EXE_SUFFIX);
        let program = self.target.join("debug").join(name);
        let stdin = match input {
            Some(input) => File::open(input)?.into(),
            None => Stdio::null(),
        };
        let output = Command::new(&program)
            .args(arguments)
            .stdin(stdin)
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot start {}", program.display()))?;
        if !output.status.success() {
            bail!("{} ended with {}", program.display(), output.status);
        }
        let text = String::from_utf8(output.stdout).context("the program's output")?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The manifest. It enables all resources of each crate, but nothing that sends requests, because TLS alone would
    /// double the time.
    fn manifest(&self, chosen: &[Chosen], runtime: &str) -> String {
        let mut text = format!(
            "# Written by a check of `cargo xtask`.\n[workspace]\nresolver = \"3\"\nmembers = [\"{0}/*\"]\n\n[package]\n\
         name = \"check-{1}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         gapis-runtime = {{ path = {runtime:?}, default-features = false, features = {2:?} }}\n",
            self.crates(),
            self.name,
            self.features,
        );
        for (number, Chosen { made, inventory, .. }) in chosen.iter().enumerate() {
            let name = &made.name;
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "c{number} = {{ package = {name:?}, path = \"{}/{name}\", default-features = false, features = {:?} }}",
                self.crates(),
                inventory.features,
            );
        }
        text
    }
}
