"""Markdown that the pages of the reference share: tables, anchors, and text of docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence

_PARAGRAPH = re.compile(r"\n\s*\n")


def make_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Returns a table that ends with a newline; "" if there are no rows. Bars and line breaks in cells are escaped."""
    body = ["| " + " | ".join(_escape_cell(cell) for cell in row) + " |\n" for row in rows]
    if not body:
        return ""
    return f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n{''.join(body)}"


def _escape_cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", re.sub(r"\s*\n\s*", " ", text)).strip()


def make_anchor(heading: str) -> str:
    """Returns the anchor that the site, and GitHub, give to a heading."""
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def read_docstring(text: str | None) -> list[str]:
    """Returns the paragraphs of a docstring, each on one line; [] if there is none."""
    clean = inspect.cleandoc(text or "")
    return [re.sub(r"\s*\n\s*", " ", paragraph) for paragraph in _PARAGRAPH.split(clean) if paragraph]


def join_paragraphs(text: str | None) -> str:
    """Returns a docstring as Markdown paragraphs, with a newline at the end; "" if there is none."""
    return "".join(f"{escape_html(paragraph)}\n\n" for paragraph in read_docstring(text))


def escape_html(text: str) -> str:
    """Escapes `<` outside of code spans, which Markdown would read as a tag."""
    parts = text.split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))
