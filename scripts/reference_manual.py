"""Writes docs/errors.md and docs/reference/*.md from the code: `.venv/bin/python scripts/reference_manual.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scripts.manual.cli import make_cli
from scripts.manual.error_table import make_errors
from scripts.manual.http_api import make_http_api
from scripts.manual.metric import make_metrics
from scripts.manual.operation import make_operations

REPOSITORY = Path(__file__).parents[1]
ERRORS = REPOSITORY / "docs" / "errors.md"
REFERENCE = REPOSITORY / "docs" / "reference"


def _make_errors() -> str:
    return make_errors(ERRORS.read_text(encoding="utf-8"))


PAGES: Mapping[Path, Callable[[], str]] = {
    ERRORS: _make_errors,
    REFERENCE / "cli.md": make_cli,
    REFERENCE / "http-api.md": make_http_api,
    REFERENCE / "metrics.md": make_metrics,
    REFERENCE / "operations.md": make_operations,
}


def main() -> None:
    """Writes all pages."""
    REFERENCE.mkdir(exist_ok=True)
    for path, make_page in PAGES.items():
        path.write_text(make_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
