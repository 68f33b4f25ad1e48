"""What fair share, failures on workers and the admin's view need: accounts on tasks, workers as rows, parked runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_READY = sa.text("state = 'ready'")
_URGENT = sa.text("state = 'ready' AND latency_sensitive")


def upgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("account_id", sa.Text(), nullable=False, server_default=""))
        run.create_index("run_state", ["state", "created_at"])
    with op.batch_alter_table("task") as task:
        task.add_column(sa.Column("account_id", sa.Text(), nullable=False, server_default=""))
        task.add_column(sa.Column("wants", sa.Text(), nullable=False, server_default=""))
        task.add_column(sa.Column("latency_sensitive", sa.Boolean(), nullable=False, server_default=sa.false()))
        task.add_column(sa.Column("failed_on", sa.JSON(), nullable=False, server_default="[]"))
        task.add_column(sa.Column("crashes", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE run SET account_id = (SELECT owner_id FROM video WHERE video.id = run.video_id)")
    op.execute("UPDATE task SET account_id = (SELECT account_id FROM run WHERE run.id = task.run_id)")
    # What is ready shows what is listed: a rung that is made again must stay hidden until it is whole.
    rendition = sa.table("rendition", sa.column("listed", sa.Boolean()), sa.column("video_id", sa.Text()))
    video = sa.table("video", sa.column("id", sa.Text()), sa.column("state", sa.Text()))
    ready = sa.select(video.c.id).where(video.c.state == "ready")
    op.execute(rendition.update().where(rendition.c.video_id.in_(ready)).values(listed=True))
    for name, condition in (("task_lane", _READY), ("task_urgent", _URGENT)):
        columns = ["account_id", "due_at", "id"]
        op.create_index(name, "task", columns, sqlite_where=condition, postgresql_where=condition)
    op.create_index("task_delayed", "task", ["not_before"], sqlite_where=_READY, postgresql_where=_READY)
    op.create_table(
        "worker",
        sa.Column("owner", sa.Text(), primary_key=True),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("free", sa.JSON(), nullable=False),
        sa.Column("quarantined_until", sa.Float()),
        sa.Column("reason", sa.Text()),
        sa.Column("overload", sa.Integer(), nullable=False),
        sa.Column("wait_s", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
    )
