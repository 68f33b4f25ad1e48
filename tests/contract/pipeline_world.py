"""A whole pipeline without media: the real dispatcher, database and upload service, the memory twins of engine and store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import event, select

from tests.memory_engine import MemoryEngine
from yeoul.base.clock import ManualClock
from yeoul.base.errors import YeoulError
from yeoul.base.settings import UploadSettings
from yeoul.blob.counted import CountingStore
from yeoul.blob.memory import MemoryStore
from yeoul.blob.store import BlobStore, Bucket
from yeoul.bootstrap import read_definitions
from yeoul.catalog.account import account
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox
from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.outgoing import outbox as outbox_table
from yeoul.catalog.schema.pipeline import task as task_table
from yeoul.catalog.schema.row.pipeline import TaskRow
from yeoul.catalog.video import stream, video
from yeoul.media.video.ladder import convert_rungs
from yeoul.model.event import VideoDeleted
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Rendition, Rung, Segment, Storyboard, select_rungs
from yeoul.model.sound import SoundFile
from yeoul.model.source import AudioTrack, Source, TimeBase, VideoTrack
from yeoul.model.video import VideoState
from yeoul.model.work import Report, Slots, Work
from yeoul.pipeline import reprocess, retry
from yeoul.pipeline.completion_handler import CompletionHandler
from yeoul.pipeline.dag.compile import parse_definition
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.dispatcher import Dispatcher
from yeoul.pipeline.ops.registry import BUILT_IN
from yeoul.pipeline.ops.reuse import run_or_reuse
from yeoul.pipeline.options import DispatchOptions
from yeoul.pipeline.preprocessor import Preprocessor
from yeoul.pipeline.resource.manager import Policy
from yeoul.pipeline.scheduler_cache import SchedulerCache
from yeoul.pipeline.sweeper import Sweeper
from yeoul.pipeline.task.data import (
    Encoded,
    Output,
    Packaged,
    PieceThumbnails,
    Poster,
    Prepared,
    RungChoice,
    Sampled,
    Sound,
    TaskInput,
    Track,
)
from yeoul.upload.service import OpenUpload, UploadService
from yeoul.upload.session import Declared
from yeoul.upload.track_service import NewTrack, TrackService

T = TypeVar("T")
LADDER = tuple(
    Rung(name=name, width=width, height=height, crf=23, maxrate_bps=width * 1000)
    for name, width, height in (("720p", 1280, 720), ("480p", 854, 480), ("240p", 426, 240))
)
_TICKS = TimeBase(num=1, den=1000)
SOURCE = Source(
    container="mp4",
    duration_s=48.0,  # of the most pieces that a test has
    start_pts=0,
    video=VideoTrack(codec="h264", width=1280, height=720, time_base=_TICKS, frame_rate=30.0),
    audio=AudioTrack(codec="aac", sample_rate=48000, channels=2, time_base=_TICKS),
)
VIDEO = "video"
PIECE_MS = 4000
TRASH_S = 7 * 86400.0
EXPIRE_S = 7 * 86400.0


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_piece(index: int, count: int) -> Piece:
    return Piece(index=index, start_pts=index * PIECE_MS, end_pts=(index + 1) * PIECE_MS, last=index == count - 1)


class WatchedStore(MemoryStore):
    """The store, which may be far away: nobody asks anything of it while a transaction is open and holds its locks."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        super().__init__(clock)
        self._open = 0
        event.listen(database.engine, "begin", lambda _: self._count(1))
        for end in ("commit", "rollback"):
            event.listen(database.engine, end, lambda _: self._count(-1))

    def _count(self, step: int) -> None:
        self._open += step

    def __getattribute__(self, name: str) -> Any:
        if name in ("put_bytes", "get_bytes", "find", "list", "delete", "delete_prefix", "free_bytes"):
            assert self._open == 0, f"{name} was called inside a transaction"
        return super().__getattribute__(name)


