"""What a release checks and changes, without making one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts.release import CHANGELOG, VERSIONED, ReleaseError, check_order, find_notes, parse_version, read_version, set_version
from yeoul import __version__

REPOSITORY = Path(__file__).parents[2]
_LOG = """# Changelog

## Unreleased

## 0.2.0 - 2027-01-31

### Added

- Two.

## [0.1.0] - 2026-11-30

- One.
"""


@pytest.mark.parametrize("text", ["1.2", "v1.2.3", "1.2.3-rc1", "01.2.3", "", "1.2.3\n"])
def test_other_forms_of_versions_are_refused(text: str):
    with pytest.raises(ReleaseError, match="not a version"):
        parse_version(text)


def test_versions_are_compared_as_numbers():
    assert parse_version("0.10.0") > parse_version("0.9.12")
    check_order("0.9.0", "0.10.0")
    check_order("0.1.0", "0.1.0")
    with pytest.raises(ReleaseError, match="older"):
        check_order("0.10.0", "0.9.0")


def test_notes_are_the_section_of_the_version():
    assert find_notes(_LOG, "0.2.0") == "### Added\n\n- Two."
    assert find_notes(_LOG, "0.1.0") == "- One."


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        (_LOG, "has no section"),
        (_LOG + "\n## 0.3.0\n\n- Three.\n", "needs a date"),
        (_LOG + "\n## 0.3.0 - 2027-02-28\n", "needs a date, as in .* and a text"),
        (_LOG.replace("0.2.0", "0.3.0-rc1"), "has no section"),
    ],
)
def test_a_release_needs_a_dated_section_with_text(log: str, reason: str):
    with pytest.raises(ReleaseError, match=reason):
        find_notes(log, "0.3.0")


@pytest.mark.parametrize("name", VERSIONED)
def test_only_the_version_changes(name: str):
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    changed = set_version(name, text, "7.8.9")
    assert changed.count("7.8.9") == VERSIONED[name][1]
    assert set_version(name, changed, __version__) == text


def test_a_file_that_lost_its_version_is_refused():
    with pytest.raises(ReleaseError, match="holds its version 0 times"):
        set_version("pyproject.toml", "[project]\nname = 'x'\n", "1.0.0")


def test_dependencies_keep_their_versions():
    lock = json.loads(set_version("web/package-lock.json", (REPOSITORY / "web/package-lock.json").read_text(encoding="utf-8"), "7.8.9"))
    assert (lock["version"], lock["packages"][""]["version"]) == ("7.8.9", "7.8.9")
    assert "7.8.9" not in {package.get("version") for name, package in lock["packages"].items() if name}


def test_all_files_hold_the_same_version():
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert read_version(project) == __version__
    for name in VERSIONED:
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        assert set_version(name, text, __version__) == text, f"{name} holds another version than yeoul"


def test_the_changelog_describes_the_current_version_once():
    changelog = (REPOSITORY / CHANGELOG).read_text(encoding="utf-8")
    assert find_notes(changelog, __version__)
    assert len(re.findall(rf"^## \[?{re.escape(__version__)}\b", changelog, re.MULTILINE)) == 1
    headings = set(re.findall(r"^### (.+)$", changelog, re.MULTILINE))
    assert headings <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    items = [line for line in changelog.splitlines() if line.startswith("- ")]
    assert len(items) == len(set(items))
