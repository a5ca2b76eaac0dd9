//! Projects below `target/bench/` that depend on the crate to be measured.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::wrapper::{self, Cost};
use gapis_xtask::Workspace;
use gapis_xtask::cargo;

/// A program or an empty library with one dependency that matters.
pub(super) struct Project {
    /// Its folder's name.
    pub(super) name: &'static str,
    /// The dependency's package name.
    pub(super) package: &'static str,
    /// The dependency's line in `Cargo.toml`, behind the `=`.
    pub(super) dependency: String,
    /// Further lines of the manifest's dependencies.
    pub(super) more: &'static str,
    /// Further lines of its release profile.
    pub(super) profile: &'static str,
    /// The source of the program, or an empty library.
    pub(super) main: Option<&'static str>,
}

/// Lays projects out and has them compiled.
pub(super) struct Builder {
    home: PathBuf,
    lock: PathBuf,
    pub(super) generated: PathBuf,
    runs: usize,
}

impl Builder {
    pub(super) fn new(workspace: &Workspace, runs: usize) -> Result<Self> {
        let home = workspace.root.join("target").join("bench");
        fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        let generated = std::path::absolute(&workspace.generated)?;
        Ok(Builder { home, lock: workspace.root.join("Cargo.lock"), generated, runs: runs.max(1) })
    }

    /// `cargo check`, and what the dependency alone cost.
    pub(super) fn check(&self, project: &Project) -> Result<Cost> {
        self.lay_out(project)?;
        self.measure(project, &["check"], project.package)
    }

    /// `cargo build --release`, what the program alone cost, and how large it is.
    pub(super) fn build(&self, project: &Project) -> Result<(Cost, u64)> {
        self.lay_out(project)?;
        let cost = self.measure(project, &["build", "--release"], project.name)?;
        let program = self.target().join("release").join(project.name);
        let program = program.with_extension(std::env::consts::EXE_EXTENSION);
        Ok((cost, fs::metadata(program)?.len()))
    }

    /// The names of all features of a package, but internal ones.
    pub(super) fn features(&self, project: &Project) -> Result<Vec<String>> {
        self.lay_out(project)?;
        let output = self.cargo(project).args(["metadata", "--format-version", "1"]).output()?;
        if !output.status.success() {
            bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let packages = metadata.get("packages").and_then(Value::as_array);
        let found = packages.and_then(|all| {
            all.iter().find(|package| package.get("name").is_some_and(|name| name == project.package))
        });
        let features = found.and_then(|package| package.get("features")).and_then(Value::as_object);
        let features = features.context("cargo metadata does not tell the package's features")?;
        Ok(features.keys().filter(|name| !name.starts_with('_')).cloned().collect())
    }

    /// Compiles anew so many times; the least counts, because other programs only add to it.
    fn measure(&self, project: &Project, command: &[&str], package: &str) -> Result<Cost> {
        let mut least: Option<Cost> = None;
        for _ in 0..self.runs {
            // Only this package is compiled again; what it depends on is not measured.
            self.quiet(project, &["clean", "--package", package])?;
            let log = self.home.join(format!("{}.costs", project.name));
            File::create(&log)?;
            let mut cargo = self.cargo(project);
            cargo.args(command).arg("--quiet").env("RUSTC_WRAPPER", std::env::current_exe()?);
            run(cargo.env(wrapper::LOG, &log))?;
            let name = package.replace('-', "_");
            let found = wrapper::read(&log)?.into_iter().find(|cost| cost.name == name);
            let found = found.with_context(|| format!("{package} was not compiled"))?;
            let least = least.get_or_insert_with(|| found.clone());
            least.user = least.user.min(found.user);
            least.megabytes = least.megabytes.min(found.megabytes);
        }
        least.context("nothing was measured")
    }

    fn quiet(&self, project: &Project, words: &[&str]) -> Result<()> {
        run(self.cargo(project).args(words))
    }

    fn cargo(&self, project: &Project) -> Command {
        let mut command = cargo();
        command.current_dir(self.home.join(project.name)).stdin(Stdio::null());
        command.env("CARGO_TARGET_DIR", self.target()).env("CARGO_INCREMENTAL", "0");
        // Settings of the caller's own, and those that came from running under cargo, are not part of the comparison.
        for name in
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER"]
        {
            command.env_remove(name);
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_profile(name)) {
            command.env_remove(name);
        }
        command
    }

    fn target(&self) -> PathBuf {
        self.home.join("target")
    }

    fn lay_out(&self, project: &Project) -> Result<()> {
        let folder = self.home.join(project.name);
        fs::create_dir_all(folder.join("src"))?;
        let Project { name, package, dependency, more, profile, main } = project;
        let manifest = format!(
            "# Written by `cargo xtask bench`.\n[package]\nname = \"{name}\"\nedition = \"2024\"\n\n\
             [profile.release]\nstrip = true\n{profile}\n[workspace]\n\n[dependencies]\n{package} = {dependency}\n{more}"
        );
        write_changed(&folder.join("Cargo.toml"), &manifest)?;
        match main {
            Some(main) => write_changed(&folder.join("src").join("main.rs"), main)?,
            None => write_changed(&folder.join("src").join("lib.rs"), "")?,
        }
        if package.starts_with("gapis-") && !folder.join("Cargo.lock").exists() {
            // The versions that the repository is tested with.
            fs::copy(&self.lock, folder.join("Cargo.lock"))?;
        }
        Ok(())
    }
}

fn is_profile(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("CARGO_PROFILE_"))
}

fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error")).take(3).collect();
        bail!("{}", if errors.is_empty() { said.trim().to_owned() } else { errors.join("; ") });
    }
    Ok(())
}
