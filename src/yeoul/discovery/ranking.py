"""What a found video is worth. Pure; depends on nothing that changes while pages are turned, but for the views where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yeoul.model.gram import Grams, WordQuery, letters, trigrams, word_trigrams, words

Row = Mapping[str, Any]
_TITLE, _REST = 1.0, 0.4  # worth of a word in the title and elsewhere
_ALIKE = 0.3  # share of a word's trigrams that must be in one other word, or it is another word
_DAY_S = 86400.0


class Sort(StrEnum):
    """By what search results are ordered."""

    RELEVANCE = "relevance"
    NEW = "new"
    VIEWS = "views"


class Duration(StrEnum):
    """Under 4 minutes, up to 20, longer."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Since(StrEnum):
    """How long ago at most."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_DURATION_S = {Duration.SHORT: (0.0, 240.0), Duration.MEDIUM: (240.0, 1200.0), Duration.LONG: (1200.0, float("inf"))}
_SINCE_S = {Since.DAY: _DAY_S, Since.WEEK: 7 * _DAY_S, Since.MONTH: 31 * _DAY_S, Since.YEAR: 366 * _DAY_S}


@dataclass(frozen=True)
class Filter:
    """What is wanted, and in which order. height: of the short side, at least."""

    now_s: float
    sort: Sort = Sort.RELEVANCE
    duration: Duration | None = None
    since: Since | None = None
    height: int | None = None

    def fits(self, row: Row) -> bool:
        """Whether a row of the listing is wanted."""
        if self.since is not None and row["created_at"] < self.now_s - _SINCE_S[self.since]:
            return False
        if self.height is not None and (row["height"] or 0) < self.height:
            return False
        if self.duration is None:
            return True
        low, high = _DURATION_S[self.duration]
        return row["duration_s"] is not None and low <= row["duration_s"] < high

    def rank(self, row: Row, score: float) -> float:
        """By what the row is placed."""
        match self.sort:
            case Sort.NEW:
                return float(row["created_at"])
            case Sort.VIEWS:
                return float(row["views"])
            case Sort.RELEVANCE:
                return score


def place_of(row: Row) -> tuple[float, str]:
    """Where a ranked row stands; ids grow with time, so that of equals the newer is first."""
    return float(row["rank"]), str(row["video_id"])


def make_score(row: Row, folded: str, query: Sequence[WordQuery]) -> float:
    """How well a row fits a folded query; 0 where one of its words is missing."""
    worths = [_worth(row, word) for word in query]
    if not all(worths):
        return 0.0
    title: str = row["title"]
    bonus = 1.0 if title == folded else 0.5 if title.startswith(folded) else 0.25 if folded in title else 0.0
    return round(sum(worths) / len(worths) + bonus, 6)


def _worth(row: Row, query: WordQuery) -> float:
    for worth, text in ((_TITLE, row["title"]), (_REST, row["words"])):
        if _holds(text, query.word):
            return worth * (1.0 if f" {query.word}" in f" {text}" else 0.9)
    if not query.near:
        return 0.0
    wanted = word_trigrams(query.word)
    return max(0.8 * _TITLE * _likest(row["title"], wanted), 0.8 * _REST * _likest(row["words"], wanted))


def _holds(text: str, word: str) -> bool:
    """Whether a word stands in a text; one or two letters of an alphabet only where words begin."""
    if len(word) < 3 and letters(word) == word and word.isascii():
        return any(other.startswith(word) for other in words(text))
    return word in text


def _likest(text: str, wanted: frozenset[str]) -> float:
    """The largest share of trigrams that one word of the text has, if it is enough to be the same word with a wrong letter."""
    best = max((len(wanted & word_trigrams(word)) / len(wanted) for word in words(text)), default=0.0)
    return best if best >= _ALIKE else 0.0


def make_likeness(row: Row, mine: Grams, said: frozenset[str], owner_id: str) -> float:
    """How much a row is like a video whose title and tags have these trigrams and words: what they share, and the channel."""
    other = trigrams(row["title"])
    shared = len(mine & other) / len(mine | other) if mine and other else 0.0
    tagged = len(said.intersection(words(row["words"]))) / max(1, len(said))
    return round(shared + 0.3 * tagged + (0.2 if row["owner_id"] == owner_id else 0.0), 6)
