"""Retry: makes failed tasks ready again, of a failed video, of one piece, or of a dropped rung."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from yeoul.base.errors import ConflictError
from yeoul.blob.store import Bucket
from yeoul.catalog.queue import run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.row.pipeline import RunRow, TaskStateRow
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.video import audio_track, upload, video
from yeoul.model.rendition import parse_track_name
from yeoul.model.video import VideoState
from yeoul.pipeline import publish
from yeoul.pipeline.dag.definition import PREPROCESSOR_STAGES
from yeoul.pipeline.task import input as task_input


def retry_video(connection: Connection, video_id: str, now_s: float, *, piece: int | None = None, rung: str | None = None) -> None:
    """Retries the failed tasks of a video. With `piece` or `rung`, also encodes dropped rungs again.

    Raises ConflictError if there is nothing to retry.
    """
    newest = run.find_of_video(connection, video_id)
    row = video.get(connection, video_id)
    if newest is None or (current := run.lock(connection, newest["id"])) is None:
        raise ConflictError(f"video {video_id} has not been processed yet; there is nothing to retry", state=row["state"])
    is_failed = VideoState.FAILED.value in (row["state"], current["state"])  # a ready video's newest run may have failed too
    if piece is None and rung is None:
        if not is_failed:
            raise ConflictError(f"video {video_id} is {row['state']}; only a failed video can be retried without naming a piece or a rung")
    else:
        _reset_rungs(connection, current, _find_rungs(connection, row, current, piece, rung, is_failed=is_failed), now_s)
    if is_failed:
        run.reopen(connection, current["id"])
        queue.retry_run(connection, current["id"], now_s)
        if row["state"] == VideoState.FAILED.value:
            video.change_state(connection, video_id, VideoState.PROCESSING, now_s, error=None)
        else:
            video.change(connection, video_id, {"notice": None}, now_s)


def retry_task(connection: Connection, task: TaskStateRow, now_s: float) -> None:
    """Starts the next attempt of a waiting task now, or retries a failed or cancelled task. Raises ConflictError for any other task."""
    if queue.make_due_now(connection, task["id"], now_s):
        return
    if task["state"] not in {"failed", "cancelled"}:
        raise ConflictError(f"task {task['id']} is {task['state']}; only a failed task or one that waits for a retry can be retried")
    row = run.find(connection, task["run_id"])
    assert row is not None, "tasks have a run"
    # Dropped rungs are stored by rendition name: the name of the rung in the codec of this task.
    rung = next(iter(task_input.rungs_of(row, task)), task["rung"]) if task["rung"] is not None else None
    retry_video(connection, row["video_id"], now_s, piece=task["piece"], rung=rung)


def _find_rungs(
    connection: Connection, row: VideoRow, current: RunRow, piece: int | None, rung: str | None, *, is_failed: bool
) -> set[str]:
    """Returns the dropped rungs to encode again.

    Raises ConflictError if the piece or rung has nothing to retry. For a failed video the result may be empty: then only its failed
    tasks are retried.
    """
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
        raise ConflictError(f"no rung of video {row['id']} was dropped because of piece {piece}", piece=piece)
    return names


def _failed_stage(row: VideoRow) -> str | None:
    """Returns the stage at which the newest run failed, from the error of a failed video or the notice of a ready one."""
    error = row["error"] or row["notice"]
    return None if error is None else error.get("stage")


def _reset_rungs(connection: Connection, current: RunRow, names: Collection[str], now_s: float) -> None:
    """Resets all tasks of dropped rungs, because their encoded pieces were removed too. A rung is listed again once it is complete."""
    if not names:
        return
    if current["state"] == "done" and not _has_inputs(connection, current, names):
        raise ConflictError(
            "the pieces split from this file were deleted when the video became ready; process the video again instead", rungs=sorted(names)
        )
    tasks = [task for task in queue_view.of_run(connection, current["id"]) if task["stage"] not in PREPROCESSOR_STAGES]
    makers, names = _find_makers(tasks, current, set(names))
    if any(task["state"] == "running" for task in makers):
        raise ConflictError("these rungs are being encoded now", rungs=sorted(names))
    publish.restore_rungs(connection, current, sorted(names), now_s)
    queue.reset(connection, [task["id"] for task in makers if task["state"] in queue.ENDED], now_s)
    if current["state"] == "done":
        run.reopen(connection, current["id"])
    else:
        run.change(connection, current["id"])  # makes schedulers in memory stale


def _has_inputs(connection: Connection, current: RunRow, names: Collection[str]) -> bool:
    """True if the files that a complete run needs for these renditions are still stored.

    Uploaded pieces and audio tracks are kept. What the server split from a whole file is deleted when the video is ready.
    """
    if upload.get(connection, current["upload_id"])["mode"] != "whole":
        return True
    kept = {track["name"] for track in audio_track.of_video(connection, current["video_id"]) if track["bucket"] == Bucket.ORIGINAL}
    return {parse_track_name(name) for name in names} <= kept


def _find_makers(tasks: Sequence[TaskStateRow], current: RunRow, names: set[str]) -> tuple[list[TaskStateRow], set[str]]:
    """Returns the tasks that encode these rungs, and all rungs that these tasks encode."""
    rungs_by_task = {task["id"]: set(task_input.rungs_of(current, task)) for task in tasks}
    makers = [task for task in tasks if rungs_by_task[task["id"]] & names]
    return makers, names.union(*(rungs_by_task[task["id"]] for task in makers))
