#!/bin/sh
# Pins pyproject.toml (all extras) into requirements/runtime.txt, and dev.in, audit.in and docs.in into dev.txt, audit.txt and docs.txt, with hashes and without
# the address of any index.
set -eu
cd "$(dirname "$0")/.."
lock() {
    CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras \
        --allow-unsafe "$@"
}
lock --all-extras --output-file requirements/runtime.txt pyproject.toml requirements/runtime.in
lock --output-file requirements/dev.txt requirements/dev.in
lock --output-file requirements/audit.txt requirements/audit.in
lock --output-file requirements/docs.txt requirements/docs.in
