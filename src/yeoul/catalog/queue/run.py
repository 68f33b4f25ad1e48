"""Runs: one passage of one upload through one DAG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from yeoul.catalog.row import Row, all_rows, first_row, insert_new
from yeoul.catalog.schema.videos import video
from yeoul.catalog.schema.work import attempt, edge, event, run, task


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
    """Open a run for an upload, or park it until there is less to do; False when the upload has one of this edition."""
    owner_id = connection.execute(select(video.c.owner_id).where(video.c.id == video_id)).scalar_one()
    row = {"id": run_id, "video_id": video_id, "upload_id": upload_id, "account_id": owner_id, "definition": dict(definition)}
    state = "parked" if parked else "open"
    fixed: dict[str, Any] = {"edition": edition, "made": {"dropped": {}, "sidecars": {}}, "version": 0, "created_at": now_s}
    return bool(insert_new(connection, run, [{**row, **fixed, "state": state}]))


def parked(connection: Connection, limit: int) -> list[Row]:
    """The runs that have been parked the longest, locked; those that another dispatcher opens are passed over."""
    statement = select(run).where(run.c.state == "parked").order_by(run.c.created_at).limit(limit)
    return all_rows(connection, statement.with_for_update(skip_locked=True))


def unended(connection: Connection) -> list[Row]:
    """Returns the runs that are open or parked, in the order of their ids."""
    return all_rows(connection, select(run).where(run.c.state.in_(("open", "parked"))).order_by(run.c.id))


def count_parked(connection: Connection) -> int:
    """How many runs are parked."""
    return int(connection.execute(select(func.count()).where(run.c.state == "parked")).scalar_one())


def lock_of_upload(connection: Connection, upload_id: str) -> Row | None:
    """The newest run of an upload, locked until the transaction ends, so that its events are applied one after another."""
    newest = select(run).where(run.c.upload_id == upload_id).order_by(run.c.edition.desc()).limit(1)
    return first_row(connection, newest.with_for_update(key_share=True))


def find_of_video(connection: Connection, video_id: str) -> Row | None:
    """The newest run of a video."""
    newest = select(run).where(run.c.video_id == video_id).order_by(run.c.edition.desc(), run.c.created_at.desc()).limit(1)
    return first_row(connection, newest)


def find(connection: Connection, run_id: str) -> Row | None:
    """A run by id."""
    return first_row(connection, select(run).where(run.c.id == run_id))


def lock(connection: Connection, run_id: str) -> Row | None:
    """A run by id, locked until the transaction ends. Whoever changes its tasks too takes this lock first, or both could wait for ever."""
    return first_row(connection, select(run).where(run.c.id == run_id).with_for_update(key_share=True))


def change(connection: Connection, run_id: str, **values: Any) -> None:
    """Set columns and count the event."""
    connection.execute(update(run).where(run.c.id == run_id).values(**values, version=run.c.version + 1))


def note_made(connection: Connection, run_id: str, values: Mapping[str, Any]) -> None:
    """Add to what a locked run has made for viewers besides streams; `values` as columns of the video."""
    made = connection.execute(select(run.c.made).where(run.c.id == run_id)).scalar_one()
    connection.execute(update(run).where(run.c.id == run_id).values(made={**made, **values}))


def made(connection: Connection, run_id: str) -> Row:
    """poster_key, storyboard, sidecars and dropped of a run, where there are any."""
    return dict(connection.execute(select(run.c.made).where(run.c.id == run_id)).scalar_one())


def end(connection: Connection, run_id: str, state: str, now_s: float) -> bool:
    """End an open or parked run (done, failed or cancelled); False when it has ended."""
    unended = run.c.state.in_(("open", "parked"))
    statement = update(run).where(run.c.id == run_id, unended).values(state=state, ended_at=now_s, version=run.c.version + 1)
    return connection.execute(statement).rowcount == 1


def reopen(connection: Connection, run_id: str) -> None:
    """Open a failed or parked run."""
    connection.execute(update(run).where(run.c.id == run_id).values(state="open", ended_at=None, version=run.c.version + 1))


def drop(connection: Connection, run_id: str) -> None:
    """Forget a run that has ended, with its tasks."""
    tasks = select(task.c.id).where(task.c.run_id == run_id)
    connection.execute(delete(edge).where(edge.c.task_id.in_(tasks)))
    connection.execute(delete(attempt).where(attempt.c.task_id.in_(tasks)))
    connection.execute(delete(event).where(event.c.run_id == run_id))
    connection.execute(delete(task).where(task.c.run_id == run_id))
    connection.execute(delete(run).where(run.c.id == run_id))
