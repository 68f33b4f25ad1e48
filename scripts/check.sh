#!/bin/sh
# Runs every static check, also after one has failed, and says at the end which did.
set -u
cd "$(dirname "$0")/.."
failed=""
check() {
    name=$1
    shift
    "$@" || failed="$failed $name"
}
check lint .venv/bin/ruff check --quiet --output-format concise
check format .venv/bin/ruff format --check --quiet
check imports .venv/bin/lint-imports --no-logo
check types .venv/bin/pyright
check web scripts/npm.sh run --silent check
[ -z "$failed" ] && echo "all checks passed" && exit
echo "failed:$failed" >&2
exit 1
