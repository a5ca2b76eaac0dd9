//! Projects below `target/bench/` that depend on the measured crate.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::wrapper::{self, Cost};
use gapis_xtask::Workspace;
use gapis_xtask::cargo;

/// A program or an empty library with one measured dependency.
pub(super) struct Project {
    /// The name of the project's folder.
    pub(super) name: &'static str,
    /// The dependency's package name.
    pub(super) package: &'static str,
    /// The value of the dependency's line in `Cargo.toml`.
    pub(super) dependency: String,
    /// Further lines for the dependencies in the manifest.
    pub(super) more: &'static str,
    /// Further lines for the release profile.
    pub(super) profile: &'static str,
    /// The source of the program, or an empty library.
    pub(super) main: Option<&'static str>,
}

/// Creates projects and compiles them.
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

    /// The same for the crates of another checkout.
    pub(super) fn of_checkout(workspace: &Workspace, checkout: &Path) -> Result<Self> {
        let home = workspace.root.join("target").join("bench").join("before");
        fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        let checkout = std::path::absolute(checkout)?;
        Ok(Builder {
            home,
            lock: checkout.join("Cargo.lock"),
            generated: checkout.join("generated"),
            runs: 1,
        })
    }

    /// Runs `cargo check`. Returns the cost of the dependency only.
    pub(super) fn check(&self, project: &Project) -> Result<Cost> {
        self.lay_out(project)?;
        self.measure(project, &["check"], project.package)
    }

    /// Runs `cargo build --release`. Returns the cost of the program only, and its size.
    pub(super) fn build(&self, project: &Project) -> Result<(Cost, u64)> {
        self.lay_out(project)?;
        let cost = self.measure(project, &["build", "--release"], project.name)?;
        let program = self.target().join("release").join(project.name);
        let program = program.with_extension(std::env::consts::EXE_EXTENSION);
        Ok((cost, fs::metadata(program)?.len()))
    }

    /// The names of a package's features, except internal ones.
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
        let features = features.context("cargo metadata does not list the package's features")?;
        Ok(features.keys().filter(|name| !name.starts_with('_')).cloned().collect())
    }

    /// Compiles several times. The lowest cost counts, because other programs only add to it.
    fn measure(&self, project: &Project, command: &[&str], package: &str) -> Result<Cost> {
        let mut least: Option<Cost> = None;
        for _ in 0..self.runs {
            // Only this package is compiled again. Its dependencies are not measured.
            self.quiet(project, &["clean", "--package", package])?;
            let log = self.home.join(format!("{}.costs", project.name));
            File::create(&log)?;
            let mut cargo = self.cargo(project);
            cargo.args(command).arg("--quiet").env("RUSTC_WRAPPER", std::env::current_exe()?);
            run(cargo.env(wrapper::LOG, &log))?;
            let name = package.replace('-', "_");
            let found = wrapper::read(&log)?.into_iter().find(|cost| cost.name == name);
            let found = found.with_context(|| format!("{package} was not compiled"))?;
            least = Some(least.map_or(found.clone(), |least| least.min(&found)));
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
        // Settings of the caller, and those of the cargo that runs this program, are not part of the comparison.
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
            // The versions with which the repository is tested.
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
        let errors_text = String::from_utf8_lossy(&output.stderr);
        let errors: Vec<&str> =
            errors_text.lines().filter(|line| line.starts_with("error")).take(3).collect();
        bail!("{}", if errors.is_empty() { errors_text.trim().to_owned() } else { errors.join("; ") });
    }
    Ok(())
}
