"""Search finds words of scripts with vowel marks or without spaces, names with signs, and emoji. Older programs may go on beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from yeoul.catalog.video.grams import put_many
from yeoul.model.gram import fold

revision = "0017"
down_revision = "0016"
_BATCH = 500


def upgrade() -> None:
    connection = op.get_bind()
    last = 0
    while rows := connection.execute(
        sa.text("SELECT id, title, words FROM listing WHERE id > :last ORDER BY id LIMIT :most"), {"last": last, "most": _BATCH}
    ).all():
        folded = [{"id": row.id, "title": fold(row.title), "words": fold(row.words)} for row in rows]
        connection.execute(sa.text("UPDATE listing SET title = :title, words = :words WHERE id = :id"), folded)
        put_many(connection, {int(row["id"]): f"{row['title']} {row['words']}" for row in folded})
        last = rows[-1].id
    op.execute("UPDATE schema_version SET version = 17")
