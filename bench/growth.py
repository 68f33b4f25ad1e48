"""P7: what one task costs the scheduler and its database, as runs grow longer and more of them wait."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from yeoul import bootstrap
from yeoul.base.clock import SystemClock
from yeoul.base.ids import TaskId, WorkerId
from yeoul.base.settings import load_settings
from yeoul.catalog.account import account
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox
from yeoul.catalog.video import upload, video
from yeoul.model.event import UploadClosed
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import AudioTrack, Source, TimeBase, VideoTrack
from yeoul.model.video import VideoState
from yeoul.model.work import RESULT, Report, Result, Slots, Work
from yeoul.pipeline.dispatcher import Dispatcher
from yeoul.pipeline.task.data import Output, Prepared

_WORKER = WorkerId("instant")


class InstantEngine:
    """An engine whose works end as soon as they are asked after, having made nothing; split gives `pieces` pieces."""

    def __init__(self, pieces: int, cpu: int = 4) -> None:
        self._pieces = pieces
        self._slots = Slots(cpu=cpu, memory_bytes=2**40)
        self._works: deque[Work] = deque()
        self.ended = 0
        self.split = 0
        self.is_open = True

    def free_slots(self) -> Mapping[WorkerId, Slots]:
        return {} if not self.is_open else {_WORKER: self._slots.model_copy(update={"cpu": self._slots.cpu - len(self._works)})}

    def submit(self, work: Work, on: WorkerId | None) -> None:  # noqa: ARG002
        self._works.append(work)

    def poll(self, timeout_s: float, wake: Sequence[int] = ()) -> Sequence[Report]:  # noqa: ARG002
        reports = [
            Report(kind="done", task=work.task, attempt=work.attempt, worker=_WORKER, outputs=self._outputs(work)) for work in self._works
        ]
        self.split += sum(work.op == "split" for work in self._works)
        self._works.clear()
        self.ended += len(reports)
        return reports

    def _outputs(self, work: Work) -> dict[str, object]:
        made = _split_output(self._pieces, work.task) if work.op == "split" else Output()
        known = Result(key=work.params["key"], digest=_hash(work.task))  # no two are alike, so that nothing is spared
        return {**made.model_dump(mode="json"), RESULT: known.model_dump()}

    def cancel(self, task: TaskId, attempt: int) -> None: ...
    def running(self) -> frozenset[tuple[TaskId, int]]:
        return frozenset()

    def report_demand(self, waiting: Sequence[Slots]) -> None: ...
    def close(self) -> None: ...


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _split_output(pieces: int, task: str) -> Prepared:
    base = TimeBase(num=1, den=90000)
    track = VideoTrack(codec="h264", width=1280, height=720, time_base=base, frame_rate=30.0)
    source = Source(
        container="mp4",
        duration_s=6.0 * pieces,
        start_pts=0,
        video=track,
        audio=AudioTrack(codec="aac", sample_rate=48000, channels=2, time_base=base),
    )
    ladder = tuple(Rung(name=f"{height}p", width=height * 16 // 9, height=height, crf=23, maxrate_bps=1_000_000) for height in (720, 240))
    landed = tuple(
        LandedPiece(
            piece=Piece(index=index, start_pts=index * 540000, end_pts=(index + 1) * 540000, last=index == pieces - 1),
            bucket="temp",
            key=f"piece-{index}",
            size_bytes=1,
            sha256=_hash(f"{task} {index}"),
        )
        for index in range(pieces)
    )
    return Prepared(source=source, ladder=ladder, pieces=landed)


def measure(pieces: int, runs: int, tasks: int | None = None) -> float:
    """Milliseconds for each task, when `runs` uploads of `pieces` pieces each wait, all split already.

    All tasks are run, or only the first `tasks`: with few enough, they are of the same kinds however many runs wait.
    """
    with tempfile.TemporaryDirectory() as folder, split_uploads(folder, pieces, runs) as waiting:
        return 1000 * waiting.run(tasks)


@dataclass
class Waiting:
    """Uploads that are split, so that their tasks wait in the queue."""

    database: Database
    dispatcher: Dispatcher
    engine: InstantEngine

    def run(self, limit: int | None = None) -> float:
        """Run all tasks, or so many; seconds for each."""
        before = self.engine.ended
        began = time.perf_counter()
        _run(self.dispatcher, self.engine, None if limit is None else before + limit)
        return (time.perf_counter() - began) / (self.engine.ended - before)


@contextmanager
def split_uploads(folder: str, pieces: int, runs: int, cpu: int = 4, url: str = "") -> Iterator[Waiting]:
    """So many uploads of so many pieces each. cpu: slots of the engine; url: of the database, SQLite when empty."""
    settings = load_settings(environ={"YEOUL_CATALOG__URL": url} if url else {}, data=folder)
    database = bootstrap.make_database(settings)
    clock = SystemClock()
    engine = InstantEngine(pieces, cpu)
    dispatcher = bootstrap.make_dispatcher(settings, database, engine, bootstrap.make_store(settings, clock), clock)
    add_uploads(database, runs, clock.now())
    engine.is_open = False
    for _ in range(2 + runs // 64):  # take all uploads in, start nothing
        dispatcher.step(0.0)
    engine.is_open = True
    while engine.split < runs:  # the dispatcher looks now and then for workers that have come back
        dispatcher.step(0.0)
    yield Waiting(database, dispatcher, engine)
    dispatcher.close()
    database.close()


def _run(dispatcher: Dispatcher, engine: InstantEngine, limit: int | None) -> None:
    still = 0
    while still < 3 and (limit is None or engine.ended < limit):
        before = engine.ended
        dispatcher.step(0.0)
        still = still + 1 if engine.ended == before else 0


def add_uploads(database: Database, runs: int, now_s: float) -> None:
    """Whole-file uploads of one account, closed and ready to be split."""
    with database.write() as connection:
        account.add_account(connection, "a", "bench", "bench@localhost", "x", "maker", now_s)
        for index in range(runs):
            video_id, upload_id = f"v{index}", f"u{index}"
            fields = {"title": "t", "description": "", "visibility": "private", "pipeline": "standard"}
            video.add(connection, {"id": video_id, "owner_id": "a", **fields}, now_s)
            video.change_state(connection, video_id, VideoState.UPLOADING, now_s)
            sent = {"mode": "whole", "file_name": "f", "size_bytes": 1, "fingerprint": "0" * 64, "source": None}
            upload.add(connection, {"id": upload_id, "video_id": video_id, **sent}, now_s)
            part = {"index": 0, "piece": None, "bucket": "original", "key": "k", "size_bytes": 1, "sha256": "0" * 64, "landed_at": now_s}
            upload.declare(connection, upload_id, "part", [part])
            upload.close(connection, upload_id, now_s)
            outbox.emit(connection, UploadClosed(video_id=video_id, upload_id=upload_id, mode="whole", pieces=1), now_s)
