#!/bin/sh
# Looks up the pinned packages of Python and of the web app in the public lists of known weaknesses. Fails when one is found, or a list cannot be read.
set -u
cd "$(dirname "$0")/.."
folder=.cache/audit
mkdir -p "$folder"
found=0

say_unreachable() {
    echo "audit: the list of weaknesses of $1 cannot be reached; nothing was checked" >&2
    found=1
}

if [ ! -e "$folder/setup.stamp" ] || [ requirements/audit.txt -nt "$folder/setup.stamp" ]; then
    .venv/bin/python -m venv --clear "$folder/venv" &&
        "$folder/venv/bin/python" -m pip install --quiet --require-hashes --only-binary :all: -r requirements/audit.txt 2>"$folder/setup.log" ||
        { echo "audit: pip-audit cannot be installed; $folder/setup.log says why" >&2; exit 1; }
    touch "$folder/setup.stamp"
fi

for pinned in runtime dev docs; do
    "$folder/venv/bin/pip-audit" --require-hashes --disable-pip --progress-spinner off --timeout 15 -r "requirements/$pinned.txt" >"$folder/$pinned.log" 2>&1
    status=$?
    # It says that all is well where it could look nothing up.
    if grep -q "could not be audited" "$folder/$pinned.log"; then
        say_unreachable "Python ($pinned.txt)"
    elif grep -qE "^(No known vulnerabilities|Found [0-9]+ known)" "$folder/$pinned.log"; then
        cat "$folder/$pinned.log"
        [ "$status" = 0 ] || found=1
    else
        say_unreachable "Python ($pinned.txt)"
    fi
done

scripts/npm.sh audit --json >"$folder/npm.json" 2>/dev/null
if grep -q '"auditReportVersion"' "$folder/npm.json"; then
    scripts/npm.sh audit || found=1
else
    say_unreachable "the web app"
fi
exit $found
