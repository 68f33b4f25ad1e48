"""The durable task queue: tasks wait, become ready, run under a lease, and end once.

Every change of a running task is fenced by (task, attempt, owner): who lost a task can no longer write to it.
Each account has its own lane, in the order of `due_at`, a virtual deadline (time of birth, plus a delay for what may wait).
Between lanes decides `pipeline/fair_share.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Select, and_, bindparam, case, func, or_, select, text, update

from yeoul.base.errors import WorkerLostError
from yeoul.catalog import attempt as attempts
from yeoul.catalog.due import is_due
from yeoul.catalog.row import Row, all_rows, in_chunks, insert_new
from yeoul.catalog.schema import account, edge, run, task, video
from yeoul.model.work import Result, Slots, Usage

_QUOTA_LOCK = 0x71756F74  # any number of our own
ENDED = ("done", "failed", "cancelled")
# As words, not as parameters: SQLite takes a partial index only when the query repeats its condition.
_READY = text("task.state = 'ready'")
_URGENT = text("task.state = 'ready' AND task.latency_sensitive")
# What placing looks at. Inputs are read of what is placed only.
_LIGHT = (
    *(task.c.id, task.c.run_id, task.c.account_id, task.c.op, task.c.piece, task.c.due_at, task.c.latency_sensitive),
    *(task.c.cpu, task.c.memory_bytes, task.c.gpu, task.c.tags, task.c.not_before, task.c.failures, task.c.failed_on),
)
# What people look at.
_SHOWN = (
    *(task.c.id, task.c.run_id, run.c.video_id, task.c.account_id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.state),
    *(task.c.attempt, task.c.failures, task.c.worker, task.c.owner, task.c.progress, task.c.due_at, task.c.not_before, task.c.lease_until),
    *(task.c.cpu, task.c.memory_bytes, task.c.gpu, task.c.tags, task.c.created_at, task.c.started_at, task.c.ended_at, task.c.error),
    *(task.c.optional, func.coalesce(account.c.handle, "").label("handle")),
)
_PEOPLE = task.join(run, run.c.id == task.c.run_id).outerjoin(account, account.c.id == task.c.account_id)


@dataclass(frozen=True)
class NewTask:
    """A task to add. needs: ids of tasks that must have ended well (or, when optional, have ended) before."""

    id: str
    run_id: str
    stage: str
    piece: int | None
    op: str
    params: Mapping[str, Any]
    due_at: float
    cpu: float
    memory_bytes: int
    timeout_s: float
    rung: str | None = None
    gpu: float = 0.0
    tags: Sequence[str] = ()
    retries: int = 8
    optional: bool = False
    latency_sensitive: bool = True
    account_id: str = ""
    needs: tuple[str, ...] = field(default=())


def is_released(row: Any) -> bool:
    """Whether what needs a task (its state and whether it is optional) waits for it no longer."""
    return row.state == "done" or (row.state == "failed" and row.optional)


def _open_needs(connection: Connection, needs: Sequence[str]) -> int:
    """How many of the needs have not released yet. They are locked, so that none can end between counting and committing."""
    wanted = select(task.c.id, task.c.state, task.c.optional).where(task.c.id.in_(needs)).order_by(task.c.id)
    rows = connection.execute(wanted.with_for_update(read=True)).all()
    return len(set(needs)) - sum(map(is_released, rows))


def make_values(new: NewTask, waiting_on: int, now_s: float) -> dict[str, Any]:
    """The row of a new task that waits for so many of its needs."""
    return {
        "id": new.id,
        "run_id": new.run_id,
        "account_id": new.account_id,
        "stage": new.stage,
        "piece": new.piece,
        "rung": new.rung,
        "op": new.op,
        "state": "waiting" if waiting_on else "ready",
        "due_at": new.due_at,
        "not_before": 0.0,
        "waiting_on": waiting_on,
        "cpu": new.cpu,
        "memory_bytes": new.memory_bytes,
        "gpu": new.gpu,
        "tags": list(new.tags),
        "wants": Slots(gpu=new.gpu, tags=tuple(new.tags)).wants,
        "retries": new.retries,
        "timeout_s": new.timeout_s,
        "optional": new.optional,
        "latency_sensitive": new.latency_sensitive,
        "failed_on": [],
        "crashes": 0,
        "attempt": 0,
        "tries": 0,
        "failures": 0,
        "params": dict(new.params),
        "progress": 0.0,
        "cpu_s": 0.0,
        "created_at": now_s,
        "ready_at": None if waiting_on else now_s,
        "updated_at": now_s,
    }


def add(connection: Connection, new: NewTask, now_s: float) -> bool:
    """Add a task; one that exists already is left alone. Returns whether it was new. All needs must exist."""
    waiting_on = _open_needs(connection, new.needs) if new.needs else 0
    if not insert_new(connection, task, [make_values(new, waiting_on, now_s)]):
        return False
    insert_new(connection, edge, [{"needs_id": need, "task_id": new.id} for need in new.needs])
    return True


def ready(connection: Connection, now_s: float, limit: int) -> list[Row]:
    """The earliest ready tasks over all lanes. Rows that another dispatcher is claiming are passed over."""
    return _heads(connection, _READY, now_s, limit)


def lane(connection: Connection, account_id: str, now_s: float, limit: int, wants: Sequence[str], *, urgent: bool = False) -> list[Row]:
    """The head of an account's lane, of what has one of `wants` (`Slots.serves`); urgent: only what people wait for.

    Rows that another dispatcher is claiming are passed over.
    """
    condition = and_(_URGENT if urgent else _READY, task.c.account_id == account_id, task.c.wants.in_(wants))
    return _heads(connection, condition, now_s, limit)


def _heads(connection: Connection, condition: Any, now_s: float, limit: int) -> list[Row]:
    statement = (
        select(*_LIGHT)
        .where(condition, is_due(task.c.not_before, now_s))
        .order_by(task.c.due_at, task.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return all_rows(connection, statement)


# One step into an index for each account, however many tasks it has.
_LANES = """
WITH RECURSIVE lane(id) AS (
    SELECT (SELECT min(account_id) FROM {lanes} WHERE state = 'ready' AND account_id > :after)
    UNION ALL
    SELECT (SELECT min(account_id) FROM {lanes} WHERE state = 'ready' AND account_id > lane.id) FROM lane WHERE lane.id IS NOT NULL
)
SELECT id FROM lane WHERE id IS NOT NULL LIMIT :limit
"""


def _task_by(connection: Connection, index: str) -> str:
    """The table, read by this index: SQLite would take that of the state, and read all that is ready."""
    return f"task INDEXED BY {index}" if connection.dialect.name == "sqlite" else "task"


def lanes(connection: Connection, after: str, limit: int) -> list[str]:
    """Accounts that have ready tasks, in order of id, the first ones after `after`."""
    statement = text(_LANES.format(lanes=_task_by(connection, "task_lane")))
    return [str(row.id) for row in connection.execute(statement, {"after": after, "limit": limit})]


def running_cpu(connection: Connection) -> dict[str, float]:
    """CPU slots that each account's tasks have now. Whoever asks starts nothing at the same time as others who ask."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _QUOTA_LOCK})
    statement = select(task.c.account_id, func.sum(task.c.cpu)).where(task.c.state == "running").group_by(task.c.account_id)
    return {str(row[0]): float(row[1]) for row in connection.execute(statement)}


