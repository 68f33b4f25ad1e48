"""The completion handler: reads events from the completion queue (the outbox) and updates the video's row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import RungsDroppedError, YeoulError
from yeoul.blob.store import Bucket
from yeoul.catalog.queue import run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.row.pipeline import RunRow
from yeoul.catalog.video import stream, upload, video
from yeoul.model.event import RunEnded, TaskEnded, TrackRemoved
from yeoul.model.rendition import Rung, parse_codec
from yeoul.model.video import VideoState, is_legal_transition
from yeoul.pipeline import publish, sweeper


class CompletionHandler:
    """Handles one topic per method, in the transaction that deletes the event from the outbox."""

    def task_ended(self, connection: Connection, event: TaskEnded, now_s: float) -> None:
        """Updates progress; the video becomes playable once the lowest rung and the audio have their first segment."""
        video_id = event.video_id
        current = run.lock(connection, event.run_id)
        row = video.find(connection, video_id)
        if row is None or current is None or current["state"] != "open" or row["state"] == VideoState.READY.value:
            return  # a dropped rung of a ready video is being encoded again; it is listed once it is complete
        video.change(connection, video_id, {"progress": _progress(connection, current)}, now_s)
        if current["ladder"] is None:
            return
        playable = _list_renditions(connection, current)
        if playable and row["state"] in (VideoState.UPLOADING.value, VideoState.PROCESSING.value):
            video.change_state(connection, video_id, VideoState.PLAYABLE, now_s, playable_at=now_s)

    def upload_closed(self, connection: Connection, video_id: str, now_s: float) -> None:
        """Moves a video from uploading to processing, because all its bytes have landed."""
        row = video.find(connection, video_id)
        if row is not None and row["state"] == VideoState.UPLOADING.value:
            video.change_state(connection, video_id, VideoState.PROCESSING, now_s)

    def run_ended(self, connection: Connection, event: RunEnded, now_s: float) -> None:
        """Makes the video ready and frees temporary objects, or fails it with the error of the task that ended the run.

        A failed video keeps its temporary objects, because a retry needs them.
        """
        video_id = event.video_id
        current = run.lock(connection, event.run_id)
        row = video.find(connection, video_id)
        if row is None or current is None:
            return
        if event.failed is None:
            edition = current["edition"]
            stream.mark_listed(connection, video_id, edition, list(stream.playlist_states(connection, video_id, edition)))
            if row["edition"] != edition:
                publish.switch_edition(connection, current, now_s)
                sweeper.schedule_free_earlier(connection, video_id, now_s)
            values = {"progress": 1.0, "notice": _dropped_notice(run.side_outputs(connection, current["id"])["dropped"])}
            video.change(connection, video_id, values, now_s)
            playable_at = row["playable_at"] or now_s
            video.change_state(connection, video_id, VideoState.READY, now_s, ready_at=now_s, playable_at=playable_at, **values)
            sweeper.schedule_free(connection, video_id, "leftovers", now_s)
            return
        error = _error_of(connection, current["id"], event.failed)
        if row["state"] == VideoState.READY.value:
            video.change(connection, video_id, {"notice": error}, now_s)  # the earlier edition stays visible
        else:
            video.change_state(connection, video_id, VideoState.FAILED, now_s, error=error, notice=None)

    def fail_video(self, connection: Connection, video_id: str, error: YeoulError, now_s: float) -> None:
        """Fails a video because one of its events cannot be handled, and stores the error for its owner."""
        current = run.find_of_video(connection, video_id)
        if current is not None:
            run.end(connection, current["id"], "failed", now_s)
            queue.cancel_run(connection, current["id"], now_s)
        row = video.find(connection, video_id)
        if row is not None and is_legal_transition(VideoState(row["state"]), VideoState.FAILED):
            video.change_state(connection, video_id, VideoState.FAILED, now_s, error=error.to_dict(), notice=None)

    def track_removed(self, connection: Connection, event: TrackRemoved, now_s: float) -> None:
        """Frees the objects of an audio track after current playback sessions, and removes it from the dropped renditions."""
        video_id = event.video_id
        sweeper.schedule_free_one(connection, video_id, event.key, now_s, Bucket(event.bucket))
        sweeper.schedule_free_earlier(connection, video_id, now_s)
        last_run = run.find_of_video(connection, video_id)
        current = None if last_run is None else run.lock(connection, last_run["id"])
        row = video.find(connection, video_id)
        if row is not None and current is not None and event.name in current["made"]["dropped"]:
            publish.restore_rungs(connection, current, [event.name], now_s)
            if row["state"] == VideoState.READY.value:
                dropped = run.side_outputs(connection, current["id"])["dropped"]
                video.change(connection, video_id, {"notice": _dropped_notice(dropped)}, now_s)

    def video_deleted(self, connection: Connection, video_id: str, now_s: float) -> None:
        """Frees all objects of a deleted video."""
        sweeper.schedule_free(connection, video_id, "all", now_s)


def _list_renditions(connection: Connection, current: RunRow) -> bool:
    """Lists renditions in the playlists as they become available. True if the video can be played.

    The lowest rung and the audio are listed from their first segment on, a higher rung once it has caught up with the lowest. Listed
    renditions then grow in step, so that a player may switch freely. Renditions in other codecs than H.264 are listed once they are
    complete, so that they never delay the others.
    """
    counts = stream.playlist_states(connection, current["video_id"], current["edition"])
    assert current["ladder"] is not None, "the source was inspected"
    assert current["source"] is not None, "the source was inspected"
    base = {Rung.model_validate(current["ladder"][-1]).name}
    if current["source"]["audio"] is not None:
        base.add("audio")
    if any(counts.get(name, (0, False))[0] == 0 for name in base):
        return False
    base_count = min(counts[name][0] for name in base)
    other_codecs = [name for name in counts if parse_codec(name) != "h264"]
    needed: dict[str, float] = dict.fromkeys(counts, base_count)
    if other_codecs:
        needed |= dict.fromkeys(other_codecs, _count_pieces(connection, current))
    new_names = [name for name, (count, listed) in counts.items() if not listed and (name in base or count >= needed[name])]
    if new_names:
        stream.mark_listed(connection, current["video_id"], current["edition"], new_names)
    return True


def _count_pieces(connection: Connection, current: RunRow) -> float:
    """Returns the number of pieces, or infinity until the upload is closed."""
    if upload.get(connection, current["upload_id"])["state"] != "closed":
        return float("inf")
    return len(upload.landed_indexes(connection, current["upload_id"], "piece"))


def _progress(connection: Connection, current: RunRow) -> float:
    """Returns the share of ended tasks among existing ones, multiplied by the share of bytes that have landed."""
    counts = queue_view.count_states(connection, current["id"])
    total = sum(counts.values())
    ended = sum(counts.get(state, 0) for state in queue.ENDED)
    upload_row = upload.get(connection, current["upload_id"])
    landed_share = 1.0
    if upload_row["state"] != "closed":
        landed_share = min(1.0, upload.landed_bytes(connection, upload_row["id"]) / max(1, upload_row["size_bytes"]))
    return round(landed_share * ended / max(1, total), 4)


def _dropped_notice(dropped: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the notice of a ready video with dropped renditions; None if none was dropped."""
    if not dropped:
        return None
    rungs = sorted(dropped)
    return RungsDroppedError(f"the video is ready, but these renditions could not be encoded: {', '.join(rungs)}", rungs=rungs).to_dict()


def _error_of(connection: Connection, run_id: str, stage: str) -> dict[str, Any]:
    for task in queue_view.of_run(connection, run_id):
        if task["stage"] == stage and task["state"] == "failed":
            assert task["error"] is not None, "failed tasks have an error"
            return {**task["error"], "stage": stage, "piece": task["piece"]}
    return {"code": "internal.error", "message": f"stage {stage} failed", "facts": {}, "retryable": False}
