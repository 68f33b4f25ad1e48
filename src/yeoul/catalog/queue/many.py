"""The queue's steps for many tasks at once, each in a few statements however many tasks there are.

They change what the steps of `queue.py` change, behind the same fence of (task, attempt, owner).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from yeoul.base.errors import ConflictError
from yeoul.catalog.queue import attempt as attempts
from yeoul.catalog.queue.task import NewTask, is_released, make_values, release
from yeoul.catalog.row import Row, all_rows, in_chunks, insert_all_new
from yeoul.catalog.schema.work import edge, task
from yeoul.model.work import Result, Usage

# What a work is made of, and the story of its attempt.
_CLAIMED = (
    *(task.c.id, task.c.run_id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.params),
    *(task.c.timeout_s, task.c.attempt, task.c.worker),
)
# What ending an attempt looks at.
_RUNNING = (task.c.id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.state, task.c.owner, task.c.attempt, task.c.error)


@dataclass(frozen=True)
class Done:
    """An attempt that went well: what it gave, what it used, and what its outputs are known by."""

    task_id: str
    attempt: int
    outputs: Mapping[str, Any]
    cpu_s: float = 0.0
    usage: Usage = field(default_factory=Usage)
    result: Result = field(default_factory=Result)


# --- adding ---


def add_all(connection: Connection, new: Sequence[NewTask], now_s: float) -> None:
    """Add tasks; those that exist already are left alone. All needs must exist or be among them."""
    known = {
        str(row.id) for ids in in_chunks([one.id for one in new]) for row in connection.execute(select(task.c.id).where(task.c.id.in_(ids)))
    }
    fresh = [one for one in new if one.id not in known]
    born = {one.id for one in fresh}
    released = _released(connection, {need for one in fresh for need in one.needs} - born)
    insert_all_new(connection, task, [make_values(one, len(set(one.needs) - released), now_s) for one in fresh])
    insert_all_new(connection, edge, [{"needs_id": need, "task_id": one.id} for one in fresh for need in one.needs])


def _released(connection: Connection, needs: Collection[str]) -> set[str]:
    """Needs that hold up nobody any more. They are locked, so that none can end between looking and committing."""
    columns = (task.c.id, task.c.state, task.c.optional)
    found: set[str] = set()
    for ids in in_chunks(needs):
        rows = connection.execute(select(*columns).where(task.c.id.in_(ids)).order_by(task.c.id).with_for_update(read=True))
        found |= {str(row.id) for row in rows if is_released(row)}
    return found


# --- claiming ---


def claim_all(connection: Connection, chosen: Mapping[str, str], owner: str, lease_until: float, now_s: float) -> dict[str, Row]:
    """Move ready tasks to running, each on its worker; what a work is made of, by task, less those that were not ready any more."""
    claimed: list[Row] = []
    for worker in sorted(set(chosen.values())):
        for ids in in_chunks([task_id for task_id, on in chosen.items() if on == worker]):
            values = {"owner": owner, "worker": worker, "lease_until": lease_until, "started_at": now_s, "updated_at": now_s}
            counted = {"attempt": task.c.attempt + 1, "tries": task.c.tries + 1}
            statement = update(task).where(task.c.id.in_(ids), _is_ready()).values(state="running", progress=0.0, **values, **counted)
            claimed += all_rows(connection, statement.returning(*_CLAIMED))
    for ids in in_chunks([row["id"] for row in claimed]):
        attempts.begin(connection, ids, now_s)
    return {row["id"]: row for row in claimed}


def _is_ready() -> Any:
    """Said so that no index of the state is taken: SQLite would read all that is ready."""
    return func.coalesce(task.c.state, "") == "ready"


# --- finishing ---

_FINISH = (
    update(task)
    .where(task.c.id == bindparam("of_task"), task.c.attempt == bindparam("number"), task.c.owner == bindparam("who"))
    .where(task.c.state == "running")
    .values(
        state="done",
        outputs=bindparam("outputs"),
        key=bindparam("known_by"),
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
    """The runs of tasks, by task."""
    found: dict[str, str] = {}
    for ids in in_chunks(task_ids):
        found |= {str(row.id): str(row.run_id) for row in connection.execute(select(task.c.id, task.c.run_id).where(task.c.id.in_(ids)))}
    return found


def find_mine(connection: Connection, attempted: Mapping[str, int], owner: str) -> list[Row]:
    """The rows of tasks, by id with their attempts, of which the attempt still runs for this owner; locked until the transaction ends."""
    found: list[Row] = []
    for ids in in_chunks(list(attempted)):
        found += all_rows(connection, select(*_RUNNING).where(task.c.id.in_(ids)).order_by(task.c.id).with_for_update(key_share=True))
    return [row for row in found if (row["state"], row["owner"], row["attempt"]) == ("running", owner, attempted[row["id"]])]


def finish_all(connection: Connection, done: Sequence[Done], owner: str, now_s: float) -> None:
    """End running tasks of one run well and release their successors, after `find_mine` has locked them.

    Raises ConflictError when one was fenced off; the transaction must be undone then.
    """
    rows = [
        {
            "of_task": one.task_id,
            "number": one.attempt,
            "who": owner,
            "at": now_s,
            "outputs": dict(one.outputs),
            "used_cpu_s": one.cpu_s,
            "known_by": one.result.key,
            "digest": one.result.digest,
        }
        for one in sorted(done, key=lambda one: one.task_id)
    ]
    if connection.execute(_FINISH, rows).rowcount != len(rows):
        raise ConflictError("an attempt was fenced off")
    attempts.end_well(connection, [(one.task_id, one.attempt, one.usage, one.result.reused) for one in done], now_s)
    release(connection, [one.task_id for one in done], now_s)