def count_open(connection: Connection) -> int:
    """How many tasks are known and have not started."""
    return int(connection.execute(select(func.count()).where(task.c.state.in_(("ready", "waiting")))).scalar_one())


def _mine(task_id: str, attempt: int, owner: str) -> ColumnElement[bool]:
    return and_(task.c.id == task_id, task.c.attempt == attempt, task.c.owner == owner, task.c.state == "running")


def extend(connection: Connection, owner: str, lease_until: float) -> int:
    """The heartbeat: extend the leases of all running tasks of an owner; how many there were."""
    mine = _unlocked(and_(task.c.owner == owner, task.c.state == "running"))
    return connection.execute(update(task).where(task.c.id.in_(mine)).values(lease_until=lease_until)).rowcount


def _unlocked(condition: ColumnElement[bool]) -> Select[tuple[str]]:
    """Ids of tasks that nobody is changing: who changes several at once must not wait for others who do."""
    return select(task.c.id).where(condition).with_for_update(skip_locked=True, key_share=True)


def owned(connection: Connection, owner: str) -> set[tuple[str, int]]:
    """(id, attempt) of the running tasks of an owner."""
    statement = select(task.c.id, task.c.attempt).where(task.c.owner == owner, task.c.state == "running")
    return {(str(row.id), int(row.attempt)) for row in connection.execute(statement)}


