"""What owners do with a video that is there: captions added, a poster chosen, the trash; and what moderators hide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from yeoul.catalog.video import listing

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("video", sa.Column("hidden", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("video", sa.Column("trashed_at", sa.Float()))
    op.add_column("video", sa.Column("own_poster_key", sa.Text()))
    op.create_index("video_owner_views", "video", ["owner_id", "views", "id"])
    op.create_index("video_owner_title", "video", ["owner_id", "title", "id"])
    trashed = sa.text("trashed_at IS NOT NULL")
    op.create_index("video_trash", "video", ["owner_id", "trashed_at", "id"], sqlite_where=trashed, postgresql_where=trashed)
    op.create_index("video_trashed", "video", ["trashed_at"], sqlite_where=trashed, postgresql_where=trashed)
    op.add_column("caption", sa.Column("origin", sa.Text(), nullable=False, server_default="file"))
    op.add_column("caption", sa.Column("edition", sa.Integer(), nullable=False, server_default="1"))
    listing.backfill(op.get_bind())
