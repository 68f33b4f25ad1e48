"""The completion handler: takes ended tasks and runs from the completion queue and brings the video's row up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import RungsDroppedError, YeoulError
from yeoul.blob.store import Bucket
from yeoul.catalog.queue import run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.video import stream, upload, video
from yeoul.model.event import RunEnded, TaskEnded, TrackRemoved
from yeoul.model.rendition import Rung, codec_of
from yeoul.model.video import VideoState, is_legal
from yeoul.pipeline import publish, sweeper


class CompletionHandler:
    """Each method handles one topic in the transaction that takes the event out of the outbox."""

    def task_ended(self, connection: Connection, event: TaskEnded, now_s: float) -> None:
        """Updates progress; the video becomes playable once the lowest rung and the audio have their first segment."""
        video_id = event.video_id
        current = run.lock(connection, event.run_id)
        row = video.find(connection, video_id)
        if row is None or current is None or current["state"] != "open" or row["state"] == VideoState.READY.value:
            return  # of a ready video a dropped rung is being made again; it shows when it is whole
        video.change(connection, video_id, {"progress": _progress(connection, current)}, now_s)
        if current["ladder"] is None:
            return
        playable = _list_renditions(connection, current)
        if playable and row["state"] in (VideoState.UPLOADING.value, VideoState.PROCESSING.value):
            video.move(connection, video_id, VideoState.PLAYABLE, now_s, playable_at=now_s)

    def upload_closed(self, connection: Connection, video_id: str, now_s: float) -> None:
        """All bytes are there: the video is processing, unless it is playable already."""
        row = video.find(connection, video_id)
        if row is not None and row["state"] == VideoState.UPLOADING.value:
            video.move(connection, video_id, VideoState.PROCESSING, now_s)

    def run_ended(self, connection: Connection, event: RunEnded, now_s: float) -> None:
        """Makes the video ready and frees temporary objects, or fails it with the error of the task that ended the run.

        A failed video keeps its temporary objects: a retry continues from there.
        """
        video_id = event.video_id
        current = run.lock(connection, event.run_id)
        row = video.find(connection, video_id)
        if row is None or current is None:
            return
        if event.failed is None:
            edition = current["edition"]
            stream.list_renditions(connection, video_id, edition, list(stream.standing(connection, video_id, edition)))
            if row["edition"] != edition:
                publish.show(connection, current, now_s)
                sweeper.ask_later(connection, video_id, now_s)
            done = {"progress": 1.0, "notice": _dropped_notice(run.made(connection, current["id"])["dropped"])}
            video.change(connection, video_id, done, now_s)
            playable_at = row["playable_at"] or now_s
            video.move(connection, video_id, VideoState.READY, now_s, ready_at=now_s, playable_at=playable_at, **done)
            sweeper.ask(connection, video_id, "leftovers", now_s)
            return
        error = _error_of(connection, current["id"], event.failed)
        if row["state"] == VideoState.READY.value:
            video.change(connection, video_id, {"notice": error}, now_s)  # what was made before stays
        else:
            video.move(connection, video_id, VideoState.FAILED, now_s, error=error, notice=None)

    def give_up(self, connection: Connection, video_id: str, error: YeoulError, now_s: float) -> None:
        """An event of this video can never be handled: the video fails, and its owner is told why."""
        current = run.find_of_video(connection, video_id)
        if current is not None:
            run.end(connection, current["id"], "failed", now_s)
            queue.cancel_run(connection, current["id"], now_s)
        row = video.find(connection, video_id)
        if row is not None and is_legal(VideoState(row["state"]), VideoState.FAILED):
            video.move(connection, video_id, VideoState.FAILED, now_s, error=error.to_dict(), notice=None)

    def track_removed(self, connection: Connection, event: TrackRemoved, now_s: float) -> None:
        """Frees the objects of an audio track once nobody plays it, and removes it from the dropped ones."""
        video_id = event.video_id
        sweeper.ask_one(connection, video_id, event.key, now_s, Bucket(event.bucket))
        sweeper.ask_later(connection, video_id, now_s)
        last = run.find_of_video(connection, video_id)
        current = None if last is None else run.lock(connection, last["id"])
        row = video.find(connection, video_id)
        if row is not None and current is not None and event.name in current["made"]["dropped"]:
            publish.bring_back(connection, current, [event.name], now_s)
            if row["state"] == VideoState.READY.value:
                left = run.made(connection, current["id"])["dropped"]
                video.change(connection, video_id, {"notice": _dropped_notice(left)}, now_s)

    def video_deleted(self, connection: Connection, video_id: str, now_s: float) -> None:
        """Everything a deleted video had in the store goes."""
        sweeper.ask(connection, video_id, "all", now_s)


def _list_renditions(connection: Connection, current: Mapping[str, Any]) -> bool:
    """Offer the lowest rung and the audio from their first segment on, and a higher rung once it has caught up with the lowest.

    From then on growing playlists keep all listed renditions in step, so that a player may switch freely. What is encoded in other
    codecs joins when it is whole, for nobody shall wait for it. Returns whether the video can be played.
    """
    standing = stream.standing(connection, current["video_id"], current["edition"])
    base = {Rung.model_validate(current["ladder"][-1]).name}
    if current["source"]["audio"] is not None:
        base.add("audio")
    if any(standing.get(name, (0, False))[0] == 0 for name in base):
        return False
    horizon = min(standing[name][0] for name in base)
    others = [name for name in standing if codec_of(name) != "h264"]
    needed = dict.fromkeys(standing, horizon) | dict.fromkeys(others, _count_pieces(connection, current) if others else horizon)
    new = [name for name, (count, listed) in standing.items() if not listed and (name in base or count >= needed[name])]
    if new:
        stream.list_renditions(connection, current["video_id"], current["edition"], new)
    return True


def _count_pieces(connection: Connection, current: Mapping[str, Any]) -> float:
    """How many pieces there are; infinitely many until the upload is closed."""
    if upload.get(connection, current["upload_id"])["state"] != "closed":
        return float("inf")
    return len(upload.landed_indexes(connection, current["upload_id"], "piece"))


def _progress(connection: Connection, current: Mapping[str, Any]) -> float:
    """Share of ended tasks among those known, scaled by the share of the bytes that have landed."""
    counts = queue_view.count_states(connection, current["id"])
    total = sum(counts.values())
    ended = sum(counts.get(state, 0) for state in queue.ENDED)
    sent = upload.get(connection, current["upload_id"])
    share = 1.0 if sent["state"] == "closed" else min(1.0, upload.landed_bytes(connection, sent["id"]) / max(1, sent["size_bytes"]))
    return round(share * ended / max(1, total), 4)


def _dropped_notice(dropped: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the notice of a ready video that lacks qualities; None where it lacks none."""
    if not dropped:
        return None
    rungs = sorted(dropped)
    return RungsDroppedError(f"the video is ready without {', '.join(rungs)}, which could not be made", rungs=rungs).to_dict()


def _error_of(connection: Connection, run_id: str, stage: str) -> dict[str, Any]:
    for task in queue_view.of_run(connection, run_id):
        if task["stage"] == stage and task["state"] == "failed":
            return {**task["error"], "stage": stage, "piece": task["piece"]}
    return {"code": "internal.error", "message": f"stage {stage} failed", "facts": {}, "retryable": False}