def note_progress(connection: Connection, task_id: str, attempt: int, owner: str, progress: float, now_s: float) -> None:
    """Write how far an attempt is, 0 to 1."""
    connection.execute(update(task).where(_mine(task_id, attempt, owner)).values(progress=progress, updated_at=now_s))


_AT = bindparam("at", type_=Float())
_LEFT = case((task.c.waiting_on > bindparam("ended"), task.c.waiting_on - bindparam("ended")), else_=0)
_FREED = (task.c.state == "waiting") & (_LEFT == 0)
_RELEASE = (
    update(task)
    .where(task.c.id == bindparam("of_task"), task.c.waiting_on > 0)
    .values(
        waiting_on=_LEFT,
        state=case((_FREED, "ready"), else_=task.c.state),
        ready_at=case((_FREED, _AT), else_=task.c.ready_at),
        updated_at=case((_FREED, _AT), else_=task.c.updated_at),
    )
)


def release(connection: Connection, ended: Collection[str], now_s: float) -> None:
    """Let successors wait for these tasks no longer; those that wait for nothing more are ready."""
    counts: dict[str, int] = {}
    for ids in in_chunks(ended):
        successors = select(edge.c.task_id, func.count()).where(edge.c.needs_id.in_(ids)).group_by(edge.c.task_id)
        for task_id, count in connection.execute(successors):
            counts[task_id] = counts.get(task_id, 0) + count
    if counts:
        connection.execute(_RELEASE, [{"of_task": task_id, "ended": counts[task_id], "at": now_s} for task_id in sorted(counts)])


def finish(
    connection: Connection,
    task_id: str,
    attempt: int,
    owner: str,
    outputs: Mapping[str, Any],
    cpu_s: float,
    now_s: float,
    usage: Usage | None = None,
    result: Result = Result(),  # noqa: B008 (frozen)
) -> bool:
    """End a running task well and release its successors; False (and nothing done) when the attempt was fenced off.

    result: a key makes the outputs known to `find_results`.
    """
    statement = (
        update(task)
        .where(_mine(task_id, attempt, owner))
        .values(
            state="done",
            outputs=dict(outputs),
            key=result.key,
            digest=result.digest,
            error=None,
            progress=1.0,
            owner=None,
            lease_until=None,
            cpu_s=task.c.cpu_s + cpu_s,
            ended_at=now_s,
            updated_at=now_s,
        )
    )
    if connection.execute(statement).rowcount != 1:
        return False
    attempts.end(connection, [(task_id, attempt)], "done", now_s, usage=usage, reused=result.reused)
    release(connection, [task_id], now_s)
    return True


