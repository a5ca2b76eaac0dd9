#!/usr/bin/env bash
# The site in a browser: `tests/site/run.sh WORKDIR [PICTURES]`. Needs cargo and python3; installs Debian's chromium if there is
# no browser. PICTURES is a folder for pictures of pages. Prints a line for each check and ends with 1 if one fails.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:?usage: run.sh WORKDIR [PICTURES]}
shift
mkdir -p "$work"
work=$(cd "$work" && pwd)
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
    browser=$(command -v chromium)
fi
cd "$root"
# The documents that are checked in have no prose; what they contain else is what a user's have.
cargo run --quiet -p gapis-xtask --features site -- site docs:v1 drive:v3 farm:v2 compute:v1 --out "$work/site"
PYTHONDONTWRITEBYTECODE=1 python3 tests/site/check.py "$browser" "$work/site" "$work" "$@"

# The lines of Rust that the browser showed must compile.
cp Cargo.lock "$work/lines/"
CARGO_TARGET_DIR=$root/target cargo check --quiet --manifest-path "$work/lines/Cargo.toml"
echo "ok the lines compile"