class Ops:
    """What the ops would give back, without any media; each writes what it says it wrote.

    `faults` says what goes wrong: it is called before each work and may raise.
    """

    def __init__(self, store: MemoryStore, pieces: int) -> None:
        self._all = store
        self._store: BlobStore = store
        self._pieces = pieces
        self.faults: Callable[[Work], None] = lambda _: None
        self.ended: list[str] = []
        self.reused: list[str] = []
        self.media = b"media"

    def __call__(self, work: Work) -> Mapping[str, Any]:
        counted = CountingStore(self._all)
        self._store = counted
        outputs = run_or_reuse(work, counted, lambda task: self._run(work, task))
        if Report(kind="done", task="", attempt=1, worker="", outputs=outputs).result.reused:
            self.reused.append(work.task)
        return outputs

    def _run(self, work: Work, task: TaskInput) -> Output:
        self._put(Bucket.ENCODED, work, "half", b"left behind")
        self.faults(work)
        made: Output = getattr(self, f"_{work.op}")(work, task)
        self.ended.append(work.task)
        return made

    def _put(self, bucket: Bucket, work: Work, name: str, data: bytes) -> str:
        self._store.put_bytes(bucket, work.output_prefix + name, data)
        return work.output_prefix + name

    def _inspect(self, _work: Work, task: TaskInput) -> Output:
        assert task.source == SOURCE and task.pieces[0].piece.index == 0
        return Prepared(source=SOURCE, ladder=LADDER)

    def _split(self, work: Work, task: TaskInput) -> Output:
        whole = b"".join(self._store.get_bytes(Bucket.ORIGINAL, part.key) for part in task.parts)
        landed: list[LandedPiece] = []
        for index in range(self._pieces):
            key = self._put(Bucket.TEMP, work, f"piece-{index}", whole)
            piece = make_piece(index, self._pieces)
            landed.append(LandedPiece(piece=piece, bucket="temp", key=key, size_bytes=max(1, len(whole)), sha256=sha256(whole)))
        return Prepared(source=SOURCE, ladder=LADDER, pieces=tuple(landed), captions=())

    def _encode(self, work: Work, task: TaskInput) -> Output:
        chosen = (task.rung,) if task.rung is not None else select_rungs(task.ladder, task.parameters.get("rungs", "all"))
        rungs = convert_rungs(chosen, task.parameters.get("codec", "h264"))
        return Encoded(tracks=tuple(self._track(work, task, rung.name, "video", rung.height) for rung in rungs))

    def _sample(self, _work: Work, task: TaskInput) -> Output:
        assert task.piece is not None
        return Sampled(piece=task.piece.piece.index, metric="vmaf", points=())

    def _choose_ladder(self, _work: Work, _task: TaskInput) -> Output:
        return RungChoice()

    def _audio(self, work: Work, task: TaskInput) -> Output:
        return Sound(tracks=(self._track(work, task, "audio", "audio", 0),))

    def _audio_track(self, work: Work, task: TaskInput) -> Output:
        assert task.sound is not None and len(task.pieces) == self._pieces
        self._store.get_bytes(Bucket(task.sound.bucket), task.sound.key)
        return Sound(tracks=(self._make_track(work, task, task.sound.name, "audio", 0, range(self._pieces)),))

    def _track(self, work: Work, task: TaskInput, name: str, kind: Any, height: int) -> Track:
        assert task.piece is not None
        self._store.get_bytes(Bucket(task.piece.bucket), task.piece.key)
        return self._make_track(work, task, name, kind, height, [task.piece.piece.index])

    def _make_track(self, work: Work, task: TaskInput, name: str, kind: Any, height: int, indexes: Iterable[int]) -> Track:
        init_key = f"{task.video_id}/init/{name}.mp4"
        self._store.put_bytes(Bucket.ENCODED, init_key, b"init")
        segments = [
            Segment(
                index=index,
                key=self._put(Bucket.ENCODED, work, f"{name}-{index}.m4s", self.media),
                size_bytes=5,
                start_ticks=index * PIECE_MS,
                duration_ticks=PIECE_MS,
                samples=120,
            )
            for index in indexes
        ]
        rendition = Rendition(name=name, kind=kind, codecs="x", timescale=1000, init_key=init_key, height=height)
        return Track(rendition=rendition, declared_bps=1000, segments=tuple(segments))

    def _poster(self, work: Work, task: TaskInput) -> Output:
        assert task.pieces[0].piece.index == 0
        return Poster(poster_key=self._put(Bucket.ENCODED, work, "poster.jpg", b"jpeg"))

    def _better_poster(self, _work: Work, _task: TaskInput) -> Output:
        return Output()

    def _tiles(self, work: Work, task: TaskInput) -> Output:
        (need,) = task.needs
        track = Output.model_validate(need.outputs).tracks[-1]  # the lowest rung
        self._store.get_bytes(Bucket.ENCODED, track.segments[0].key)
        key = self._put(Bucket.ENCODED, work, "tiles", b"jpegs")
        return PieceThumbnails(key=key, bucket="encoded", sizes=(5,), starts_s=(0.0,))

    def _storyboard(self, work: Work, task: TaskInput) -> Output:
        for need in task.needs:
            if need.outputs is not None:
                self._store.get_bytes(Bucket.ENCODED, need.outputs["key"])
        keys = (self._put(Bucket.ENCODED, work, "sheet.jpg", b"jpeg"),)
        made = Storyboard(keys=keys, columns=1, rows=1, tile_width=1, tile_height=1, interval_s=1, tiles=1)
        return Output(storyboard=made)

    def _package(self, _work: Work, task: TaskInput) -> Output:
        assert all(need.outputs is not None for need in task.needs if need.stage in {"encode_low", "audio"})
        return Packaged(frames=len(task.needs), segments=1)


