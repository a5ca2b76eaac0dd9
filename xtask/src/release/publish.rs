//! Executes a plan: makes packages in a dry run, or publishes them within the registry's rate limits.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gapis_cli::files::replace;
use gapis_cli::{Apis, Terminal, Workspace};

use super::plan::{Plan, Step};
use crate::cargo::cargo;

/// The registry's limit on the size of a package, in bytes.
const LARGEST: u64 = 10 << 20;

/// A registry, and a clock. Tests have their own.
pub(super) trait Registry {
    /// Publishes a package. Succeeds if the registry already has this version.
    fn publish(&mut self, step: &Step) -> Result<()>;
    /// Waits as long as the registry's rate limits require.
    fn wait(&mut self, pause: Duration);
}

/// Publishes the packages that are not done, and records each step. Then records the commit in `apis.toml`.
///
/// # Errors
/// If a package cannot be published. The next run continues with it.
pub(super) fn run(
    workspace: &Workspace,
    mut plan: Plan,
    registry: &mut dyn Registry,
    terminal: &mut Terminal<'_>,
) -> Result<bool> {
    plan.store(workspace)?;
    let mut pause = None;
    for index in 0..plan.steps.len() {
        let Some(step) = plan.steps.get_mut(index).filter(|step| !step.done) else { continue };
        if let Some(pause) = pause.replace(step.pause()) {
            registry.wait(pause);
        }
        writeln!(terminal.out, "publishing {} {}", step.package, step.version)?;
        terminal.out.flush()?;
        registry.publish(step).with_context(|| format!("{}: run this again to go on", step.package))?;
        step.done = true;
        plan.store(workspace)?;
    }
    let mut apis = Apis::of(workspace)?;
    let done: Vec<_> = apis.iter().map(|(id, _)| id.clone()).collect();
    for id in done.iter().filter(|id| plan.steps.iter().any(|step| step.package == id.crate_name())) {
        apis.set_released(id, &plan.commit);
    }
    replace(&workspace.list(), apis.to_string().as_bytes()).context("cannot write apis.toml")?;
    Plan::remove(workspace)?;
    writeln!(terminal.out, "{} published; commit discovery/apis.toml", plan.steps.len())?;
    Ok(true)
}

/// The registry that cargo uses.
pub(super) struct Cargo<'w>(&'w Workspace);

impl<'w> Cargo<'w> {
    pub(super) fn new(workspace: &'w Workspace) -> Self {
        Cargo(workspace)
    }
}

impl Registry for Cargo<'_> {
    fn publish(&mut self, step: &Step) -> Result<()> {
        let mut command = cargo();
        command.args(["publish", "--locked", "--package", &step.package]).current_dir(&self.0.root);
        let output = command.stdout(Stdio::inherit()).output().context("cannot start cargo")?;
        let message = String::from_utf8_lossy(&output.stderr);
        // An earlier run may have been stopped after publishing the package and before recording it.
        if output.status.success()
            || message.contains("already exists")
            || message.contains("already uploaded")
        {
            return Ok(());
        }
        bail!("{}", message.trim())
    }

    fn wait(&mut self, pause: Duration) {
        thread::sleep(pause);
    }
}

/// The packages of a dry run.
pub(super) struct Packages<'w> {
    pub(super) workspace: &'w Workspace,
    /// Whether each package is compiled.
    pub(super) verify: bool,
}

