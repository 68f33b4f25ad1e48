"""The preprocessor: inspects the first piece or splits the whole file, chooses the ladder, and generates the DAG.

The upload's piece rows are its only state: if the process dies half way, the DAG is generated again from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import NotFoundError, OverloadedError
from yeoul.base.ids import new_id
from yeoul.blob.store import Bucket
from yeoul.catalog.account import usage
from yeoul.catalog.queue import run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.schema.row.pipeline import RunRow
from yeoul.catalog.video import audio_track, caption, stream, upload, video
from yeoul.model.event import PieceLanded, Reprocess, TrackLanded, UploadClosed
from yeoul.model.sound import MAX_LABEL
from yeoul.model.video import VideoState
from yeoul.pipeline import publish
from yeoul.pipeline.dag import scheduler
from yeoul.pipeline.dag.definition import INSPECT, SPLIT, Definition
from yeoul.pipeline.scheduler_cache import SchedulerCache, make_task_id
from yeoul.pipeline.task.data import ExtractedTrack, Prepared

_OVERLOADED = OverloadedError("the server is busy; processing starts automatically when it has capacity").to_dict()
_MEMORY_BYTES = 700 * 2**20
_TIMEOUT_S = 3600.0


class Preprocessor:
    """Turns upload events into runs. definitions: DAG definitions by pipeline name."""

    def __init__(self, schedulers: SchedulerCache, definitions: Mapping[str, Definition]) -> None:
        self._schedulers = schedulers
        self._definitions = definitions
        self._versions = {stage.op: stage.version for definition in definitions.values() for stage in definition.stages}
        self.is_parking = False  # True while overloaded: new runs are parked

    def piece_landed(self, connection: Connection, event: PieceLanded, now_s: float) -> None:
        """Adds the inspect task when the first piece has landed. Passes pieces to the scheduler once the source was inspected."""
        row = self._lock_or_add_run(connection, event.video_id, event.upload_id, now_s)
        if row["state"] != "open":
            return
        if row["ladder"] is not None:
            self._schedulers.apply(connection, row["id"], [scheduler.PieceLanded(event.index)], now_s)
        elif event.index == 0:
            self._add_task(connection, row, INSPECT, now_s)

    def upload_closed(self, connection: Connection, event: UploadClosed, now_s: float) -> None:
        """Adds the split task for a whole file, or tells the scheduler how many pieces there are."""
        row = self._lock_or_add_run(connection, event.video_id, event.upload_id, now_s)
        if row["state"] != "open":
            return
        if event.mode == "whole" and row["ladder"] is None:
            self._add_task(connection, row, SPLIT, now_s)
        elif row["ladder"] is not None:
            self._schedulers.apply(connection, row["id"], [scheduler.UploadClosed(event.pieces)], now_s)

    def task_done(self, connection: Connection, row: RunRow, output: Prepared, now_s: float) -> None:
        """Stores the output of inspect or split, and generates the DAG."""
        if output.pieces is not None:
            pieces = [
                {
                    "index": landed.piece.index,
                    "piece": landed.piece.model_dump(mode="json"),
                    "bucket": landed.bucket,
                    "key": landed.key,
                    "size_bytes": landed.size_bytes,
                    "sha256": landed.sha256,
                    "landed_at": now_s,
                }
                for landed in output.pieces
            ]
            upload.declare(connection, row["upload_id"], "piece", pieces)
            owner_id = video.get(connection, row["video_id"])["owner_id"]
            usage.set_temp_bytes(connection, owner_id, row["video_id"], sum(landed.size_bytes for landed in output.pieces))
        if output.captions:
            caption.set_from_file(connection, row["video_id"], [entry.model_dump() for entry in output.captions])
        if output.source.audio is not None:
            audio_track.ensure_main(connection, row["video_id"], output.source.audio, now_s)
        if output.sounds:
            audio_track.set_from_file(connection, row["video_id"], [_sound_row(entry) for entry in output.sounds], now_s)
        source = output.source.model_dump(mode="json")
        run.change(connection, row["id"], source=source, ladder=[rung.model_dump(mode="json") for rung in output.ladder])
        video.change(connection, row["video_id"], {"source": source}, now_s)
        self._schedulers.evict(row["id"])
        self._schedulers.apply(connection, row["id"], [], now_s)  # rebuilds the scheduler, and so the DAG, from everything that has landed

    def track_landed(self, connection: Connection, event: TrackLanded, now_s: float) -> None:
        """Schedules the encoding of an audio track: in the open run, in the reopened last run, or in a new one."""
        video_id = event.video_id
        last_run = run.find_of_video(connection, video_id)
        current = None if last_run is None else run.lock(connection, last_run["id"])
        if current is None or current["ladder"] is None:
            return  # the run reads landed tracks from the rows when it starts
        if current["state"] == "open":
            self._schedulers.apply(connection, current["id"], [scheduler.TrackLanded(event.name)], now_s)
        elif current["state"] == "done" and _makes_tracks(current["definition"]["stages"]) and not self.is_stale(current):
            run.reopen(connection, current["id"])
            self._schedulers.apply(connection, current["id"], [scheduler.TrackLanded(event.name)], now_s)
        elif current["state"] == "done":
            video_row = video.get(connection, video_id)
            if _makes_tracks(self._definitions[video_row["pipeline"]].model_dump(mode="json", by_alias=True)["stages"]):
                self.reprocess(connection, Reprocess(video_id=video_id, edition=current["edition"] + 1), now_s)

    def reprocess(self, connection: Connection, event: Reprocess, now_s: float) -> None:
        """Adds the next run over the upload of a video. Does nothing if that run exists already."""
        video_id = event.video_id
        row, last_run = video.find_locked(connection, video_id), run.find_of_video(connection, video_id)
        if row is None or last_run is None or event.edition != last_run["edition"] + 1:
            return
        definition = self._definitions[row["pipeline"]].model_dump(mode="json", by_alias=True)
        current = self._add_next_run(connection, last_run, definition, now_s)
        edition = current["edition"]
        if row["state"] == VideoState.FAILED.value:  # there is no earlier edition to show in the meantime
            publish.switch_edition(connection, current, now_s)
            stream.delete_other_editions(connection, video_id, {edition})
            video.change_state(connection, video_id, VideoState.PROCESSING, now_s, error=None)
        if self.is_parking:
            video.change(connection, video_id, {"notice": _OVERLOADED}, now_s)
        else:
            self.resume(connection, current, now_s)

    def is_stale(self, row: RunRow) -> bool:
        """True if a run uses another version of an op than this program, because outputs of both versions do not fit together."""
        return any(stage["version"] != self._versions.get(stage["op"], stage["version"]) for stage in row["definition"]["stages"])

    def restart_stale(self, connection: Connection, row: RunRow, now_s: float) -> None:
        """Adds the next run over the upload of a stale, cancelled run: the same stages with the current versions of the ops.

        A video that is playable shows the old edition until the new one is complete.
        """
        stages = [{**stage, "version": self._versions.get(stage["op"], stage["version"])} for stage in row["definition"]["stages"]]
        current = self._add_next_run(connection, row, {**row["definition"], "stages": stages}, now_s)
        video_row = video.find(connection, row["video_id"])
        if video_row is not None and video_row["edition"] == row["edition"] and video_row["state"] != VideoState.PLAYABLE.value:
            publish.switch_edition(connection, current, now_s)
            stream.delete_other_editions(connection, row["video_id"], {current["edition"]})
        if row["state"] == "open":
            self.resume(connection, current, now_s)

    def _add_next_run(self, connection: Connection, last: RunRow, definition: Mapping[str, Any], now_s: float) -> RunRow:
        """Adds a parked run over the same upload as the last run. Returns its row, locked."""
        run_id = new_id(now_s)
        run.add(connection, run_id, last["video_id"], last["upload_id"], definition, now_s, edition=last["edition"] + 1, parked=True)
        audio_track.mark_extracted_deleted(connection, last["video_id"])
        upload.delete_split_pieces(connection, last["upload_id"])  # pieces of a whole file: their objects were freed, or are split again
        current = run.lock(connection, run_id)
        assert current is not None, "it was just added"
        return current

    def _lock_or_add_run(self, connection: Connection, video_id: str, upload_id: str, now_s: float) -> RunRow:
        row = run.lock_of_upload(connection, upload_id)
        if row is None:
            # The lock orders this against a deletion: it commits before (and NotFoundError is raised), or after and then finds the run.
            video_row = video.find_locked(connection, video_id)
            if video_row is None:
                raise NotFoundError(f"there is no video {video_id}", video=video_id)
            definition = self._definitions[video_row["pipeline"]]
            fields = definition.model_dump(mode="json", by_alias=True)
            run.add(connection, new_id(now_s), video_id, upload_id, fields, now_s, parked=self.is_parking)
            if self.is_parking:
                video.change(connection, video_id, {"notice": _OVERLOADED}, now_s)
            row = run.lock_of_upload(connection, upload_id)
            assert row is not None
        return row

    def resume(self, connection: Connection, row: RunRow, now_s: float) -> None:
        """Opens a parked run, and adds its first task if enough of the upload has landed in the meantime."""
        run.reopen(connection, row["id"])
        video.change(connection, row["video_id"], {"notice": None}, now_s)
        upload_row = upload.get(connection, row["upload_id"])
        if upload_row["mode"] == "whole":
            if upload_row["state"] == "closed":
                self._add_task(connection, row, SPLIT, now_s)
        elif 0 in upload.landed_indexes(connection, upload_row["id"], "piece"):
            self._add_task(connection, row, INSPECT, now_s)

    def _add_task(self, connection: Connection, row: RunRow, stage: str, now_s: float) -> None:
        new = queue.NewTask(
            id=make_task_id(row["id"], scheduler.Place(stage)),
            run_id=row["id"],
            account_id=row["account_id"],
            stage=stage,
            piece=None,
            op=stage,
            params={},
            due_at=now_s,
            cpu=1.0,
            memory_bytes=_MEMORY_BYTES,
            timeout_s=_TIMEOUT_S,
        )
        queue.add(connection, new, now_s)


def _makes_tracks(stages: Sequence[Mapping[str, Any]]) -> bool:
    return any(stage["scope"] == "track" for stage in stages)


def _sound_row(extracted: ExtractedTrack) -> dict[str, Any]:
    names = {"language": extracted.track.language, "label": (extracted.track.title or "")[:MAX_LABEL], "role": extracted.track.role}
    file = extracted.model_dump(mode="json", include={"sound", "key", "size_bytes", "sha256"})
    return {**names, **file, "bucket": Bucket.TEMP.value}
