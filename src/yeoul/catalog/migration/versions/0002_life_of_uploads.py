"""When an upload last showed a sign of life, so that it can end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("upload", sa.Column("touched_at", sa.Float(), nullable=False, server_default="0"))
    op.execute(
        "UPDATE upload SET touched_at = COALESCE((SELECT MAX(piece.landed_at) FROM piece WHERE piece.upload_id = upload.id), created_at)"
    )
    op.create_index("upload_life", "upload", ["state", "touched_at"])
