"""Shared by all tables: the metadata, and column types that differ between the two databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData, Text

metadata = MetaData()

# SQLite generates ids only for a column of type INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")
# Sorted by code point, whatever the database's locale, so that texts with the same prefix are neighbours in an index.
Plain = Text().with_variant(Text(collation="C"), "postgresql")