impl Packages<'_> {
    /// Makes the packages of a plan, all together, so that each is compiled against the other packages.
    ///
    /// # Errors
    /// If cargo cannot be started, or a package cannot be read.
    pub(super) fn make(&self, plan: &Plan, terminal: &mut Terminal<'_>) -> Result<bool> {
        if plan.open().next().is_none() {
            writeln!(terminal.out, "nothing changed since the last release")?;
            return Ok(true);
        }
        let mut command: Command = cargo();
        command.args(["package", "--allow-dirty", "--quiet"]).current_dir(&self.workspace.root);
        if !self.verify {
            command.arg("--no-verify");
        }
        for step in plan.open() {
            command.args(["--package", &step.package]);
        }
        if !command.status().context("cannot start cargo")?.success() {
            return Ok(false);
        }
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.workspace.root.join("target"), |folder| self.workspace.root.join(folder));
        let mut well = true;
        for Step { package, version, .. } in plan.open() {
            let path = target.join("package").join(format!("{package}-{version}.crate"));
            let facts = fs::metadata(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let is_fine = facts.len() <= LARGEST;
            well &= is_fine;
            let more = if is_fine { "" } else { ": larger than the registry allows" };
            writeln!(terminal.out, "{package} {version}: {} KB{more}", facts.len().div_ceil(1000))?;
        }
        plan.print(terminal)?;
        Ok(well)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A registry that fails at a package, and a clock that does not run.
    #[derive(Default)]
    struct Fake {
        published: Vec<(u64, String)>,
        now: u64,
        fails_at: Option<&'static str>,
    }

    impl Registry for Fake {
        fn publish(&mut self, step: &Step) -> Result<()> {
            if self.fails_at == Some(step.package.as_str()) {
                bail!("the registry is away");
            }
            self.published.push((self.now, step.package.clone()));
            Ok(())
        }

        fn wait(&mut self, pause: Duration) {
            self.now += pause.as_secs();
        }
    }

    fn step(package: &str, is_new: bool) -> Step {
        Step { package: package.to_owned(), version: "0.1.0".to_owned(), is_new, done: false }
    }

    fn go(workspace: &Workspace, plan: Plan, fake: &mut Fake) -> Result<String> {
        let mut out = Vec::new();
        run(workspace, plan, fake, &mut Terminal { out: &mut out, progress: false })?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn a_release_that_was_stopped_goes_on_and_publishes_nothing_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::at(folder.path());
        fs::create_dir_all(&workspace.discovery).expect("made");
        let table = "[\"pond:v1\"]\nfile = \"pond.v1.json\"\nsource = \"\"\nrevision = \"\"\nsha256 = \"\"\n";
        fs::write(workspace.list(), table).expect("written");
        let names = [
            ("gapis-runtime", false),
            ("gapis-lake-v1", true),
            ("gapis-pond-v1", true),
            ("gapis-sea-v1", true),
        ];
        let steps = names.map(|(name, is_new)| step(name, is_new)).to_vec();
        let plan = Plan { commit: "c".to_owned(), steps };
        assert_eq!(plan.pauses(), Duration::from_secs(60 + 600 + 600));
        let mut fake = Fake { fails_at: Some("gapis-pond-v1"), ..Fake::default() };
        let error = format!("{:#}", go(&workspace, plan, &mut fake).expect_err("it is away"));
        assert_eq!(error, "gapis-pond-v1: run this again to go on: the registry is away");
        assert!(!fs::read_to_string(workspace.list()).expect("read").contains("released"));
        let path = folder.path().join("target/release-plan.json");
        let plan: Plan = serde_json::from_slice(&fs::read(&path).expect("the plan")).expect("JSON");
        assert_eq!(
            plan.open().map(|step| step.package.as_str()).collect::<Vec<_>>(),
            ["gapis-pond-v1", "gapis-sea-v1"]
        );
        let mut again = Fake::default();
        let out = go(&workspace, plan, &mut again).expect("published");
        let both = [fake.published, again.published].concat();
        let expected =
            [(0, "gapis-runtime"), (60, "gapis-lake-v1"), (0, "gapis-pond-v1"), (600, "gapis-sea-v1")];
        assert_eq!(both, expected.map(|(time, name)| (time, name.to_owned())));
        assert!(out.ends_with("4 published; commit discovery/apis.toml\n"), "{out}");
        assert!(fs::read_to_string(workspace.list()).expect("read").contains("released = \"c\"\n"));
        assert!(!path.exists());
    }
}
