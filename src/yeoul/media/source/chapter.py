"""Chapters of a source: their times from the first shown picture on, and titles that are plain text, whatever the file says."""

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
    """Returns the chapters that a container names, in order of time, counted from `zero_s` and cut to what lasts `duration_s`.

    At most 1,000; those without a length are left out.
    """
    raw = cast("list[dict[str, Any]]", cast("Any", container).chapters())
    found: list[Chapter] = []
    for position, chapter in enumerate(raw[:MAX_CHAPTERS]):
        tick = Fraction(chapter["time_base"])
        start_s, end_s = (float(chapter[name] * tick - zero_s) for name in ("start", "end"))
        title = make_line(chapter["metadata"].get("title", "")) or f"Chapter {position + 1}"
        found += _cut(start_s, end_s, title, duration_s)
    return tuple(sorted(found, key=lambda chapter: chapter.start_s))


def place_chapters(chapters: Iterable[Chapter], shift_s: float, duration_s: float) -> tuple[Chapter, ...]:
    """Returns the same, `shift_s` earlier and cut to what lasts `duration_s`; what is outside goes."""
    cut = (_cut(one.start_s - shift_s, one.end_s - shift_s, one.title, duration_s) for one in chapters)
    return tuple(itertools.chain.from_iterable(cut))


def _cut(start_s: float, end_s: float, title: str, duration_s: float) -> list[Chapter]:
    start_s, end_s = max(0.0, start_s), min(duration_s, end_s)
    return [Chapter(start_s=round(start_s, 6), end_s=round(end_s, 6), title=title)] if end_s > start_s else []
