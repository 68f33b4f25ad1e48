"""Runs: one pass of one upload through one DAG definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from yeoul.catalog.row import all_rows, first_row, insert_new
from yeoul.catalog.schema.pipeline import attempt, edge, event, run, task
from yeoul.catalog.schema.row.pipeline import RunRow
from yeoul.catalog.schema.videos import video


def add(
    connection: Connection,
    run_id: str,
    video_id: str,
    upload_id: str,
    definition: Mapping[str, Any],
    now_s: float,
    *,
    edition: int = 1,
    parked: bool = False,
) -> bool:
    """Inserts a run for an upload, open or (under overload) parked; False if the upload has a run of this edition."""
    owner_id = connection.execute(select(video.c.owner_id).where(video.c.id == video_id)).scalar_one()
    row = {"id": run_id, "video_id": video_id, "upload_id": upload_id, "account_id": owner_id, "definition": dict(definition)}
    state = "parked" if parked else "open"
    defaults: dict[str, Any] = {"edition": edition, "made": {"dropped": {}, "sidecars": {}}, "version": 0, "created_at": now_s}
    return bool(insert_new(connection, run, [{**row, **defaults, "state": state}]))


def lock_parked(connection: Connection, limit: int) -> list[RunRow]:
    """Returns the runs that have been parked for longest, locked. Skips runs that another dispatcher has locked."""
    statement = select(run).where(run.c.state == "parked").order_by(run.c.created_at).limit(limit)
    return all_rows(connection, statement.with_for_update(skip_locked=True), RunRow)


def list_unfinished(connection: Connection) -> list[RunRow]:
    """Returns the runs that are open or parked, in the order of their ids."""
    return all_rows(connection, select(run).where(run.c.state.in_(("open", "parked"))).order_by(run.c.id), RunRow)


def count_parked(connection: Connection) -> int:
    """Returns the number of parked runs."""
    return int(connection.execute(select(func.count()).where(run.c.state == "parked")).scalar_one())


def lock_of_upload(connection: Connection, upload_id: str) -> RunRow | None:
    """Returns the newest run of an upload, locked until the transaction ends, so that its events are applied one after another."""
    newest = select(run).where(run.c.upload_id == upload_id).order_by(run.c.edition.desc()).limit(1)
    return first_row(connection, newest.with_for_update(key_share=True), RunRow)


def find_of_video(connection: Connection, video_id: str) -> RunRow | None:
    """Returns the newest run of a video; None if there is none."""
    newest = select(run).where(run.c.video_id == video_id).order_by(run.c.edition.desc(), run.c.created_at.desc()).limit(1)
    return first_row(connection, newest, RunRow)


def find(connection: Connection, run_id: str) -> RunRow | None:
    """Returns a run by id; None if there is none."""
    return first_row(connection, select(run).where(run.c.id == run_id), RunRow)


def lock(connection: Connection, run_id: str) -> RunRow | None:
    """Returns a run by id, locked until the transaction ends. To avoid deadlocks, take this lock before locks of the run's tasks."""
    return first_row(connection, select(run).where(run.c.id == run_id).with_for_update(key_share=True), RunRow)


def change(connection: Connection, run_id: str, **values: Any) -> None:
    """Sets columns and increments the version."""
    connection.execute(update(run).where(run.c.id == run_id).values(**values, version=run.c.version + 1))


def add_side_outputs(connection: Connection, run_id: str, values: Mapping[str, Any]) -> None:
    """Adds outputs of a locked run other than streams, such as the poster. values: like the columns of the video."""
    made = connection.execute(select(run.c.made).where(run.c.id == run_id)).scalar_one()
    connection.execute(update(run).where(run.c.id == run_id).values(made={**made, **values}))


def side_outputs(connection: Connection, run_id: str) -> dict[str, Any]:
    """Returns the outputs of a run other than streams: dropped, sidecars and, if there are any, poster_key, storyboard and lost."""
    return dict(connection.execute(select(run.c.made).where(run.c.id == run_id)).scalar_one())


def end(connection: Connection, run_id: str, state: str, now_s: float) -> bool:
    """Ends an open or parked run as done, failed or cancelled; False if it has ended already."""
    is_unended = run.c.state.in_(("open", "parked"))
    statement = update(run).where(run.c.id == run_id, is_unended).values(state=state, ended_at=now_s, version=run.c.version + 1)
    return connection.execute(statement).rowcount == 1


def reopen(connection: Connection, run_id: str) -> None:
    """Opens a failed or parked run."""
    connection.execute(update(run).where(run.c.id == run_id).values(state="open", ended_at=None, version=run.c.version + 1))


def delete_run(connection: Connection, run_id: str) -> None:
    """Deletes a run that has ended, with its tasks, attempts and run log."""
    tasks = select(task.c.id).where(task.c.run_id == run_id)
    connection.execute(delete(edge).where(edge.c.task_id.in_(tasks)))
    connection.execute(delete(attempt).where(attempt.c.task_id.in_(tasks)))
    connection.execute(delete(event).where(event.c.run_id == run_id))
    connection.execute(delete(task).where(task.c.run_id == run_id))
    connection.execute(delete(run).where(run.c.id == run_id))
