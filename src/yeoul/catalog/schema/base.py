"""What the tables share: where they are known, and columns whose types differ between the two databases."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, MetaData, Text

metadata = MetaData()

# SQLite counts rows up by itself only for a column typed INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")
# Ordered by code point whatever the database's locale, so that what begins with a word stands together.
Plain = Text().with_variant(Text(collation="C"), "postgresql")
