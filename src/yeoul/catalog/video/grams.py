"""The gram index for search: FTS5 on SQLite, a GIN index over arrays on PostgreSQL. Both hold the grams of `model.gram`.

FTS5's trigrams and pg_trgm do not find words of one or two characters, and pg_trgm finds no Hangul if the database's locale is C.
With our own grams both databases give the same results, and PostgreSQL needs no extension, which not every role may create.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, text

from yeoul.model.gram import Grams, WordQuery, make_grams

_PLAIN = re.compile(r"[a-z0-9]+")


class GramIndex(Protocol):
    """Finds rows of the listing by their grams."""

    def create(self, connection: Connection) -> None:
        """Creates the table."""
        ...

    def put(self, connection: Connection, listing_id: int, grams: Grams) -> None:
        """Sets the grams of a row."""
        ...

    def remove(self, connection: Connection, listing_id: int) -> None:
        """Deletes the grams of a row."""
        ...

    def condition(self, query: Sequence[Sequence[Grams]]) -> tuple[str, dict[str, Any]]:
        """Returns (SQL, its values) to select the ids of matching rows, newest first.

        query: for each word its choices. A row matches if it has, for each word, all grams of one choice.
        """
        ...


class _Fts5:
    def create(self, connection: Connection) -> None:
        # Grams are ASCII words. Queries do not use their positions, so detail = none omits them.
        connection.execute(text("CREATE VIRTUAL TABLE gram USING fts5(grams, tokenize = 'ascii', detail = none, columnsize = 0)"))

    def put(self, connection: Connection, listing_id: int, grams: Grams) -> None:
        self.remove(connection, listing_id)
        values = {"id": listing_id, "grams": " ".join(sorted(map(_token, grams)))}
        connection.execute(text("INSERT INTO gram (rowid, grams) VALUES (:id, :grams)"), values)

    def remove(self, connection: Connection, listing_id: int) -> None:
        connection.execute(text("DELETE FROM gram WHERE rowid = :id"), {"id": listing_id})

    def condition(self, query: Sequence[Sequence[Grams]]) -> tuple[str, dict[str, Any]]:
        match = " AND ".join(f"({' OR '.join(map(_all_of, choices))})" for choices in query)
        return "SELECT rowid AS id FROM gram WHERE gram MATCH :match ORDER BY rowid DESC LIMIT :most", {"match": match}


class _Gin:
    def create(self, connection: Connection) -> None:
        connection.execute(text("CREATE TABLE gram (id BIGINT PRIMARY KEY, grams TEXT[] NOT NULL)"))
        connection.execute(text("CREATE INDEX gram_grams ON gram USING gin (grams)"))

    def put(self, connection: Connection, listing_id: int, grams: Grams) -> None:
        statement = "INSERT INTO gram (id, grams) VALUES (:id, :grams) ON CONFLICT (id) DO UPDATE SET grams = excluded.grams"
        connection.execute(text(statement), {"id": listing_id, "grams": sorted(grams)})

    def remove(self, connection: Connection, listing_id: int) -> None:
        connection.execute(text("DELETE FROM gram WHERE id = :id"), {"id": listing_id})

    def condition(self, query: Sequence[Sequence[Grams]]) -> tuple[str, dict[str, Any]]:
        required: Grams = frozenset[str]().union(*(choices[0] for choices in query if len(choices) == 1))
        values: dict[str, Any] = {}
        words: list[str] = []
        for choices in [choices for choices in query if len(choices) > 1] or [[required]]:
            names = [f"grams{len(values) + offset}" for offset in range(len(choices))]
            values |= {name: sorted(grams | required) for name, grams in zip(names, choices, strict=True)}
            # One lookup per choice: for an OR of many, the planner wrongly prefers to read the whole table.
            words.append(" UNION ".join(f"SELECT id FROM gram WHERE grams @> CAST(:{name} AS TEXT[])" for name in names))  # noqa: S608
        # MATERIALIZED, because the planner would otherwise walk the primary key backwards until it meets matches.
        hits = f"WITH hit AS MATERIALIZED (({') INTERSECT ('.join(words)}))"
        return f"{hits} SELECT id FROM hit ORDER BY id DESC LIMIT :most", values  # noqa: S608 (constant text)


def _token(gram: str) -> str:
    """Encodes a gram as one ASCII word of letters and digits."""
    return f"a{gram}" if _PLAIN.fullmatch(gram) else "b" + gram.encode().hex()


def _all_of(grams: Collection[str]) -> str:
    return f"({' AND '.join(sorted(map(_token, grams)))})"


def gram_index(connection: Connection) -> GramIndex:
    """Returns the index for this kind of database."""
    return _Fts5() if connection.dialect.name == "sqlite" else _Gin()


def create_gram_table(connection: Connection) -> None:
    """Creates the table of the index. It is not in the schema, because it differs between the databases."""
    gram_index(connection).create(connection)


def put(connection: Connection, listing_id: int, folded: str) -> None:
    """Indexes a row of the listing by its folded text."""
    gram_index(connection).put(connection, listing_id, make_grams(folded))


def put_many(connection: Connection, texts: Mapping[int, str]) -> None:
    """Indexes rows of the listing. texts: {row id: folded text}."""
    index = gram_index(connection)
    for listing_id, folded in texts.items():
        index.put(connection, listing_id, make_grams(folded))


def remove(connection: Connection, listing_id: int) -> None:
    """Removes a row of the listing from the index."""
    gram_index(connection).remove(connection, listing_id)


def find_exact(connection: Connection, query: Sequence[WordQuery], most: int) -> list[int]:
    """Returns the ids of rows that contain all words, newest first, at most `most`."""
    return _find(connection, [[word.exact] for word in query], most)


def find_near(connection: Connection, query: Sequence[WordQuery], most: int) -> list[int]:
    """Returns the ids of rows that contain all words, each with at most one wrong letter, newest first, at most `most`."""
    return _find(connection, [[word.exact, *word.near] for word in query], most)


def find_any(connection: Connection, query: Sequence[WordQuery], most: int) -> list[int]:
    """Returns the ids of rows that contain any of the words, newest first, at most `most`."""
    return _find(connection, [[word.exact for word in query]], most)


def _find(connection: Connection, choices: Sequence[Sequence[Grams]], most: int) -> list[int]:
    if not choices or not all(choices):
        return []
    statement, values = gram_index(connection).condition(choices)
    return list(connection.execute(text(statement), {**values, "most": most}).scalars())
