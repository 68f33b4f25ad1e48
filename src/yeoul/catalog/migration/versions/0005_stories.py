"""The story of each task and of each run: attempts, the scheduler's events, and since when a task has been ready."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("task") as task:
        task.add_column(sa.Column("ready_at", sa.Float()))
    op.create_table(
        "attempt",
        sa.Column("task_id", sa.Text(), sa.ForeignKey("task.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("ready_at", sa.Float(), nullable=False),
        sa.Column("started_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float()),
        sa.Column("outcome", sa.Text()),
        sa.Column("error", sa.JSON()),
        sa.Column("cpu_s", sa.Float(), nullable=False),
        sa.Column("wall_s", sa.Float(), nullable=False),
        sa.Column("max_rss_bytes", sa.BigInteger(), nullable=False),
        sa.Column("read_bytes", sa.BigInteger(), nullable=False),
        sa.Column("written_bytes", sa.BigInteger(), nullable=False),
    )
    op.create_index("attempt_run", "attempt", ["run_id", "started_at"])
    op.create_index("attempt_ended", "attempt", ["ended_at"])
    op.create_table(
        "event",
        sa.Column("run_id", sa.Text(), sa.ForeignKey("run.id"), primary_key=True),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("gave", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
    )
    op.create_index("upload_closed", "upload", ["closed_at"])
    op.create_index("video_playable", "video", ["playable_at"])
    op.create_index("video_ready", "video", ["ready_at"])
