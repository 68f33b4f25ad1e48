"""How long a worker is kept from work at a time, so that a restart of its dispatcher does not free it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    with op.batch_alter_table("worker") as worker:
        worker.add_column(sa.Column("pause_s", sa.Float()))
