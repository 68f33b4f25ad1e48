"""The uploader: pieces in parallel straight to the store, each retried alone; what has landed is never sent again."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yeoul.base.errors import (
    MediaError,
    NotInPiecesError,
    SignatureError,
    StorageFullError,
    UnsupportedCodecError,
    UploadClosedError,
    YeoulError,
    from_dict,
)
from yeoul.client.connection import Connection, retry_pauses
from yeoul.client.rate import RateLimit
from yeoul.client.source_file import Item, PieceFile, WholeFile, fingerprint, say_name
from yeoul.client.track import send_track
from yeoul.media.audio.track import TakenSound
from yeoul.media.limits import Limits
from yeoul.media.source.probe import probe
from yeoul.model.plain import make_line
from yeoul.model.sound import MAX_LABEL

_CHUNK_BYTES = 64 * 1024
_PATIENCE_S = 120.0
_FULL_PAUSE_S = 3.0


@dataclass(frozen=True)
class Options:
    """How to upload. whole: send the file as it is, in parts. said: called with one line when the user should know something.

    title, visibility: None means the file's name and private for a new video, and what it has for one whose upload is resumed.
    pipeline: None means the account's own.
    """

    title: str | None = None
    visibility: str | None = None
    pipeline: str | None = None
    parallel: int = 4
    bytes_per_s: float | None = None
    whole: bool = False
    said: Callable[[str], None] = field(default=lambda _line: None)


@dataclass
class Progress:
    """Where an upload is: bytes that this process has to send, about, and those that went out."""

    total_bytes: int = 0
    sent_bytes: int = 0


class Uploader:
    """One upload of one file. `opened` is called with the video's id as soon as there is one."""

    def __init__(self, connection: Connection, path: Path, options: Options, opened: Callable[[str], None]) -> None:
        self._connection = connection
        self._path = path
        self._options = options
        self._opened = opened
        self._rate = RateLimit(options.bytes_per_s)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self.progress = Progress(total_bytes=path.stat().st_size)

    def run(self) -> str:
        """Upload, or resume; the video's id. Raises YeoulError when it cannot be done."""
        mark = fingerprint(self._path)
        known = self._connection.get(
            "uploads", fingerprint=mark, **({"pipeline": self._options.pipeline} if self._options.pipeline else {})
        )
        plan = self._plan(known["piece_s"], known["part_bytes"], whole=self._options.whole or known.get("whole", False))
        upload = self._find_same([item for item in known["items"] if item["mode"] == plan.mode], plan)
        upload = self._open(mark, plan) if upload is None else self._resume(upload)
        self._opened(upload["video_id"])
        landed = {piece["index"]: piece["size_bytes"] for piece in upload["pieces"] if piece["landed"]}
        self.progress.total_bytes = max(0, self.progress.total_bytes - sum(landed.values()))
        try:
            with tempfile.TemporaryDirectory(prefix="yeoul-") as folder:
                self._send_all(upload["id"], plan.items(Path(folder), [index for index in range(plan.count) if index not in landed]))
                for taken in plan.take_sounds(Path(folder)):
                    self._send_sound(upload["video_id"], taken)
            self._connection.post(f"uploads/{upload['id']}/complete", {"pieces": plan.count})
        except UploadClosedError:
            self._check_closed(upload["video_id"])
        return str(upload["video_id"])

    def _check_closed(self, video_id: str) -> None:
        """An upload ends without us when another process completed it, which is fine, or when the video failed, which is raised."""
        error = self._connection.get(f"videos/{video_id}")["error"]
        if error is not None:
            raise from_dict(error)

    def _plan(self, piece_s: float, part_bytes: int, *, whole: bool) -> PieceFile | WholeFile:
        if whole:
            self._refuse_unknown_codecs()
        else:
            try:
                plan = PieceFile(self._path, piece_s)
            except UnsupportedCodecError as error:
                if not isinstance(error, NotInPiecesError):
                    raise  # the server has no other decoders
                self._options.said(f"cannot split the file here ({error.message}); sending it whole")
            except MediaError as error:
                self._options.said(f"cannot split the file here ({error.message}); sending it whole")
            else:
                if not plan.is_heavy:
                    return plan
                self._options.said("keyframes are so far apart that pieces would be larger than the file; sending it whole")
        return WholeFile(self._path, part_bytes)

    def _refuse_unknown_codecs(self) -> None:
        """Raises UnsupportedCodecError before anything is sent; of all else that is wrong with a file the server tells."""
        try:
            probe(self._path, Limits())
        except UnsupportedCodecError:
            raise
        except MediaError:
            return

    def _find_same(self, uploads: Sequence[dict[str, Any]], plan: PieceFile | WholeFile) -> dict[str, Any] | None:
        """The newest upload of which all that has landed is of this very file: the fingerprint looks only at size, start and end."""
        for upload in uploads:
            landed = {piece["index"]: piece["sha256"] for piece in upload["pieces"] if piece["landed"]}
            if self._holds(plan, landed):
                return upload
            video_id = upload["video_id"]
            self._options.said(f"what was sent for video {video_id} is of another file, or was cut differently; not resuming it")
        return None

    def _holds(self, plan: PieceFile | WholeFile, landed: Mapping[int, str]) -> bool:
        """Whether each landed piece (SHA-256 by index) is what this file gives there."""
        if any(index >= plan.count for index in landed):
            return False
        with tempfile.TemporaryDirectory(prefix="yeoul-") as folder, closing(plan.items(Path(folder), landed)) as items:
            for item in items:
                item.drop()
                if item.declared["sha256"] != landed[item.index]:
                    return False
        return True

    def _resume(self, upload: dict[str, Any]) -> dict[str, Any]:
        """Go on with an upload; what this call says of the video holds, what it does not say stays."""
        said = {"title": self._options.title, "visibility": self._options.visibility}
        change = {name: value for name, value in said.items() if value is not None}
        if change:
            self._connection.patch(f"videos/{upload['video_id']}", change)
        return upload

    def _open(self, mark: str, plan: PieceFile | WholeFile) -> dict[str, Any]:
        options = self._options
        title = make_line(Path(say_name(self._path)).stem) if options.title is None else options.title
        fields = {"title": title, "visibility": options.visibility or "private", "pipeline": options.pipeline}
        video = self._connection.post("videos", fields, key=f"{mark}-{time.time_ns()}")
        body = {
            "mode": plan.mode,
            "file_name": say_name(self._path),
            "size_bytes": self._path.stat().st_size,
            "fingerprint": mark,
            **plan.describe(),
        }
        return self._connection.post(f"videos/{video['id']}/upload", body)

    def _send_all(self, upload_id: str, items: Iterator[Item]) -> None:
        """Keep up to `parallel` lanes busy; the first item goes alone, so that playing can start as early as the line allows."""
        running: set[Future[None]] = set()
        lanes = 1
        with ThreadPoolExecutor(self._options.parallel) as pool:
            try:
                for item in items:
                    running.add(pool.submit(self._send, upload_id, item))
                    while len(running) >= lanes:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        for one in done:
                            one.result()
                        lanes = self._options.parallel
                for one in running:
                    one.result()
            except BaseException:
                self._stopping.set()  # one lane has failed for good, or Ctrl-C came: the others need not go on
                raise

    def _send(self, upload_id: str, item: Item) -> None:
        """One item, until it has landed."""
        try:
            for pause_s in retry_pauses(_PATIENCE_S):
                try:
                    self._send_once(upload_id, item)
                    return
                except YeoulError as error:
                    # An expired address is no reason to give up: the next attempt asks for a fresh one.
                    if pause_s is None or not (error.retryable or isinstance(error, SignatureError)) or self._stopping.wait(pause_s):
                        raise
        finally:
            item.drop()

    def _send_once(self, upload_id: str, item: Item) -> None:
        url = self._url(upload_id, item)
        if url["url"] is None:  # landed in the meantime
            return
        self._connection.put_signed(url["url"], url["headers"], self._metered(item), item.size_bytes)
        self._connection.post(f"uploads/{upload_id}/landed", {"indexes": [item.index]})

    def _send_sound(self, video_id: str, taken: TakenSound) -> None:
        """One of the file's further audio tracks; a resumed upload sends none twice, since the server knows it by its bytes."""
        called = {"language": taken.track.language, "label": (taken.track.title or "")[:MAX_LABEL], "role": taken.track.role}
        sound = taken.sound.model_dump(mode="json")
        send_track(self._connection, video_id, taken.path, called, sound, metered=self._metered, wait=self._stopping.wait)
        taken.path.unlink()

    def _url(self, upload_id: str, item: Item) -> dict[str, Any]:
        """A presigned URL; waits while the server has no room."""
        told = False
        while True:
            try:
                return self._connection.post(f"uploads/{upload_id}/urls", {"pieces": [item.declared]})["urls"][0]
            except StorageFullError as error:
                if not told:
                    self._options.said(f"{error.message}; waiting")
                told = True
                if self._stopping.wait(_FULL_PAUSE_S):
                    raise

    def _metered(self, item: Item) -> Iterator[bytes]:
        for chunk in item.chunks(_CHUNK_BYTES):
            self._rate.take(len(chunk), item.index)
            if self._stopping.is_set():
                raise OSError("the upload was stopped")
            yield chunk
            self._count(len(chunk))

    def _count(self, size_bytes: int) -> None:
        with self._lock:
            self.progress.sent_bytes += size_bytes
