#!/usr/bin/env bash
# A repository outside this one, made as the README says: `gapis add` writes a crate into it, and the README's batch runs
# against the mock server. `tests/outside/run.sh [FOLDER]`, by default a temporary one.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:-$(mktemp -d)}/outside
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}

gapis() {
    cargo run --quiet --manifest-path "$root/Cargo.toml" --package gapis-cli -- "$@"
}

mkdir -p "$folder/src"
cp "$root/Cargo.lock" "$folder/"
cat >"$folder/Cargo.toml" <<END
[package]
name = "outside"
version = "0.0.0"
edition = "2024"

[dependencies]
gapis-mock = { path = "$root/runtime/mock" }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
END

# The documents come from here and not from Google, and so does the runtime.
cd "$folder"
touch src/main.rs
gapis add drive:v3 --from "$root/discovery" --runtime "$root/runtime"
cargo add --quiet --offline --path apis/gapis-drive-v3
gapis generate --check
gapis describe drive.files.get | grep 'up to 100 calls'

# The first block of Rust in the README, and a server for it.
awk '/^```rust$/ { inside = 1; next } /^```$/ && inside { exit } inside' "$root/README.md" >"$folder/src/main.rs"
cat >>"$folder/src/main.rs" <<'END'

#[tokio::main]
async fn main() -> Result<()> {
    use gapis_drive_v3::{about, files, permissions, schemas};
    use gapis_mock::MockServer;
    let mock = MockServer::start()?;
    mock.on::<permissions::Create>(|call| call.body());
    mock.on::<files::Get>(|_| Ok(schemas::File { name: Some("Plan".to_owned()), ..Default::default() }));
    mock.on::<about::Get>(|_| Ok(schemas::About::default()));
    let drive = Drive::builder().anonymous().endpoint(&mock.uri()).build()?;
    let mails: Vec<String> = (1..=120).map(|number| format!("{number}@example.com")).collect();
    share(&drive, "FILE", &mails).await
}
END
printed=$(cargo run --quiet)
printf '%s\n' "$printed"
grep -qx '122 calls, 0 failed' <<<"$printed"
grep -qx '120: Some("Plan")' <<<"$printed"
grep -qx '120 permissions' <<<"$printed"
