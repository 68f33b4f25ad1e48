"""Pictures of damaged files that could not be decoded. Older programs may go on beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("video", sa.Column("lost", sa.JSON(), nullable=False, server_default="{}"))
    op.execute("UPDATE schema_version SET version = 16")
