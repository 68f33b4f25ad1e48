"""More than one run over an upload: editions of what is shown, and results that are known by their content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_NAMES = {"uq": "%(table_name)s_%(column_0_name)s_key"}  # as PostgreSQL calls it; SQLite has no name for it


def upgrade() -> None:
    op.add_column("video", sa.Column("edition", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("run", naming_convention=_NAMES) as run:
        run.drop_constraint("run_upload_id_key", type_="unique")
        run.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="1"))
        run.add_column(sa.Column("made", sa.JSON(), nullable=False, server_default="{}"))
        run.create_index("run_edition", ["upload_id", "edition"], unique=True)
    _copy_made()
    op.add_column("task", sa.Column("key", sa.Text()))
    op.add_column("task", sa.Column("digest", sa.Text()))
    op.create_index("task_key", "task", ["key"])
    op.add_column("attempt", sa.Column("reused", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name, columns in (("rendition", ["video_id", "edition", "name"]), ("segment", ["video_id", "edition", "name", "index"])):
        with op.batch_alter_table(name, naming_convention={"pk": "%(table_name)s_pkey"}) as table:
            table.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="1"))
            table.drop_constraint(f"{name}_pkey", type_="primary")
            table.create_primary_key(f"{name}_pkey", columns)


def _copy_made() -> None:
    """What runs have made and what their videos show was one."""
    connection = op.get_bind()
    video = sa.table("video", sa.column("id"), sa.column("poster_key"), *(sa.column(name, sa.JSON()) for name in _JSON))
    run = sa.table("run", sa.column("id"), sa.column("video_id"), sa.column("made", sa.JSON()))
    shown = sa.select(run.c.id, video.c.poster_key, *(video.c[name] for name in _JSON)).join(video, video.c.id == run.c.video_id)
    for row in connection.execute(shown).mappings().all():
        made = {name: value for name, value in row.items() if name != "id"}
        connection.execute(run.update().where(run.c.id == row["id"]).values(made=made))


_JSON = ("dropped", "sidecars", "storyboard")
