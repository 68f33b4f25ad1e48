"""Tasks of rungs, with tags, GPUs and retries of their own; sidecars of videos."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("task") as task:
        task.add_column(sa.Column("rung", sa.Text()))
        task.add_column(sa.Column("gpu", sa.Float(), nullable=False, server_default="0"))
        task.add_column(sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
        task.add_column(sa.Column("retries", sa.Integer(), nullable=False, server_default="8"))
        task.drop_index("task_place")
        task.create_index("task_place", ["run_id", "stage", "piece", "rung"], unique=True)
    with op.batch_alter_table("video") as video:
        video.add_column(sa.Column("sidecars", sa.JSON(), nullable=False, server_default="{}"))
