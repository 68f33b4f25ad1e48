"""Steps of the queue for many tasks at once, each in a few statements however many tasks there are.

They make the same changes as the steps in `task.py` and `lease.py`, behind the same fence of (task, attempt, owner).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from sqlalchemy import Connection, bindparam, func, select, update

from yeoul.base.errors import ConflictError
from yeoul.catalog.queue import attempt as attempts
from yeoul.catalog.queue.task import NewTask, is_satisfied, make_values, unblock_successors
from yeoul.catalog.row import all_rows, in_chunks, insert_all_new
from yeoul.catalog.schema.pipeline import edge, task
from yeoul.model.work import Result, Usage

# Columns of a claimed task that its work and its attempt are made from.
_CLAIMED = (
    *(task.c.id, task.c.run_id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.params),
    *(task.c.timeout_s, task.c.attempt, task.c.worker),
)
# Columns that are read to end an attempt.
_RUNNING = (task.c.id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.state, task.c.owner, task.c.attempt, task.c.error)


class ClaimedTaskRow(TypedDict):
    """The columns of a claimed task from which its work is made."""

    id: str
    run_id: str
    stage: str
    op: str
    piece: int | None
    rung: str | None
    params: dict[str, Any]
    timeout_s: float
    attempt: int
    worker: str


class RunningTaskRow(TypedDict):
    """The columns of a running task that are needed to end it."""

    id: str
    stage: str
    op: str
    piece: int | None
    rung: str | None
    state: str
    owner: str
    attempt: int
    error: dict[str, Any] | None


@dataclass(frozen=True)
class FinishedAttempt:
    """A successful attempt: its outputs, its usage, and the key and digest of its outputs."""

    task_id: str
    attempt: int
    outputs: Mapping[str, Any]
    cpu_s: float = 0.0
    usage: Usage = field(default_factory=Usage)
    result: Result = field(default_factory=Result)


# --- adding ---


def add_all(connection: Connection, new: Sequence[NewTask], now_s: float) -> None:
    """Inserts tasks; skips those that exist. All needs must exist or be among the new tasks."""
    existing_ids: set[str] = set()
    for ids in in_chunks([new_task.id for new_task in new]):
        existing_ids.update(connection.execute(select(task.c.id).where(task.c.id.in_(ids))).scalars())
    missing = [new_task for new_task in new if new_task.id not in existing_ids]
    missing_ids = {new_task.id for new_task in missing}
    released_ids = _released(connection, {need for new_task in missing for need in new_task.needs} - missing_ids)
    insert_all_new(connection, task, [make_values(new_task, len(set(new_task.needs) - released_ids), now_s) for new_task in missing])
    insert_all_new(connection, edge, [{"needs_id": need, "task_id": new_task.id} for new_task in missing for need in new_task.needs])


def _released(connection: Connection, needs: Collection[str]) -> set[str]:
    """Returns the needs that no longer block their successors. Locks all needs, so that none ends between this read and the commit."""
    columns = (task.c.id, task.c.state, task.c.optional)
    released_ids: set[str] = set()
    for ids in in_chunks(needs):
        rows = connection.execute(select(*columns).where(task.c.id.in_(ids)).order_by(task.c.id).with_for_update(read=True))
        released_ids |= {str(row.id) for row in rows if is_satisfied(row)}
    return released_ids


# --- claiming ---


def claim_all(connection: Connection, chosen: Mapping[str, str], owner: str, lease_until: float, now_s: float) -> dict[str, ClaimedTaskRow]:
    """Moves ready tasks to running, each on its worker. Returns the claimed rows by task id, without tasks that are no longer ready.

    chosen: {task id: worker}.
    """
    claimed: list[ClaimedTaskRow] = []
    for worker in sorted(set(chosen.values())):
        for ids in in_chunks([task_id for task_id, on in chosen.items() if on == worker]):
            values = {"owner": owner, "worker": worker, "lease_until": lease_until, "started_at": now_s, "updated_at": now_s}
            counters = {"attempt": task.c.attempt + 1, "tries": task.c.tries + 1}
            statement = update(task).where(task.c.id.in_(ids), _is_ready()).values(state="running", progress=0.0, **values, **counters)
            claimed += all_rows(connection, statement.returning(*_CLAIMED), ClaimedTaskRow)
    for ids in in_chunks([row["id"] for row in claimed]):
        attempts.start_all(connection, ids, now_s)
    return {row["id"]: row for row in claimed}


def _is_ready() -> Any:
    """The condition that a task is ready, written so that SQLite does not use the index of the state and read all ready tasks."""
    return func.coalesce(task.c.state, "") == "ready"


# --- finishing ---

_FINISH = (
    update(task)
    .where(task.c.id == bindparam("of_task"), task.c.attempt == bindparam("number"), task.c.owner == bindparam("of_owner"))
    .where(task.c.state == "running")
    .values(
        state="done",
        outputs=bindparam("outputs"),
        key=bindparam("result_key"),
        digest=bindparam("digest"),
        error=None,
        progress=1.0,
        owner=None,
        lease_until=None,
        cpu_s=task.c.cpu_s + bindparam("used_cpu_s"),
        ended_at=bindparam("at"),
        updated_at=bindparam("at"),
    )
)


def runs_of(connection: Connection, task_ids: Collection[str]) -> dict[str, str]:
    """Returns the run id of each task, by task id."""
    run_ids: dict[str, str] = {}
    for ids in in_chunks(task_ids):
        run_ids |= {str(row.id): str(row.run_id) for row in connection.execute(select(task.c.id, task.c.run_id).where(task.c.id.in_(ids)))}
    return run_ids


def lock_owned(connection: Connection, attempted: Mapping[str, int], owner: str) -> list[RunningTaskRow]:
    """Returns the tasks whose attempt still runs for this owner. All tasks are locked until the transaction ends.

    attempted: {task id: attempt}.
    """
    rows: list[RunningTaskRow] = []
    for ids in in_chunks(list(attempted)):
        rows += all_rows(
            connection, select(*_RUNNING).where(task.c.id.in_(ids)).order_by(task.c.id).with_for_update(key_share=True), RunningTaskRow
        )
    return [row for row in rows if (row["state"], row["owner"], row["attempt"]) == ("running", owner, attempted[row["id"]])]


def finish_all(connection: Connection, done: Sequence[FinishedAttempt], owner: str, now_s: float) -> None:
    """Ends running tasks of one run as done and unblocks their successors, after `lock_owned` has locked them.

    Raises ConflictError if one was fenced off; the caller must then roll the transaction back.
    """
    rows = [
        {
            "of_task": finished.task_id,
            "number": finished.attempt,
            "of_owner": owner,
            "at": now_s,
            "outputs": dict(finished.outputs),
            "used_cpu_s": finished.cpu_s,
            "result_key": finished.result.key,
            "digest": finished.result.digest,
        }
        for finished in sorted(done, key=lambda finished: finished.task_id)
    ]
    if connection.execute(_FINISH, rows).rowcount != len(rows):
        raise ConflictError("an attempt was fenced off")
    succeeded = [(finished.task_id, finished.attempt, finished.usage, finished.result.reused) for finished in done]
    attempts.succeed_all(connection, succeeded, now_s)
    unblock_successors(connection, [finished.task_id for finished in done], now_s)
