"""How videos are watched: sessions' viewings, for a day, and the sums of each video and day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "viewing",
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("video_id", "visitor", "device")),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("first_at", "seen_at")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("high", "window")),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("played_s", "stalled_s")),
        sa.Column("noted", sa.Integer(), nullable=False),
        sa.Column("buckets", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("is_view", "is_finished")),
    )
    op.create_index("viewing_visitor", "viewing", ["visitor"])
    op.create_index("viewing_age", "viewing", ["seen_at"])
    op.create_table(
        "audience",
        sa.Column("video_id", sa.Text(), primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True),
        sa.Column("owner_id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("views", "finished")),
        sa.Column("watch_s", sa.Float(), nullable=False),
        sa.Column("stalls", sa.BigInteger(), nullable=False),
        sa.Column("stall_s", sa.Float(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("switches", "errors")),
        sa.Column("detail", sa.JSON(), nullable=False),
    )
    op.create_index("audience_owner", "audience", ["owner_id", "day"])
