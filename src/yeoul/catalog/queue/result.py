"""What tasks have made: for what needs them, and for other runs that would make the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, select

from yeoul.catalog.row import Row, all_rows, in_chunks
from yeoul.catalog.schema.videos import video
from yeoul.catalog.schema.work import edge, run, task


def outputs_of(connection: Connection, task_ids: Sequence[str]) -> dict[str, list[Row]]:
    """What the needs of each of these tasks made: rows of stage, op, piece, rung, state, outputs, digest, in order of piece."""
    columns = (edge.c.task_id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.state, task.c.outputs, task.c.digest)
    found: dict[str, list[Row]] = {}
    for ids in in_chunks(task_ids):
        statement = select(*columns).join(edge, edge.c.needs_id == task.c.id).where(edge.c.task_id.in_(ids))
        for row in all_rows(connection, statement.order_by(task.c.stage, task.c.piece, task.c.rung)):
            found.setdefault(row["task_id"], []).append(row)
    return found


def find_results(connection: Connection, keys: Collection[str], owner_id: str, visibility: str) -> dict[str, Row]:
    """What tasks of these keys have made last, by key: video_id, outputs, digest. Only of videos of the same owner and visibility."""
    found: dict[str, Row] = {}
    for some in in_chunks(keys):
        statement = (
            select(task.c.key, run.c.video_id, task.c.outputs, task.c.digest)
            .join(run, run.c.id == task.c.run_id)
            .join(video, video.c.id == run.c.video_id)
            .where(task.c.key.in_(some), task.c.state == "done", video.c.owner_id == owner_id, video.c.visibility == visibility)
            .where(video.c.state != "deleted")
            .order_by(task.c.ended_at)
        )
        found |= {str(row["key"]): row for row in all_rows(connection, statement)}
    return found


def known_outputs(connection: Connection, run_id: str) -> list[Any]:
    """The outputs of a run that `find_results` may give."""
    return list(connection.execute(select(task.c.outputs).where(task.c.run_id == run_id, task.c.key.is_not(None))).scalars())
