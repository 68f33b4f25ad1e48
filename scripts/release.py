"""Makes a release: `make release VERSION=1.2.3`.

Checks that nothing is uncommitted and that CHANGELOG.md describes the version, writes the version into all files that hold it, runs
`make check`, builds the wheel, commits the changed files and tags the commit. Nothing is pushed. If a step fails, the files get their
old content back.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
CHANGELOG = "CHANGELOG.md"
# For each file, a pattern whose first group stands before the version, and how often the version must occur there.
VERSIONED: Mapping[str, tuple[re.Pattern[str], int]] = {
    "pyproject.toml": (re.compile(r'^(version = ")[^"]*(?=")', re.MULTILINE), 1),
    "src/yeoul/__init__.py": (re.compile(r'^(__version__ = ")[^"]*(?=")', re.MULTILINE), 1),
    "web/package.json": (re.compile(r'^(  "version": ")[^"]*(?=")', re.MULTILINE), 1),
    # The package itself stands twice: at the top, and as the first entry of `packages`.
    "web/package-lock.json": (re.compile(r'("name": "yeoul-web",\n\s*"version": ")[^"]*(?=")'), 2),
}
_VERSION = re.compile(r"(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)")
_HEADING = re.compile(r"^## \[?([^\]\s]+)\]?(?: - (\d{4}-\d{2}-\d{2}))?\s*$", re.MULTILINE)


class ReleaseError(Exception):
    """The release cannot be made; the message says what to do."""


def parse_version(text: str) -> tuple[int, ...]:
    """Returns a version as numbers. Raises ReleaseError if it is not MAJOR.MINOR.PATCH (semver.org, clause 2)."""
    if not _VERSION.fullmatch(text):
        raise ReleaseError(f"{text!r} is not a version: write MAJOR.MINOR.PATCH, such as 1.2.3")
    return tuple(int(part) for part in text.split("."))


def find_notes(changelog: str, version: str) -> str:
    """Returns the text of a version's section. Raises ReleaseError if the section, its date or its text is missing."""
    headings = list(_HEADING.finditer(changelog))
    for number, heading in enumerate(headings):
        if heading[1] == version:
            end = headings[number + 1].start() if number + 1 < len(headings) else len(changelog)
            notes = changelog[heading.end() : end].strip()
            if heading[2] is None or not notes:
                raise ReleaseError(f"{CHANGELOG}: the section of {version} needs a date, as in `## {version} - 2027-01-31`, and a text")
            return notes
    raise ReleaseError(f"{CHANGELOG} has no section for {version}: add `## {version} - YYYY-MM-DD`")


def set_version(name: str, text: str, version: str) -> str:
    """Returns the text of a file of VERSIONED with another version. Raises ReleaseError if the version is not found as often as it must."""
    pattern, expected = VERSIONED[name]
    changed, count = pattern.subn(rf"\g<1>{version}", text)
    if count != expected:
        raise ReleaseError(f"{name} holds its version {count} times, not {expected}: correct VERSIONED in scripts/release.py")
    return changed


def read_version(text: str) -> str:
    """Returns the version that pyproject.toml holds."""
    found = re.search(r'^version = "([^"]*)"', text, re.MULTILINE)
    if found is None:
        raise ReleaseError("pyproject.toml holds no version")
    return found[1]


def check_order(current: str, version: str) -> None:
    """Raises ReleaseError if a version is older than the current one."""
    if parse_version(version) < parse_version(current):
        raise ReleaseError(f"{version} is older than {current}")


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=REPOSITORY, check=False).returncode != 0:
        raise ReleaseError(f"`{' '.join(command)}` failed")


def _read_git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.strip()


def release(version: str) -> None:
    """Makes the release. Raises ReleaseError, with all files as they were."""
    parse_version(version)
    if _read_git("status", "--porcelain"):
        raise ReleaseError("the tree has uncommitted changes: commit or remove them first")
    if _read_git("tag", "--list", f"v{version}"):
        raise ReleaseError(f"the tag v{version} exists already")
    notes = find_notes((REPOSITORY / CHANGELOG).read_text(encoding="utf-8"), version)
    texts = {name: (REPOSITORY / name).read_text(encoding="utf-8") for name in VERSIONED}
    check_order(read_version(texts["pyproject.toml"]), version)
    changed = {name: set_version(name, text, version) for name, text in texts.items()}
    try:
        _write(changed)
        _run("make", "check")
        _run("make", "dist")
    except BaseException:
        _write(texts)
        raise
    if changed != texts:
        _run("git", "commit", "--quiet", "--message", f"Release {version}", "--", *VERSIONED)
    _run("git", "tag", "--annotate", f"v{version}", "--cleanup=verbatim", "--message", f"Yeoul {version}\n\n{notes}")


def _write(texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (REPOSITORY / name).write_text(text, encoding="utf-8")


def main() -> int:
    """Makes the release that the command line names; returns the exit code."""
    if len(sys.argv) != 2:
        print("usage: make release VERSION=1.2.3", file=sys.stderr)
        return 2
    try:
        release(sys.argv[1])
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print(f"tagged v{sys.argv[1]}; the wheel is in dist. Push both: git push --follow-tags")
    return 0


if __name__ == "__main__":
    sys.exit(main())