def put_back(
    connection: Connection,
    task_id: str,
    attempt: int,
    owner: str,
    error: Mapping[str, Any],
    *,
    not_before: float,
    counts: bool,
    now_s: float,
    failed_on: Sequence[str] = (),
    crashed: bool = False,
    usage: Usage | None = None,
) -> bool:
    """Return a running task to the queue with the error of its attempt; `counts` when it uses up a retry.

    failed_on: all workers on which it has failed; crashed: whether the attempt took its process along.
    """
    statement = (
        update(task)
        .where(_mine(task_id, attempt, owner))
        .values(
            state="ready",
            error=dict(error),
            failures=task.c.failures + (1 if counts else 0),
            failed_on=list(failed_on),
            crashes=task.c.crashes + (1 if crashed else 0),
            tries=task.c.tries - (0 if counts else 1),
            not_before=not_before,
            ready_at=max(now_s, not_before),
            owner=None,
            worker=None,
            lease_until=None,
            progress=0.0,
            updated_at=now_s,
        )
    )
    if connection.execute(statement).rowcount != 1:
        return False
    outcome = _outcome(error) if counts else "put_back"
    attempts.end(connection, [(task_id, attempt)], outcome, now_s, error=error, usage=usage)
    return True


def _outcome(error: Mapping[str, Any]) -> str:
    return "lost" if error.get("code") == WorkerLostError.code else "failed"


def fail(
    connection: Connection,
    task_id: str,
    attempt: int,
    owner: str,
    error: Mapping[str, Any],
    cpu_s: float,
    now_s: float,
    usage: Usage | None = None,
) -> bool:
    """End a running task badly, for good. Successors of an optional task are released all the same."""
    statement = (
        update(task)
        .where(_mine(task_id, attempt, owner))
        .values(
            state="failed",
            error=dict(error),
            failures=task.c.failures + 1,
            owner=None,
            lease_until=None,
            cpu_s=task.c.cpu_s + cpu_s,
            ended_at=now_s,
            updated_at=now_s,
        )
        .returning(task.c.optional)
    )
    row = connection.execute(statement).first()
    if row is None:
        return False
    attempts.end(connection, [(task_id, attempt)], _outcome(error), now_s, error=error, usage=usage)
    if row.optional:
        release(connection, [task_id], now_s)
    return True


def fail_unended(connection: Connection, task_id: str, error: Mapping[str, Any], now_s: float) -> bool:
    """End a task badly that waits, is ready or runs, whoever runs it; False when it has ended."""
    values = {"state": "failed", "error": dict(error), "owner": None, "lease_until": None, "ended_at": now_s, "updated_at": now_s}
    statement = update(task).where(task.c.id == task_id, task.c.state.not_in(ENDED)).values(**values)
    row = connection.execute(statement.returning(task.c.optional, task.c.attempt)).first()
    if row is None:
        return False
    attempts.end(connection, [(task_id, row.attempt)], "cancelled", now_s, error=error)
    if row.optional:
        release(connection, [task_id], now_s)
    return True


def count_crashes(connection: Connection, run_id: str, piece: int) -> int:
    """How often attempts over a piece took their process along."""
    statement = select(func.coalesce(func.sum(task.c.crashes), 0)).where(task.c.run_id == run_id, task.c.piece == piece)
    return int(connection.execute(statement).scalar_one())


def hand_back(connection: Connection, owner: str, now_s: float) -> int:
    """Return all that an owner runs to the queue, as if it had never been tried; how many there were."""
    mine = _unlocked(and_(task.c.owner == owner, task.c.state == "running"))
    fresh = {"state": "ready", "owner": None, "worker": None, "lease_until": None, "progress": 0.0, "tries": task.c.tries - 1}
    again = update(task).where(task.c.id.in_(mine)).values(**fresh, ready_at=now_s, updated_at=now_s).returning(task.c.id, task.c.attempt)
    rows = all_rows(connection, again)
    attempts.end(connection, [(row["id"], row["attempt"]) for row in rows], "put_back", now_s)
    return len(rows)


def _lost(now_s: float, dead_owner_except: str | None) -> ColumnElement[bool]:
    lost = task.c.lease_until < now_s
    if dead_owner_except is not None:
        lost = or_(lost, task.c.owner != dead_owner_except)
    return and_(task.c.state == "running", lost)


