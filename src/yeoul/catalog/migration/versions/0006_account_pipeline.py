"""The pipeline of uploads that name none, for each account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("pipeline", sa.Text()))
