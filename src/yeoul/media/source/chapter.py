"""Chapters of a source: times relative to the first displayed frame, and titles reduced to plain text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final, cast

from av.container import InputContainer

from yeoul.model.plain import make_line
from yeoul.model.source import Chapter

MAX_CHAPTERS: Final = 1000


def read_chapters(container: InputContainer, zero_s: Fraction, duration_s: float) -> tuple[Chapter, ...]:
    """Returns the chapters of a container, in order of time, with times relative to `zero_s` and limited to 0 to `duration_s`.

    Reads at most 1,000 chapters, and leaves out those without a length.
    """
    entries = cast("list[dict[str, Any]]", cast("Any", container).chapters())
    chapters: list[Chapter] = []
    for position, entry in enumerate(entries[:MAX_CHAPTERS]):
        tick = Fraction(entry["time_base"])
        start_s, end_s = (float(entry[name] * tick - zero_s) for name in ("start", "end"))
        title = make_line(entry["metadata"].get("title", "")) or f"Chapter {position + 1}"
        chapters += _limit_chapter(start_s, end_s, title, duration_s)
    return tuple(sorted(chapters, key=lambda chapter: chapter.start_s))


def shift_chapters(chapters: Iterable[Chapter], shift_s: float, duration_s: float) -> tuple[Chapter, ...]:
    """Returns chapters moved `shift_s` earlier and limited to 0 to `duration_s`; leaves out those outside of that range."""
    placed = (_limit_chapter(chapter.start_s - shift_s, chapter.end_s - shift_s, chapter.title, duration_s) for chapter in chapters)
    return tuple(itertools.chain.from_iterable(placed))


def _limit_chapter(start_s: float, end_s: float, title: str, duration_s: float) -> list[Chapter]:
    start_s, end_s = max(0.0, start_s), min(duration_s, end_s)
    return [Chapter(start_s=round(start_s, 6), end_s=round(end_s, 6), title=title)] if end_s > start_s else []
