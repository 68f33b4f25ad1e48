"""Audio tracks besides the one that pieces hold, and what the tracks are called. Older programs may go on beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "audio_track",
        sa.Column("video_id", sa.Text(), sa.ForeignKey("video.id"), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text()),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("sound", sa.JSON(none_as_null=True)),
        sa.Column("bucket", sa.Text()),
        sa.Column("key", sa.Text()),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("sha256", sa.Text()),
        sa.Column("landed_at", sa.Float()),
        sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.Float(), nullable=False),
    )
    op.execute("UPDATE schema_version SET version = 18")
