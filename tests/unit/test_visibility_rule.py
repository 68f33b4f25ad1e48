"""Who may see a video is decided in `model/video.py`: no other module looks at `visibility` or `hidden` for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "yeoul"
_FIELDS = {"visibility", "hidden"}
# Where they are written, told or told apart, and nothing is decided by them.
_ALLOWED = {
    "model/video.py": "the decision",
    "catalog/video/listing.py": "rows of what everybody may find follow from the decision; the index begins with `visibility`",
    "catalog/queue/result.py": "what was made for an audience is not reused for another",
    "pipeline/task/input.py": "the same",
    "api/view.py": "the owner is told what was chosen",
    "api/video/videos.py": "notes in the audit log what a moderator did",
}
# Another `hidden` (packets, paths), the client's own words, and steps that are never changed again.
_ELSEWHERE = ("base", "media", "client", "cli", "catalog/migration")
_MODULES = [path for path in SOURCE.rglob("*.py") if not any(path.is_relative_to(SOURCE / folder) for folder in _ELSEWHERE)]


def find_looks(tree: ast.AST) -> Iterator[int]:
    """Lines that read one of the fields of a row or a table."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(slice=ast.Constant(value=str(name))) | ast.Attribute(attr=name, ctx=ast.Load()):
                looked_at = name
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_]):
                looked_at = name
            case _:
                continue
        if looked_at in _FIELDS:
            yield node.lineno


def test_no_other_module_decides():
    found = {
        str(path.relative_to(SOURCE)): lines for path in _MODULES if (lines := list(find_looks(ast.parse(path.read_text(), str(path)))))
    }
    assert {name: lines for name, lines in found.items() if name not in _ALLOWED} == {}
    assert set(_ALLOWED) <= set(found), "a module that no longer looks needs no leave"


@pytest.mark.parametrize("line", ['row["hidden"]', 'row.get("visibility")', "video.c.hidden", "body.visibility"])
def test_the_rule_sees_each_way_to_look(line: str):
    assert list(find_looks(ast.parse(line))) == [1]