def take_back(connection: Connection, now_s: float, max_tries: int, dead_owner_except: str | None = None) -> list[Row]:
    """Return to the queue what runs under an ended lease, or (when `dead_owner_except` is given) under any other owner.

    A lost lease is a lost attempt, not a failure of the task: a new attempt starts at once, unless there were `max_tries`.
    Returns (id, attempt) rows.
    """
    lost = _unlocked(and_(_lost(now_s, dead_owner_except), task.c.tries < max_tries))
    statement = (
        update(task)
        .where(task.c.id.in_(lost))
        .values(state="ready", ready_at=now_s, owner=None, worker=None, lease_until=None, progress=0.0, updated_at=now_s)
        .returning(task.c.id, task.c.attempt)
    )
    taken = all_rows(connection, statement)
    attempts.end(connection, [(row["id"], row["attempt"]) for row in taken], "lost", now_s)
    return taken


def find_hopeless(connection: Connection, now_s: float, max_tries: int, dead_owner_except: str | None = None) -> list[Row]:
    """What `take_back` does not return because it was tried too often: rows of id, run_id, attempt, owner."""
    columns = (task.c.id, task.c.run_id, task.c.attempt, task.c.owner)
    return all_rows(connection, select(*columns).where(_lost(now_s, dead_owner_except), task.c.tries >= max_tries))


def cancel_run(connection: Connection, run_id: str, now_s: float) -> list[Row]:
    """Cancel all that has not ended; returns the (id, attempt) of what was running, for the engine to kill."""
    running = all_rows(connection, select(task.c.id, task.c.attempt).where(task.c.run_id == run_id, task.c.state == "running"))
    connection.execute(
        update(task)
        .where(task.c.run_id == run_id, task.c.state.not_in(ENDED))
        .values(state="cancelled", owner=None, lease_until=None, ended_at=now_s, updated_at=now_s)
    )
    attempts.end(connection, [(row["id"], row["attempt"]) for row in running], "cancelled", now_s)
    return running


def retry_run(connection: Connection, run_id: str, now_s: float) -> int:
    """Make the failed and cancelled tasks of a run runnable again with fresh retries; how many there were.

    Optional tasks that failed stay failed: what they stood for was dropped, and half of it must not come back.
    """
    again = or_(task.c.state == "cancelled", and_(task.c.state == "failed", task.c.optional.is_(False)))
    ids = [row.id for row in connection.execute(select(task.c.id).where(task.c.run_id == run_id, again))]
    reset(connection, ids, now_s)
    return len(ids)


def reset(connection: Connection, ids: Sequence[str], now_s: float) -> None:
    """Make ended tasks runnable again, as if they had never run; what needs them and has not started waits for them again."""
    for task_id in ids:
        released = select(task.c.id).where(
            task.c.id == task_id, or_(task.c.state == "done", and_(task.c.state == "failed", task.c.optional))
        )
        if connection.execute(released).first() is not None:
            successors = and_(
                task.c.id.in_(select(edge.c.task_id).where(edge.c.needs_id == task_id)), task.c.state.in_(("waiting", "ready"))
            )
            connection.execute(update(task).where(successors).values(state="waiting", ready_at=None, waiting_on=task.c.waiting_on + 1))
        needs = [row.needs_id for row in connection.execute(select(edge.c.needs_id).where(edge.c.task_id == task_id))]
        waiting_on = _open_needs(connection, needs) if needs else 0
        state = "waiting" if waiting_on else "ready"
        fresh: dict[str, Any] = {
            "tries": 0,
            "failures": 0,
            "failed_on": [],
            "crashes": 0,
            "not_before": 0.0,
            "error": None,
            "key": None,
            "ended_at": None,
            "progress": 0.0,
        }
        values: dict[str, Any] = {"state": state, "waiting_on": waiting_on, **fresh}
        since = None if waiting_on else now_s
        connection.execute(update(task).where(task.c.id == task_id).values(**values, ready_at=since, updated_at=now_s))


