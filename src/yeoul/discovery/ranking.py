"""Scores of search results and related videos. Pure. Except when sorting by views, ranks do not change between pages of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from yeoul.catalog.schema.row.videos import ListingRow
from yeoul.catalog.video.listing import ListingHitRow
from yeoul.model.gram import Grams, WordQuery, decompose_hangul, make_trigrams, make_word_trigrams, split_words

_TITLE, _REST = 1.0, 0.4  # weight of a word in the title and elsewhere
_MIN_SHARE = 0.3  # share of a word's trigrams that another word must have to count as the same word with a typing error
_DAY_S = 86400.0


class RankedRow(ListingHitRow):
    """A search result. rank: the value by which the results are sorted, descending."""

    rank: float


class Sort(StrEnum):
    """The order of search results."""

    RELEVANCE = "relevance"
    NEW = "new"
    VIEWS = "views"


class Duration(StrEnum):
    """A filter by duration: under 4 minutes, up to 20, longer."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Since(StrEnum):
    """A filter by maximum age."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_DURATION_S = {Duration.SHORT: (0.0, 240.0), Duration.MEDIUM: (240.0, 1200.0), Duration.LONG: (1200.0, float("inf"))}
_SINCE_S = {Since.DAY: _DAY_S, Since.WEEK: 7 * _DAY_S, Since.MONTH: 31 * _DAY_S, Since.YEAR: 366 * _DAY_S}


@dataclass(frozen=True)
class Filter:
    """Filters and order of search results. height: minimum height of the short side."""

    now_s: float
    sort: Sort = Sort.RELEVANCE
    duration: Duration | None = None
    since: Since | None = None
    height: int | None = None

    def matches(self, row: ListingRow) -> bool:
        """True if a row of the listing passes all filters."""
        if self.since is not None and row["created_at"] < self.now_s - _SINCE_S[self.since]:
            return False
        if self.height is not None and (row["height"] or 0) < self.height:
            return False
        if self.duration is None:
            return True
        low, high = _DURATION_S[self.duration]
        return row["duration_s"] is not None and low <= row["duration_s"] < high

    def rank(self, row: ListingHitRow, score: float) -> float:
        """Returns the value by which the row is sorted, descending. score: its relevance."""
        match self.sort:
            case Sort.NEW:
                return float(row["created_at"])
            case Sort.VIEWS:
                return float(row["views"])
            case Sort.RELEVANCE:
                return score


def make_sort_key(row: RankedRow) -> tuple[float, str]:
    """Returns the sort key of a ranked row. Ids grow with time, so the newer of two equal rows comes first."""
    return float(row["rank"]), str(row["video_id"])


def make_score(row: ListingRow, folded: str, query: Sequence[WordQuery]) -> float:
    """Returns how well a row matches a folded query; 0 if one of the query's words is missing."""
    scores = [_score_word(row, word) for word in query]
    if not all(scores):
        return 0.0
    title: str = row["title"]
    bonus = 1.0 if title == folded else 0.5 if title.startswith(folded) else 0.25 if folded in title else 0.0
    return round(sum(scores) / len(scores) + bonus, 6)


def _score_word(row: ListingRow, query: WordQuery) -> float:
    for weight, text in ((_TITLE, row["title"]), (_REST, row["words"])):
        if _contains(text, query.word):
            return weight * (1.0 if f" {query.word}" in f" {text}" else 0.9)
    if not query.near:
        return 0.0
    grams = make_word_trigrams(query.word)
    return max(0.8 * _TITLE * _find_best_share(row["title"], grams), 0.8 * _REST * _find_best_share(row["words"], grams))


def _contains(text: str, word: str) -> bool:
    """True if the text contains the word. One or two ASCII letters match only at the start of a word."""
    if len(word) < 3 and decompose_hangul(word) == word and word.isascii():
        return any(other.startswith(word) for other in split_words(text))
    return word in text


def _find_best_share(text: str, grams: frozenset[str]) -> float:
    """Returns the largest share of the trigrams that a word of the text contains; 0 if it is too small for a typing error."""
    best = max((len(grams & make_word_trigrams(word)) / len(grams) for word in split_words(text)), default=0.0)
    return best if best >= _MIN_SHARE else 0.0


def make_similarity(row: ListingRow, own_grams: Grams, own_words: frozenset[str], owner_id: str) -> float:
    """Returns the similarity of a row to a video, from shared trigrams and words, and the channel.

    own_grams, own_words: of the video's title and tags; owner_id: the video's owner.
    """
    grams = make_trigrams(row["title"])
    gram_share = len(own_grams & grams) / len(own_grams | grams) if own_grams and grams else 0.0
    word_share = len(own_words.intersection(split_words(row["words"]))) / max(1, len(own_words))
    return round(gram_share + 0.3 * word_share + (0.2 if row["owner_id"] == owner_id else 0.0), 6)
