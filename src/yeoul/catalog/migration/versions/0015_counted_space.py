"""Space that was not counted: pieces that the server cuts, and those that were declared anew. Older programs may go on beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("usage", sa.Column("temp_bytes", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("upload", sa.Column("replaced_bytes", sa.BigInteger(), nullable=False, server_default="0"))
    is_unused = sa.text("state = 'created'")
    op.create_index("video_unused", "video", ["owner_id"], sqlite_where=is_unused, postgresql_where=is_unused)
    op.execute("UPDATE schema_version SET version = 15")
