"""docs/errors.md: the words are written by hand, and codes, HTTP statuses and retry come from the error classes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scripts.manual.markdown import make_table, read_docstring
from yeoul.base.errors import YeoulError, error_codes

_HEAD = ("code", "HTTP", "retry", "what it means", "what to do")
_TABLE = re.compile(r"\| code \|[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)")
_ROW = re.compile(r"^\| `([a-z._]+)` \| [^|]* \| [^|]* \| (.+?) \| (.+?) \|$", re.MULTILINE)


def make_errors(page: str) -> str:
    """Returns docs/errors.md with the facts of the code: removes rows of codes that are gone, adds a row for each new code.

    A new row goes to the last table that has a code of the same area, or else to the last table of the page. It gets the docstring of
    its class, which the author of the class then replaces by words for users.
    """
    codes = error_codes()
    tables = list(_TABLE.finditer(page))
    listed = [[code for code, _, _ in _ROW.findall(table[1])] for table in tables]
    words = {code: (meaning, remedy) for table in tables for code, meaning, remedy in _ROW.findall(table[1])}
    for code in codes:
        if code not in words:
            listed[_find_table(code, listed)].append(code)
    parts: list[str] = []
    end = 0
    for table, names in zip(tables, listed, strict=True):
        parts += [page[end : table.start()], make_table(_HEAD, _make_rows(names, codes, words))]
        end = table.end()
    return "".join([*parts, page[end:]])


def _find_table(code: str, listed: list[list[str]]) -> int:
    area = code.partition(".")[0]
    return max((number for number, names in enumerate(listed) if any(name.startswith(f"{area}.") for name in names)), default=-1)


def _make_rows(names: list[str], codes: dict[str, type[YeoulError]], words: dict[str, tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    for name in names:
        if name in codes:
            cls = codes[name]
            meaning, remedy = words.get(name) or (read_docstring(cls.__doc__)[0], "Read the message.")
            yield f"`{name}`", str(cls.http_status), "yes" if cls.retryable else "no", meaning, remedy
