"""Finds a bounded number of candidates in the catalogue; `ranking` computes their scores."""

from __future__ import annotations

from sqlalchemy import Connection

from yeoul.catalog.account import channel
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.video import grams, listing
from yeoul.discovery.ranking import Filter, RankedRow, make_score, make_similarity, make_sort_key
from yeoul.model.gram import fold, make_queries, make_trigrams, split_words

_MAX_EXACT = 300  # the newest exact matches are ranked, and titles that start with the query
_MAX_TITLES = 50
_MAX_NEAR = 150
_ENOUGH_EXACT = 50  # with so many exact matches, matches with typing errors are not searched
_MAX_RELATED = 100


def search(connection: Connection, text: str, filters: Filter, after: tuple[float, str] | None, limit: int) -> list[RankedRow]:
    """Returns matching rows of the listing with their `rank`, best first. after: (rank, video id) of the previous page's last row."""
    folded = fold(text)
    query = make_queries(folded)
    if not query:
        return []
    ids = set(grams.find_exact(connection, query, _MAX_EXACT)) | set(listing.find_by_title_prefix(connection, folded, _MAX_TITLES))
    if len(ids) < _ENOUGH_EXACT:
        ids |= set(grams.find_near(connection, query, _MAX_NEAR))
    rows = [row for row in listing.by_id(connection, sorted(ids)) if filters.matches(row)]
    ranked: list[RankedRow] = [{**row, "rank": filters.rank(row, score)} for row in rows if (score := make_score(row, folded, query)) > 0]
    ranked.sort(key=make_sort_key, reverse=True)
    return [row for row in ranked if after is None or make_sort_key(row) < after][:limit]


def suggest(connection: Connection, text: str, limit: int) -> tuple[list[str], list[str]]:
    """Returns (ids of videos by title prefix, handles of channels by prefix); titles with the most views come first."""
    folded = fold(text)
    if not folded:
        return [], []
    rows = listing.by_id(connection, listing.find_by_title_prefix(connection, folded, _MAX_TITLES))
    rows.sort(key=lambda row: (-row["views"], row["title"], row["video_id"]))
    first = {row["title"]: str(row["video_id"]) for row in reversed(rows)}  # of equal titles, the one with the most views
    shown = [str(row["video_id"]) for row in rows if first[row["title"]] == row["video_id"]]
    handles = [str(row["handle"]) for row in channel.find_by_prefix(connection, folded, limit) if row["handle"].startswith(folded)]
    return shown[:limit], handles


def related(connection: Connection, video: VideoRow, limit: int) -> list[str]:
    """Returns ids of listed videos similar to this one, most similar first, followed by trending videos up to the limit."""
    text = fold(" ".join([video["title"], *video["tags"]]))
    query = sorted(make_queries(text, limit=20), key=lambda word: -len(word.word))[:8]
    candidates = grams.find_any(connection, query, _MAX_RELATED)
    rows = [*listing.by_id(connection, candidates), *listing.of_channel(connection, video["owner_id"], None, limit)]
    own_grams, own_words = make_trigrams(text), frozenset(split_words(text))
    ranked = sorted(
        rows, key=lambda row: (-make_similarity(row, own_grams, own_words, video["owner_id"]), -row["created_at"], row["video_id"])
    )
    ranked += listing.trending(connection, None, limit + 1)
    ids = dict.fromkeys(str(row["video_id"]) for row in ranked)
    ids.pop(video["id"], None)
    return list(ids)[:limit]
