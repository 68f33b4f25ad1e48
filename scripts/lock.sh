#!/bin/sh
# Pins pyproject.toml (all extras) into requirements/runtime.txt and requirements/dev.in and audit.in into dev.txt and audit.txt, with hashes and without any index's address.
set -eu
cd "$(dirname "$0")/.."
lock() {
    CUSTOM_COMPILE_COMMAND="make lock" .venv/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras \
        --allow-unsafe "$@"
}
lock --all-extras --output-file requirements/runtime.txt pyproject.toml requirements/runtime.in
lock --output-file requirements/dev.txt requirements/dev.in
lock --output-file requirements/audit.txt requirements/audit.in
