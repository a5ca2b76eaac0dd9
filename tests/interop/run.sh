#!/usr/bin/env bash
# Real servers and clients: `tests/interop/run.sh WORKDIR [CHECK…]`. Needs cargo, npm, and python3 with pip; installs the rest
# into WORKDIR. Prints a line for each check and ends with 1 if one fails. Checks by name: see `run.py`.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=${1:?usage: run.sh WORKDIR [CHECK…]}
shift
mkdir -p "$work"
work=$(cd "$work" && pwd)
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PYTHONDONTWRITEBYTECODE=1

requirements=$root/tests/interop/requirements.txt
if [ -x "$work/venv/bin/pip" ] || python3 -m venv "$work/venv" >/dev/null 2>&1; then
    python=$work/venv/bin/python
    "$python" -m pip install --quiet -r "$requirements"
else
    # A Python without `venv` or `ensurepip`, as some distributions package it.
    rm -rf "$work/venv"
    python=python3
    python3 -m pip install --quiet --target "$work/packages" -r "$requirements"
    export PYTHONPATH=$work/packages${PYTHONPATH:+:$PYTHONPATH}
fi

# Node looks for packages beside and above the program that asks, and here.
cp "$root/tests/interop/node/package.json" "$work/"
npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts --prefix "$work"
export NODE_PATH=$work/node_modules

cd "$root"
cargo build --quiet -p gapis-interop -p gapis-mock --bin gapis-interop --example serve_farm
exec "$python" tests/interop/run.py "$work" "$@"