def hurry(connection: Connection, task_id: str, now_s: float) -> bool:
    """Let a ready task that was put off start now; False when it is not ready."""
    statement = update(task).where(task.c.id == task_id, _READY).values(not_before=0.0, updated_at=now_s)
    return connection.execute(statement).rowcount == 1


def move_in_lane(connection: Connection, task_id: str, due_at: float, now_s: float) -> bool:
    """Give a task that has not started another virtual deadline; False when it has started."""
    unstarted = task.c.state.in_(("ready", "waiting"))
    return connection.execute(update(task).where(task.c.id == task_id, unstarted).values(due_at=due_at, updated_at=now_s)).rowcount == 1


def head(connection: Connection, limit: int) -> list[Row]:
    """The ready tasks that are due first, for people to look at."""
    return all_rows(connection, select(*_SHOWN).select_from(_PEOPLE).where(_READY).order_by(task.c.due_at, task.c.id).limit(limit))


def running(connection: Connection, limit: int) -> list[Row]:
    """The running queue: who runs what since when, the oldest first."""
    chosen = select(*_SHOWN).select_from(_PEOPLE).where(task.c.state == "running")
    return all_rows(connection, chosen.order_by(task.c.started_at, task.c.id).limit(limit))


def failed(connection: Connection, since: float, limit: int) -> list[Row]:
    """What has failed for good in runs that are open or ended after `since`, the newest first; deleted videos are left out."""
    lately = or_(run.c.state == "open", and_(run.c.state.in_(("done", "failed")), run.c.ended_at > since))
    chosen = select(*_SHOWN).select_from(_PEOPLE).where(task.c.state == "failed", lately)
    return all_rows(connection, chosen.order_by(task.c.ended_at.desc(), task.c.id).limit(limit))


def census(connection: Connection) -> list[Row]:
    """How many tasks have not ended, by state, stage and account, and when the oldest of each was born."""
    by = (task.c.state, task.c.stage, task.c.account_id)
    counts = select(*by, func.count().label("tasks"), func.min(task.c.created_at).label("oldest_at"))
    return all_rows(connection, counts.where(task.c.state.in_(("waiting", "ready", "running"))).group_by(*by))


def of_run(connection: Connection, run_id: str, ids: Collection[str] | None = None) -> list[Row]:
    """The tasks of a run in order of birth, all or those named. Inputs and outputs are left out."""
    columns = [column for column in task.c if column.name not in ("params", "outputs")]
    statement = select(*columns).where(task.c.run_id == run_id).order_by(task.c.created_at, task.c.id)
    if ids is not None:
        statement = statement.where(task.c.id.in_(list(ids)))
    return all_rows(connection, statement)


def stamps_of_run(connection: Connection, run_id: str) -> dict[str, tuple[Any, ...]]:
    """What every change of a task changes, by task; equal stamps mean that nobody touched it. To be compared, not ordered:
    tasks are not committed in the order of their `updated_at`.
    """
    columns = (task.c.updated_at, task.c.state, task.c.attempt, task.c.progress)
    return {str(row[0]): tuple(row[1:]) for row in connection.execute(select(task.c.id, *columns).where(task.c.run_id == run_id))}


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


def count_states(connection: Connection, run_id: str) -> dict[str, int]:
    """How many tasks of a run are in each state."""
    statement = select(task.c.state, func.count()).where(task.c.run_id == run_id).group_by(task.c.state)
    return {str(row[0]): int(row[1]) for row in connection.execute(statement)}


def next_ready_at(connection: Connection, now_s: float) -> float | None:
    """When the next delayed task comes due, None when there is none."""
    source = _task_by(connection, "task_delayed")
    statement = text(f"SELECT min(not_before) FROM {source} WHERE state = 'ready' AND not_before > :now_s")  # noqa: S608 (our own words)
    return connection.execute(statement, {"now_s": now_s}).scalar()
