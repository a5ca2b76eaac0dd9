//! What `cargo test` compiles after `cargo xtask demo`: tests, and a few small crates for them. A dependency with other
//! features than in the demo's build would be compiled again, and with it all that is built on it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

/// Numbers for units, so that equal units of several graphs have the same number.
#[derive(Default)]
struct Units {
    numbers: BTreeMap<String, usize>,
    /// The crate and the mode of each number: `build`, `test`, and some for build scripts.
    names: Vec<(String, String)>,
}

impl Units {
    /// The units that cargo compiles for a command.
    fn of(&mut self, command: &[&str]) -> BTreeSet<usize> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(command)
            .args(["--unit-graph", "-Z", "unstable-options"])
            // The graph is an unstable option.
            .env("RUSTC_BOOTSTRAP", "1")
            .current_dir(root)
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let graph: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let units = graph["units"].as_array().expect("units");
        let mut known = BTreeMap::new();
        (0..units.len()).map(|index| self.number(units, index, &mut known)).collect()
    }

    /// A unit is what it is made of: its crate, features, profile and platform, and the units that it depends on.
    fn number(&mut self, units: &[Value], index: usize, known: &mut BTreeMap<usize, usize>) -> usize {
        if let Some(number) = known.get(&index) {
            return *number;
        }
        let unit = &units[index];
        let dependencies = unit["dependencies"].as_array().expect("dependencies");
        let dependencies = dependencies.iter().map(|dependency| {
            let index = dependency["index"].as_u64().expect("an index");
            self.number(units, usize::try_from(index).expect("an index"), known)
        });
        let dependencies: BTreeSet<usize> = dependencies.collect();
        let mut profile = unit["profile"].clone();
        // Profiles with the same settings are the same to cargo.
        profile["name"] = Value::Null;
        let (target, mode) = (&unit["target"], &unit["mode"]);
        let parts = [&unit["pkg_id"], target, mode, &unit["features"], &unit["platform"], &profile];
        let text = json!([parts, dependencies]).to_string();
        let next = self.names.len();
        let number = *self.numbers.entry(text).or_insert(next);
        if number == next {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            self.names.push((text(&target["name"]), text(mode)));
        }
        known.insert(index, number);
        number
    }
}

#[test]
fn cargo_test_compiles_no_unit_of_the_demo_again() {
    let mut units = Units::default();
    let mut demo = units.of(&["build", "-p", "gapis-xtask"]);
    demo.extend(units.of(&["build", "-p", "gapis-example-farm"]));
    let tests = units.of(&["test", "--no-run"]);
    let new = tests.difference(&demo).map(|number| &units.names[*number]);
    let crates: BTreeSet<&str> = new.filter(|(_, mode)| mode == "build").map(|(name, _)| &**name).collect();
    let crates: BTreeSet<&str> = crates.into_iter().filter(|name| *name != "build-script-build").collect();
    assert_eq!(
        crates,
        BTreeSet::from([
            "dissimilar",
            "expect_test",
            "gapis_documents",
            "getrandom",
            "stats_alloc",
            "tempfile"
        ])
    );
}
