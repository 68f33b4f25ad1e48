"""The generated pages of the reference say what the code says."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.manual.api_error import COMMON, find_errors
from scripts.manual.error_table import make_errors
from scripts.manual.http_api import make_http_api
from scripts.manual.markdown import escape_html, make_anchor, make_table, read_docstring
from scripts.manual.schema import write_limits, write_schema, write_type
from scripts.reference_manual import ERRORS, PAGES, REFERENCE
from tests.contract.route_table import ROUTES
from yeoul.base.errors import ConflictError, NotFoundError, UploadClosedError, UploadIncompleteError, YeoulError, error_codes

REMEDY = "run `make manual`"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_page_is_what_the_code_says(path: Path):
    assert path.read_text(encoding="utf-8") == PAGES[path](), REMEDY


def test_every_page_of_the_folder_is_generated():
    assert {path for path in PAGES if path != ERRORS} == set(REFERENCE.glob("*.md"))


@pytest.mark.parametrize("name", ROUTES)
def test_every_route_has_a_section(name: str):
    method, path = name.split()
    page = (REFERENCE / "http-api.md").read_text(encoding="utf-8")
    assert re.search(rf"^### `{method} (/api/v1)?{re.escape(path)}`$", page, re.MULTILINE)


@pytest.mark.parametrize("path", [path for path in PAGES if path != ERRORS], ids=lambda path: path.name)
def test_headings_of_a_page_have_anchors_of_their_own_and_links_lead_to_one(path: Path):
    page = path.read_text(encoding="utf-8")
    anchors = [make_anchor(heading) for heading in re.findall(r"^##+ (.+)$", page, re.MULTILINE)]
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(anchors)


def test_two_runs_give_the_same_page():
    assert make_http_api() == make_http_api()


# --- tables and types ---


def test_cells_keep_their_bars_and_stay_on_one_line():
    assert make_table(("a", "b"), [("x|y", "one\n  two"), (r"\|", "")]) == "| a | b |\n|---|---|\n| x\\|y | one two |\n| \\| |  |\n"
    assert make_table(("a",), []) == ""


def test_tags_are_escaped_outside_of_code():
    assert escape_html("a <b> `<c>` <d>") == "a &lt;b> `<c>` &lt;d>"


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer"}, "integer"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"enum": ["a", "b"]}, '`"a"`, `"b"`'),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Piece"}}, "list of [Piece](#type-piece)"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]}, "[string, number]"),
        ({"type": "object", "additionalProperties": {"$ref": "#/x/Other"}}, "object of `Other`"),
        ({"type": "object", "additionalProperties": True}, "object"),
        ({"const": 1}, "`1`"),
        ({}, "any JSON value"),
    ],
)
def test_types_are_words(schema: dict[str, object], text: str):
    assert write_type(schema, {"Piece"}) == text


def test_limits_are_words():
    assert write_limits({"minimum": 0.0, "exclusiveMaximum": 2.5}) == "≥ 0, < 2.5"
    assert write_limits({"anyOf": [{"type": "string", "maxLength": 8}, {"type": "null"}]}) == "at most 8 characters"


def test_fields_say_what_is_required_and_what_the_default_is():
    schema = {
        "properties": {"a": {"type": "string"}, "b": {"type": "boolean", "default": False, "description": "On or off."}},
        "required": ["a"],
    }
    assert write_schema(schema).splitlines()[2:] == ["| `a` | string | required |  |", "| `b` | boolean | `false` | On or off |"]


# --- errors ---

_PAGE = """# Errors

## upload

| code | HTTP | retry | what it means | what to do |
|---|---|---|---|---|
| `upload.closed` | 500 | yes | Hand-written. | Open another. |
| `upload.gone_for_years` | 409 | no | Old. | Nothing. |

The end.
"""


def test_the_table_of_errors_keeps_words_and_takes_facts_from_the_code():
    page = make_errors(_PAGE)
    assert "| `upload.closed` | 409 | no | Hand-written. | Open another. |\n" in page
    assert "gone_for_years" not in page
    assert page.startswith("# Errors\n\n## upload\n") and page.endswith("\nThe end.\n")


def test_a_new_error_gets_a_row_with_its_docstring():
    page = make_errors(_PAGE)
    row = next(line for line in page.splitlines() if line.startswith("| `upload.incomplete` |"))
    assert read_docstring(UploadIncompleteError.__doc__)[0] in row
    assert set(re.findall(r"^\| `([a-z._]+)` \|", page, re.MULTILINE)) == set(error_codes())


def test_common_errors_exist():
    assert set(COMMON) <= set(error_codes())


class _Service:
    def close(self) -> None:
        """Raises UploadClosedError if it is closed already."""


def _look_up(name: str) -> None:
    raise NotFoundError(f"there is no {name}")


def _raise_directly(service: argparse.Namespace) -> None:
    def inner() -> None:
        raise ConflictError("in use")

    if service:
        inner()


def _raise_by_calls() -> None:
    raise _make_error()


def _make_error() -> YeoulError:
    return ConflictError("made elsewhere")


@pytest.mark.parametrize(
    ("function", "expected"),
    [(_look_up, [NotFoundError]), (_raise_directly, [ConflictError]), (_raise_by_calls, []), (_Service.close, [UploadClosedError])],
)
def test_errors_are_found_in_code_and_docstrings(function: Callable[..., None], expected: list[type[YeoulError]]):
    """Calls are followed inside of Yeoul's packages only, so that one of this file's functions is not."""
    assert find_errors([function]) == expected