def filled(value: T | None) -> T:
    """A nullable column that must have a value."""
    assert value is not None
    return value


class World:
    """One database, one store, one video; dispatchers come and go."""

    def __init__(
        self,
        database: Database,
        pieces: int = 3,
        slots: Slots | None = None,
        pipeline: str = "standard",
        policy: Policy | None = None,
        definitions: Mapping[str, Definition] | None = None,
    ) -> None:
        self.database = database
        self.definitions = dict(DEFINITIONS if definitions is None else definitions)
        self.pieces = pieces
        self.clock = ManualClock()
        self.store = WatchedStore(database, self.clock)
        self.ops = Ops(self.store, pieces)
        self.uploads = UploadService(database, self.store, UploadSettings, self.clock)
        self.track_service = TrackService(database, self.store, UploadSettings, self.clock)
        self.has_room = True
        self.slots = slots
        self.policy = policy or Policy()
        self._number = 0
        self._changes = 0
        event.listen(database.engine, "after_cursor_execute", self._count_changes)
        self.start()
        with database.write() as connection:
            account.add_account(connection, "a", "ann", "ann@example.org", "hash", "user", self.clock.now())
        self.add_video(VIDEO, "a", pipeline=pipeline)

    # --- dispatchers ---

    def make_dispatcher(self, engine: MemoryEngine) -> Dispatcher:
        self._number += 1
        schedulers = SchedulerCache()
        return Dispatcher(
            self.database,
            engine,
            Preprocessor(schedulers, self.definitions),
            schedulers,
            CompletionHandler(),
            Sweeper(self.database, self.store, EXPIRE_S, lambda: TRASH_S),
            self.clock,
            f"dispatcher{self._number}",
            DispatchOptions(lease_s=60.0, heartbeat_s=10.0, policy=self.policy),
            has_space=lambda: self.has_room,
        )

    def start(self) -> None:
        self.engine = MemoryEngine(self.slots)
        self.dispatcher = self.make_dispatcher(self.engine)

    def restart(self) -> None:
        """The dispatcher's process was killed, its engine with it; another takes over."""
        self.dispatcher.close()
        self.start()
        self.dispatcher.recover(only_dispatcher=True)

    def settle(self) -> None:
        """Turn until nothing moves by itself: a turn that changes no row and starts nothing is the last."""
        for _ in range(400):
            # PostgreSQL's news may still be on its way. That they arrive is tested with the catalogue; here is tested what a look does.
            self.dispatcher._changed = True
            before = self._changes, len(self.engine.started)
            self.dispatcher.step(0)
            if (self._changes, len(self.engine.started)) == before:
                return
        raise AssertionError("the dispatcher never comes to rest")

    def _count_changes(self, _connection: Any, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
        if (context.isinsert or context.isupdate or context.isdelete) and cursor.rowcount != 0:
            self._changes += 1

    def work(self, rounds: int = 100) -> None:
        """Run everything that can be run now, again and again, until nothing is left to run."""
        for _ in range(rounds):
            self.settle()
            if not self.engine.end_all(self.ops):
                return
        raise AssertionError("the run never ends")

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.dispatcher.step(0)

    # --- the client ---

    def add_video(self, video_id: str, owner_id: str, visibility: str = "public", pipeline: str = "standard") -> None:
        row = {"id": video_id, "owner_id": owner_id, "title": "", "description": "", "visibility": visibility, "pipeline": pipeline}
        with self.database.write() as connection:
            video.add(connection, row, self.clock.now())

    def open(self, mode: Any = "pieces", video_id: str = VIDEO) -> str:
        request = OpenUpload(mode=mode, file_name="a.mp4", size_bytes=12, fingerprint="0" * 64, source=SOURCE if mode == "pieces" else None)
        row, _ = self.uploads.open(video_id, request)
        return row["id"]

    def declare(self, upload_id: str, index: int, mode: Any = "pieces") -> None:
        data = b"%04d" % index
        piece = make_piece(index, self.pieces) if mode == "pieces" else None
        self.uploads.declare(upload_id, [Declared(index=index, size_bytes=len(data), sha256=sha256(data), piece=piece)])

    def put(self, upload_id: str, index: int) -> None:
        _, rows = self.uploads.status(upload_id)
        key = next(row["key"] for row in rows if row["index"] == index)
        self.store.put_bytes(Bucket.ORIGINAL, key, b"%04d" % index)

    def land(self, upload_id: str, index: int, mode: Any = "pieces") -> None:
        self.declare(upload_id, index, mode)
        self.put(upload_id, index)
        self.uploads.land(upload_id, [index])

    def upload_all(self, mode: Any = "pieces", video_id: str = VIDEO) -> str:
        upload_id = self.open(mode, video_id)
        for index in range(self.pieces):
            self.land(upload_id, index, mode)
        self.uploads.complete(upload_id, self.pieces)
        return upload_id

    def add_track(self, data: bytes, *, lands: bool = True, sound: SoundFile | None = None) -> str:
        """Adds an audio track of these bytes to the video; returns its name."""
        new = NewTrack(language="ko", size_bytes=len(data), sha256=sha256(data), sound=sound)
        row, signed, _ = self.track_service.open(VIDEO, new, 0)
        if lands:
            assert signed is not None and row["key"] is not None
            self.store.put_bytes(Bucket.ORIGINAL, row["key"], data)
            self.track_service.land(VIDEO, row["name"])
        return str(row["name"])

    def delete(self) -> None:
        with self.database.write() as connection:
            video.change_state(connection, VIDEO, VideoState.DELETED, self.clock.now())
            outbox.emit(connection, VideoDeleted(video_id=VIDEO), self.clock.now())

    def retry(self, piece: int | None = None, rung: str | None = None) -> None:
        with self.database.write() as connection:
            retry.retry_video(connection, VIDEO, self.clock.now(), piece=piece, rung=rung)

    def process(self, pipeline: str) -> None:
        with self.database.write() as connection:
            reprocess.request(connection, VIDEO, pipeline, self.clock.now())

    # --- what can be seen ---

    def video(self, video_id: str = VIDEO) -> video.OwnedVideoRow:
        with self.database.read() as connection:
            return video.get(connection, video_id)

    def state(self) -> str:
        return self.video()["state"]

    def tasks(self) -> list[TaskRow]:
        with self.database.read() as connection:
            return all_rows(connection, select(task_table).order_by(task_table.c.created_at, task_table.c.id), TaskRow)

    def task(self, stage: str, piece: int | None = None) -> TaskRow:
        return next(row for row in self.tasks() if (row["stage"], row["piece"]) == (stage, piece))

    def key_of(self, stage: str, piece: int | None = None) -> Any:
        """The running attempt of a task."""
        row = self.task(stage, piece)
        assert row["state"] == "running", row["state"]
        return (row["id"], row["attempt"])

    def stored(self, edition: int | None = None) -> tuple[stream.StoredTrack, ...]:
        """The renditions of an edition; of the one that is shown where none is named."""
        with self.database.read() as connection:
            return stream.tracks(connection, VIDEO, edition or video.get(connection, VIDEO)["edition"])

    def tracks(self, edition: int | None = None) -> Mapping[str, list[int]]:
        return {track.rendition.name: [segment.index for segment in track.segments] for track in self.stored(edition)}

    def listed(self) -> set[str]:
        return {track.rendition.name for track in self.stored() if track.listed}

    def blobs(self, bucket: Bucket) -> set[str]:
        return {info.key for info in self.store.list(bucket, "")}

    def pending_events(self) -> list[str]:
        with self.database.read() as connection:
            due = select(outbox_table.c.topic).where(outbox_table.c.not_before <= self.clock.now())
            return [row.topic for row in connection.execute(due)]


DEFINITIONS: Mapping[str, Definition] = {
    name: parse_definition(text, f"{name}.yaml", BUILT_IN) for name, text in read_definitions().items()
}


def fail_with(error: YeoulError, op: str, times: int = 10**6, **which: Any) -> Callable[[Work], None]:
    """A fault: works of `op` (and rungs=..., codec=..., piece=...) fail so many times."""
    left = [times]

    def fault(work: Work) -> None:
        task = TaskInput.model_validate(work.params)
        here = {
            "piece": task.piece.piece.index if task.piece else None,
            "rungs": task.parameters.get("rungs"),
            "codec": task.parameters.get("codec"),
        }
        if work.op == op and all(here[name] == value for name, value in which.items()) and left[0] > 0:
            left[0] -= 1
            raise error

    return fault


def changed(stage: str, **change: Any) -> Definition:
    """`standard` with another version of one stage's op."""
    base = DEFINITIONS["standard"]
    return base.model_copy(update={"stages": tuple(one.model_copy(update=change) if one.name == stage else one for one in base.stages)})
