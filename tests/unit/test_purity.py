"""Pure modules call nothing that asks the outside world; what they may import is import-linter's part of the same contract."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
OUTSIDE = {"open", "print", "input", "eval", "exec", "__import__", "breakpoint"}


def _pure_files() -> Iterator[Path]:
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    modules = next(contract["source_modules"] for contract in contracts if contract["id"] == "pure")
    for module in modules:
        path = REPOSITORY / "src" / module.replace(".", "/")
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def impurities(tree: ast.Module) -> list[str]:
    """What a module does that a pure one may not, with line numbers."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith | ast.Global):
            found.append(f"{node.lineno}: {type(node).__name__}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OUTSIDE:
            found.append(f"{node.lineno}: {node.func.id}()")
    return found


@pytest.mark.parametrize("path", list(_pure_files()), ids=lambda path: str(path.relative_to(REPOSITORY / "src" / "yeoul")))
def test_pure(path: Path):
    assert impurities(ast.parse(path.read_text())) == []


def test_the_check_finds_what_it_is_for():
    tree = ast.parse("async def f():\n    await g()\ndef h():\n    global x\n    return open('a').read()\n")
    assert sorted(impurities(tree)) == ["1: AsyncFunctionDef", "2: Await", "4: Global", "5: open()"]
