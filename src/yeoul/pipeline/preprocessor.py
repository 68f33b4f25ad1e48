"""The preprocessor: has the first piece inspected (or the whole file split), chooses the ladder, and generates the DAG.

Its manifest is the upload's piece rows; when it dies half way, the DAG is generated again from them.
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
from yeoul.catalog.video import audio_track, caption, stream, upload, video
from yeoul.model.event import PieceLanded, Reprocess, TrackLanded, UploadClosed
from yeoul.model.sound import MAX_LABEL
from yeoul.model.video import VideoState
from yeoul.pipeline import publish
from yeoul.pipeline.dag import scheduler
from yeoul.pipeline.dag.definition import INSPECT, SPLIT, Definition
from yeoul.pipeline.run_book import RunBook, make_task_id
from yeoul.pipeline.task.data import Prepared, Taken

Row = Mapping[str, Any]
_OVERLOADED = OverloadedError("there is much to do; processing begins by itself when there is less").to_dict()
_MEMORY_BYTES = 700 * 2**20
_TIMEOUT_S = 3600.0


class Preprocessor:
    """Turns upload events into runs. definitions: the DAGs by the names of their pipelines."""

    def __init__(self, book: RunBook, definitions: Mapping[str, Definition]) -> None:
        self._book = book
        self._definitions = definitions
        self._versions = {stage.op: stage.version for definition in definitions.values() for stage in definition.stages}
        self.parking = False  # new runs wait until there is less to do

    def piece_landed(self, connection: Connection, event: PieceLanded, now_s: float) -> None:
        """Has the first piece inspected; schedules later ones once that is done."""
        row = self._run(connection, event.video_id, event.upload_id, now_s)
        if row["state"] != "open":
            return
        if row["ladder"] is not None:
            self._book.apply(connection, row["id"], [scheduler.PieceLanded(event.index)], now_s)
        elif event.index == 0:
            self._add(connection, row, INSPECT, now_s)

    def upload_closed(self, connection: Connection, event: UploadClosed, now_s: float) -> None:
        """Has a whole file split, or tells the run how many pieces there are."""
        row = self._run(connection, event.video_id, event.upload_id, now_s)
        if row["state"] != "open":
            return
        if event.mode == "whole" and row["ladder"] is None:
            self._add(connection, row, SPLIT, now_s)
        elif row["ladder"] is not None:
            self._book.apply(connection, row["id"], [scheduler.UploadClosed(event.pieces)], now_s)

    def task_done(self, connection: Connection, row: Row, output: Prepared, now_s: float) -> None:
        """Inspect or split has ended: write what it found and generate the DAG."""
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
            usage.note_temp(connection, owner_id, row["video_id"], sum(landed.size_bytes for landed in output.pieces))
        if output.captions:
            caption.set_of_file(connection, row["video_id"], [one.model_dump() for one in output.captions])
        if output.source.audio is not None:
            audio_track.name_main(connection, row["video_id"], output.source.audio, now_s)
        if output.sounds:
            audio_track.set_of_file(connection, row["video_id"], [_sound_row(one) for one in output.sounds], now_s)
        source = output.source.model_dump(mode="json")
        run.change(connection, row["id"], source=source, ladder=[rung.model_dump(mode="json") for rung in output.ladder])
        video.change(connection, row["video_id"], {"source": source}, now_s)
        self._book.forget(row["id"])
        self._book.apply(connection, row["id"], [], now_s)  # builds the scheduler, and with it the DAG, from all that has landed

    def track_landed(self, connection: Connection, event: TrackLanded, now_s: float) -> None:
        """Schedules the encoding of an audio track: in the open run, in the reopened last run, or in a new one."""
        video_id = event.video_id
        last = run.find_of_video(connection, video_id)
        current = None if last is None else run.lock(connection, last["id"])
        if current is None or current["ladder"] is None:
            return  # the run reads what has landed when it begins
        if current["state"] == "open":
            self._book.apply(connection, current["id"], [scheduler.TrackLanded(event.name)], now_s)
        elif current["state"] == "done" and _makes_tracks(current["definition"]["stages"]) and not self.is_stale(current):
            run.reopen(connection, current["id"])
            self._book.apply(connection, current["id"], [scheduler.TrackLanded(event.name)], now_s)
        elif current["state"] == "done":
            owned = video.get(connection, video_id)
            if _makes_tracks(self._definitions[owned["pipeline"]].model_dump(mode="json", by_alias=True)["stages"]):
                self.reprocess(connection, Reprocess(video_id=video_id, edition=current["edition"] + 1), now_s)

    def reprocess(self, connection: Connection, event: Reprocess, now_s: float) -> None:
        """Opens the next run of an upload whose run has ended; does nothing if it is open already."""
        video_id = event.video_id
        row, last = video.find_locked(connection, video_id), run.find_of_video(connection, video_id)
        if row is None or last is None or event.edition != last["edition"] + 1:
            return
        definition = self._definitions[row["pipeline"]].model_dump(mode="json", by_alias=True)
        current = self._add_next(connection, last, definition, now_s)
        edition = current["edition"]
        if row["state"] == VideoState.FAILED.value:  # there is nothing that could go on being shown
            publish.show(connection, current, now_s)
            stream.drop_others(connection, video_id, {edition})
            video.move(connection, video_id, VideoState.PROCESSING, now_s, error=None)
        if self.parking:
            video.change(connection, video_id, {"notice": _OVERLOADED}, now_s)
        else:
            self.resume(connection, current, now_s)

    def is_stale(self, row: Row) -> bool:
        """Returns whether a run began with another version of an op than there is now: what both make does not fit together."""
        return any(stage["version"] != self._versions.get(stage["op"], stage["version"]) for stage in row["definition"]["stages"])

    def begin_anew(self, connection: Connection, row: Row, now_s: float) -> None:
        """Open the next run over the upload of a stale run that was cancelled: the same stages with the ops of now.

        What can be watched already stays to be watched until the new run's edition is whole.
        """
        stages = [{**stage, "version": self._versions.get(stage["op"], stage["version"])} for stage in row["definition"]["stages"]]
        current = self._add_next(connection, row, {**row["definition"], "stages": stages}, now_s)
        owned = video.find(connection, row["video_id"])
        if owned is not None and owned["edition"] == row["edition"] and owned["state"] != VideoState.PLAYABLE.value:
            publish.show(connection, current, now_s)
            stream.drop_others(connection, row["video_id"], {current["edition"]})
        if row["state"] == "open":
            self.resume(connection, current, now_s)

    def _add_next(self, connection: Connection, last: Row, definition: Mapping[str, Any], now_s: float) -> Row:
        """Park the next run over the upload of another, and return its row, locked."""
        run_id = new_id(now_s)
        run.add(connection, run_id, last["video_id"], last["upload_id"], definition, now_s, edition=last["edition"] + 1, parked=True)
        audio_track.drop_taken(connection, last["video_id"])
        upload.drop_cut(connection, last["upload_id"])  # of a whole file: their blobs went when it was ready, or are cut again
        current = run.lock(connection, run_id)
        assert current is not None, "it was just added"
        return current

    def _run(self, connection: Connection, video_id: str, upload_id: str, now_s: float) -> Row:
        row = run.lock_of_upload(connection, upload_id)
        if row is None:
            # With the lock, a deletion comes wholly before (and NotFoundError is raised) or wholly after, and then finds the run.
            owned = video.find_locked(connection, video_id)
            if owned is None:
                raise NotFoundError(f"there is no video {video_id}", video=video_id)
            definition = self._definitions[owned["pipeline"]]
            plain = definition.model_dump(mode="json", by_alias=True)
            run.add(connection, new_id(now_s), video_id, upload_id, plain, now_s, parked=self.parking)
            if self.parking:
                video.change(connection, video_id, {"notice": _OVERLOADED}, now_s)
            row = run.lock_of_upload(connection, upload_id)
            assert row is not None
        return row

    def resume(self, connection: Connection, row: Row, now_s: float) -> None:
        """Open a parked run: what has landed meanwhile is in the rows."""
        run.reopen(connection, row["id"])
        video.change(connection, row["video_id"], {"notice": None}, now_s)
        sent = upload.get(connection, row["upload_id"])
        if sent["mode"] == "whole":
            if sent["state"] == "closed":
                self._add(connection, row, SPLIT, now_s)
        elif 0 in upload.landed_indexes(connection, sent["id"], "piece"):
            self._add(connection, row, INSPECT, now_s)

    def _add(self, connection: Connection, row: Row, stage: str, now_s: float) -> None:
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


def _sound_row(taken: Taken) -> dict[str, Any]:
    called = {"language": taken.track.language, "label": (taken.track.title or "")[:MAX_LABEL], "role": taken.track.role}
    made = taken.model_dump(mode="json", include={"sound", "key", "size_bytes", "sha256"})
    return {**called, **made, "bucket": Bucket.TEMP.value}
