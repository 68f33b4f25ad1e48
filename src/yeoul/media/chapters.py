"""Chapters of a source: their times from the first shown picture on, and titles that are plain text, whatever the file says."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final, cast

from av.container import InputContainer

from yeoul.model.source import Chapter

MAX_CHAPTERS: Final = 1000
MAX_TITLE: Final = 200


def read_chapters(container: InputContainer, zero_s: Fraction) -> tuple[Chapter, ...]:
    """The chapters that a container names, in order of time, counted from `zero_s`; at most 1,000, those without a length left out."""
    raw = cast("list[dict[str, Any]]", cast("Any", container).chapters())
    found: list[Chapter] = []
    for position, chapter in enumerate(raw[:MAX_CHAPTERS]):
        tick = Fraction(chapter["time_base"])
        start_s, end_s = (float(chapter[name] * tick - zero_s) for name in ("start", "end"))
        if end_s > start_s:
            found.append(Chapter(start_s=start_s, end_s=end_s, title=_plain(chapter["metadata"].get("title", ""), position)))
    return tuple(sorted(found, key=lambda chapter: chapter.start_s))


def place_chapters(chapters: Iterable[Chapter], shift_s: float, duration_s: float) -> tuple[Chapter, ...]:
    """The same, `shift_s` earlier and cut to what lasts `duration_s`; what is outside goes."""
    found: list[Chapter] = []
    for chapter in chapters:
        start_s, end_s = max(0.0, chapter.start_s - shift_s), min(duration_s, chapter.end_s - shift_s)
        if end_s > start_s:
            found.append(Chapter(start_s=round(start_s, 6), end_s=round(end_s, 6), title=chapter.title))
    return tuple(found)


def _plain(title: str, position: int) -> str:
    """One line without control characters, of at most 200 characters; a number where nothing is left."""
    spaced = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in title)
    kept = "".join(letter for letter in spaced if unicodedata.category(letter) not in ("Cf", "Cs", "Co", "Cn"))
    return " ".join(kept.split())[:MAX_TITLE] or f"Chapter {position + 1}"
