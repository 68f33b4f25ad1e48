#!/bin/sh
# Makes .venv with the pinned, hashed requirements and this package installed editable. Run by make when one of its inputs is newer than the stamp.
set -eu
cd "$(dirname "$0")/.."

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    echo "Yeoul needs Python 3.11 or newer; set PYTHON to it when it is not on the PATH." >&2
    exit 1
}

# Debian and Ubuntu split ensurepip from Python.
provide_ensurepip() {
    if "$1" -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv
        return
    fi
    echo "This Python has no ensurepip. On Debian or Ubuntu: sudo apt install python3-venv" >&2
    exit 1
}

make_environment() {
    if [ -x .venv/bin/python ] && is_new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then
        return
    fi
    python=$(find_python)
    provide_ensurepip "$python"
    "$python" -m venv --clear .venv
}

export PIP_DISABLE_PIP_VERSION_CHECK=1
make_environment
.venv/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/runtime.txt -r requirements/dev.txt
# The build backend is in the pinned requirements, so nothing is fetched to build.
.venv/bin/python -m pip install --quiet --no-build-isolation --no-deps --editable .
touch .venv/setup.stamp
