"""The index of grams behind search: FTS5 on SQLite, a GIN index over arrays on PostgreSQL. Both hold the grams of `model.gram`.

FTS5's own trigrams and pg_trgm know no words of one or two characters, and pg_trgm no Hangul where the database's locale is C;
with grams of our own both answer alike, and PostgreSQL needs no extension, which not every role may create.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, text

from yeoul.model.gram import Grams, WordQuery, make_grams

_PLAIN = re.compile(r"[a-z0-9]+")


class GramIndex(Protocol):
    """What knows in which rows of the listing grams stand."""

    def make(self, connection: Connection) -> None:
        """Make the table."""
        ...

    def put(self, connection: Connection, listing_id: int, grams: Grams) -> None:
        """Set the grams of a row."""
        ...

    def drop(self, connection: Connection, listing_id: int) -> None:
        """Forget a row."""
        ...

    def condition(self, query: Sequence[Sequence[Grams]]) -> tuple[str, dict[str, Any]]:
        """(SQL that selects ids, newest row first, of rows that hold for each word all grams of one of its choices; its values)."""
        ...


class _Fts5:
    def make(self, connection: Connection) -> None:
        # Grams are ASCII words; where in the text they stand is not asked.
        connection.execute(text("CREATE VIRTUAL TABLE gram USING fts5(grams, tokenize = 'ascii', detail = none, columnsize = 0)"))

    def put(self, connection: Connection, listing_id: int, grams: Grams) -> None:
        self.drop(connection, listing_id)
        values = {"id": listing_id, "grams": " ".join(sorted(map(_token, grams)))}
        connection.execute(text("INSERT INTO gram (rowid, grams) VALUES (:id, :grams)"), values)

    def drop(self, connection: Connection, listing_id: int) -> None:
        connection.execute(text("DELETE FROM gram WHERE rowid = :id"), {"id": listing_id})

    def condition(self, query: Sequence[Sequence[Grams]]) -> tuple[str, dict[str, Any]]:
        match = " AND ".join(f"({' OR '.join(map(_all_of, choices))})" for choices in query)
        return "SELECT rowid AS id FROM gram WHERE gram MATCH :match ORDER BY rowid DESC LIMIT :most", {"match": match}


class _Gin:
    def make(self, connection: Connection) -> None:
        connection.execute(text("CREATE TABLE gram (id BIGINT PRIMARY KEY, grams TEXT[] NOT NULL)"))
        connection.execute(text("CREATE INDEX gram_grams ON gram USING gin (grams)"))

    def put(self, connection: Connection, listing_id: int, grams: Grams) -> None:
        statement = "INSERT INTO gram (id, grams) VALUES (:id, :grams) ON CONFLICT (id) DO UPDATE SET grams = excluded.grams"
        connection.execute(text(statement), {"id": listing_id, "grams": sorted(grams)})

    def drop(self, connection: Connection, listing_id: int) -> None:
        connection.execute(text("DELETE FROM gram WHERE id = :id"), {"id": listing_id})

    def condition(self, query: Sequence[Sequence[Grams]]) -> tuple[str, dict[str, Any]]:
        fixed: Grams = frozenset[str]().union(*(choices[0] for choices in query if len(choices) == 1))
        values: dict[str, Any] = {}
        words: list[str] = []
        for choices in [choices for choices in query if len(choices) > 1] or [[fixed]]:
            names = [f"grams{len(values) + at}" for at in range(len(choices))]
            values |= {name: sorted(grams | fixed) for name, grams in zip(names, choices, strict=True)}
            # Each choice is looked up by itself: for an OR of many the planner finds reading the whole table cheaper, and is wrong.
            words.append(" UNION ".join(f"SELECT id FROM gram WHERE grams @> CAST(:{name} AS TEXT[])" for name in names))  # noqa: S608
        # Materialized: or the planner walks the primary key backwards in the hope of meeting matches soon.
        found = f"WITH hit AS MATERIALIZED (({') INTERSECT ('.join(words)}))"
        return f"{found} SELECT id FROM hit ORDER BY id DESC LIMIT :most", values  # noqa: S608 (names of our own)


def _token(gram: str) -> str:
    """A gram as one ASCII word of letters and digits."""
    return f"a{gram}" if _PLAIN.fullmatch(gram) else "b" + gram.encode().hex()


def _all_of(grams: Collection[str]) -> str:
    return f"({' AND '.join(sorted(map(_token, grams)))})"


def gram_index(connection: Connection) -> GramIndex:
    """The index of this database."""
    return _Fts5() if connection.dialect.name == "sqlite" else _Gin()


def make_gram_table(connection: Connection) -> None:
    """Make what the index needs; it is no table of the schema, since each database has its own."""
    gram_index(connection).make(connection)


def put(connection: Connection, listing_id: int, folded: str) -> None:
    """Index a row of the listing by its folded text."""
    gram_index(connection).put(connection, listing_id, make_grams(folded))


def put_many(connection: Connection, texts: Mapping[int, str]) -> None:
    """Index many rows by their folded texts."""
    index = gram_index(connection)
    for listing_id, folded in texts.items():
        index.put(connection, listing_id, make_grams(folded))


def drop(connection: Connection, listing_id: int) -> None:
    """Forget a row of the listing."""
    gram_index(connection).drop(connection, listing_id)


def find_exact(connection: Connection, query: Sequence[WordQuery], most: int) -> list[int]:
    """Rows that hold all words, newest first, at most `most`."""
    return _find(connection, [[word.exact] for word in query], most)


def find_near(connection: Connection, query: Sequence[WordQuery], most: int) -> list[int]:
    """The same, where each word may have one wrong letter."""
    return _find(connection, [[word.exact, *word.near] for word in query], most)


def find_any(connection: Connection, query: Sequence[WordQuery], most: int) -> list[int]:
    """Rows that hold any of the words."""
    return _find(connection, [[word.exact for word in query]], most)


def _find(connection: Connection, choices: Sequence[Sequence[Grams]], most: int) -> list[int]:
    if not choices or not all(choices):
        return []
    statement, values = gram_index(connection).condition(choices)
    return list(connection.execute(text(statement), {**values, "most": most}).scalars())
