"""Outputs of tasks, for their successors and for other runs that would make the same outputs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, select

from yeoul.catalog.row import all_rows, in_chunks
from yeoul.catalog.schema.pipeline import edge, run, task
from yeoul.catalog.schema.videos import video


class NeedRow(TypedDict):
    """A need of the task `task_id`, with its outputs."""

    task_id: str
    stage: str
    op: str
    piece: int | None
    rung: str | None
    state: str
    outputs: dict[str, Any] | None
    digest: str | None


class ResultRow(TypedDict):
    """The outputs of a done task that other tasks may reuse."""

    key: str
    video_id: str
    outputs: dict[str, Any]
    digest: str | None


def outputs_of_needs(connection: Connection, task_ids: Sequence[str]) -> dict[str, list[NeedRow]]:
    """Returns the outputs of the needs of each task, by task id, ordered by stage, piece and rung.

    Rows of stage, op, piece, rung, state, outputs, digest.
    """
    columns = (edge.c.task_id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.state, task.c.outputs, task.c.digest)
    outputs: dict[str, list[NeedRow]] = {}
    for ids in in_chunks(task_ids):
        statement = select(*columns).join(edge, edge.c.needs_id == task.c.id).where(edge.c.task_id.in_(ids))
        for row in all_rows(connection, statement.order_by(task.c.stage, task.c.piece, task.c.rung), NeedRow):
            outputs.setdefault(row["task_id"], []).append(row)
    return outputs


def find_results(connection: Connection, keys: Collection[str], owner_id: str, visibility: str) -> dict[str, ResultRow]:
    """Returns the latest outputs with these result keys, by key, from videos of the same owner and visibility.

    Rows of key, video_id, outputs, digest.
    """
    results: dict[str, ResultRow] = {}
    for chunk in in_chunks(keys):
        statement = (
            select(task.c.key, run.c.video_id, task.c.outputs, task.c.digest)
            .join(run, run.c.id == task.c.run_id)
            .join(video, video.c.id == run.c.video_id)
            .where(task.c.key.in_(chunk), task.c.state == "done", video.c.owner_id == owner_id, video.c.visibility == visibility)
            .where(video.c.state != "deleted")
            .order_by(task.c.ended_at)
        )
        results |= {str(row["key"]): row for row in all_rows(connection, statement, ResultRow)}
    return results


def reusable_outputs(connection: Connection, run_id: str) -> list[Any]:
    """Returns the outputs of a run that `find_results` may return."""
    return list(connection.execute(select(task.c.outputs).where(task.c.run_id == run_id, task.c.key.is_not(None))).scalars())
