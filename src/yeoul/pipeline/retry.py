"""Second chances: making failed tasks runnable again, of a failed video, of one piece, or of a rung that was dropped."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import ConflictError
from yeoul.catalog.queue import run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.video import upload, video
from yeoul.model.video import VideoState
from yeoul.pipeline import publish
from yeoul.pipeline.dag.definition import PREPROCESSOR_STAGES
from yeoul.pipeline.task import input as task_input

Row = Mapping[str, Any]


def retry_video(connection: Connection, video_id: str, now_s: float, *, piece: int | None = None, rung: str | None = None) -> None:
    """Try again what failed; with `piece` or `rung` also what was dropped. Raises ConflictError when there is nothing of the kind."""
    found = run.find_of_video(connection, video_id)
    row = video.get(connection, video_id)
    if found is None or (current := run.lock(connection, found["id"])) is None:
        raise ConflictError(f"video {video_id} has not been worked on; there is nothing to try again", state=row["state"])
    is_failed = VideoState.FAILED.value in (row["state"], current["state"])  # a ready video's newest run may have failed too
    if piece is None and rung is None:
        if not is_failed:
            raise ConflictError(f"video {video_id} is {row['state']}; without a piece or a rung, only a failed one can be tried again")
    else:
        _bring_back(connection, current, _find_rungs(connection, row, current, piece, rung, is_failed=is_failed), now_s)
    if is_failed:
        run.reopen(connection, current["id"])
        queue.retry_run(connection, current["id"], now_s)
        if row["state"] == VideoState.FAILED.value:
            video.move(connection, video_id, VideoState.PROCESSING, now_s, error=None)
        else:
            video.change(connection, video_id, {"notice": None}, now_s)


def retry_task(connection: Connection, task: Row, now_s: float) -> None:
    """Let a task run now that waits for its next attempt, or try it again when it has failed. Raises ConflictError otherwise."""
    if queue.hurry(connection, task["id"], now_s):
        return
    if task["state"] not in {"failed", "cancelled"}:
        raise ConflictError(f"task {task['id']} is {task['state']}; only what failed or waits for its next attempt can be tried again")
    row = run.find(connection, task["run_id"])
    assert row is not None, "tasks have a run"
    # What is dropped is a rendition: the rung's name in the codec that this task makes.
    rung = next(iter(task_input.rungs_of(row, task)), task["rung"]) if task["rung"] is not None else None
    retry_video(connection, row["video_id"], now_s, piece=task["piece"], rung=rung)


def _find_rungs(connection: Connection, row: Row, current: Row, piece: int | None, rung: str | None, *, is_failed: bool) -> set[str]:
    """Names of the dropped rungs that are wanted back; none of a failed video is fine when it failed where it is asked for."""
    dropped = set(current["made"]["dropped"])
    if rung is not None:
        if rung not in dropped and not (is_failed and _failed_stage(row)):
            raise ConflictError(f"rung {rung} of video {row['id']} was not dropped", dropped=sorted(dropped))
        return {rung} & dropped
    failed = [task for task in queue_view.of_run(connection, current["id"]) if task["piece"] == piece and task["state"] == "failed"]
    if not failed:
        raise ConflictError(f"no task of piece {piece} of video {row['id']} has failed", piece=piece)
    names = {name for task in failed if task["optional"] for name in task_input.rungs_of(current, task)} & dropped
    if not names and not is_failed:
        raise ConflictError(f"piece {piece} of video {row['id']} lacks no rung", piece=piece)
    return names


def _failed_stage(row: Row) -> str | None:
    """Where the newest run failed, of a video that failed with it or of one that shows an earlier one."""
    error = row["error"] or row["notice"]
    return None if error is None else error.get("stage")


def _bring_back(connection: Connection, current: Row, names: Collection[str], now_s: float) -> None:
    """Make dropped rungs again, all pieces of them, since those that were made are gone; they show when they are whole."""
    if not names:
        return
    if current["state"] == "done" and upload.get(connection, current["upload_id"])["mode"] == "whole":
        raise ConflictError(
            "the pieces that the server cut from this file were freed when it was ready; upload it again", rungs=sorted(names)
        )
    tasks = [task for task in queue_view.of_run(connection, current["id"]) if task["stage"] not in PREPROCESSOR_STAGES]
    again, names = _makers(tasks, current, set(names))
    if any(task["state"] == "running" for task in again):
        raise ConflictError("they are being made at this moment", rungs=sorted(names))
    publish.bring_back(connection, current, sorted(names), now_s)
    queue.reset(connection, [task["id"] for task in again if task["state"] in queue.ENDED], now_s)
    if current["state"] == "done":
        run.reopen(connection, current["id"])
    else:
        run.change(connection, current["id"])  # whoever keeps its scheduler builds it anew


def _makers(tasks: Sequence[Row], current: Row, names: set[str]) -> tuple[list[Row], set[str]]:
    """The tasks that make these rungs, and all rungs that those make and that come back with them."""
    made = {task["id"]: set(task_input.rungs_of(current, task)) for task in tasks}
    again = [task for task in tasks if made[task["id"]] & names]
    return again, names.union(*(made[task["id"]] for task in again))
