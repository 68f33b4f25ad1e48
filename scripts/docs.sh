#!/bin/sh
# Builds the documentation site into build/docs, with an environment of its own. Fails if a link is broken or a page loads something from another site.
set -eu
cd "$(dirname "$0")/.."
folder=.cache/docs
mkdir -p "$folder"

if [ ! -e "$folder/setup.stamp" ] || [ requirements/docs.txt -nt "$folder/setup.stamp" ]; then
    .venv/bin/python -m venv --clear "$folder/venv" &&
        "$folder/venv/bin/python" -m pip install --quiet --require-hashes --only-binary :all: -r requirements/docs.txt 2>"$folder/setup.log" ||
        { echo "docs: mkdocs cannot be installed; $folder/setup.log says why" >&2; exit 1; }
    touch "$folder/setup.stamp"
fi

.venv/bin/python scripts/docs_site.py stage
# Not with --quiet, which hides warnings from --strict too. The theme announces its end of life in May 2027 at each build; Zensical, which reads the same
# mkdocs.yml, is the announced successor.
if ! NO_MKDOCS_2_WARNING=1 "$folder/venv/bin/mkdocs" build --strict --clean >"$folder/build.log" 2>&1; then
    grep -v '^INFO' "$folder/build.log" >&2
    exit 1
fi
.venv/bin/python scripts/docs_site.py check
echo "the documentation is in build/docs; python -m http.server -d build/docs shows it with search"
