"""The uploader: sends pieces in parallel directly to the store, retries each one separately, and never sends landed pieces again."""

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
from yeoul.client.shared_request import SharedRequest
from yeoul.client.source_file import Item, PieceFile, WholeFile, fingerprint, make_display_name
from yeoul.client.track import send_track
from yeoul.media.audio.track import ExtractedAudio
from yeoul.media.limits import Limits
from yeoul.media.source.probe import probe
from yeoul.model.plain import make_line
from yeoul.model.sound import MAX_LABEL

_CHUNK_BYTES = 64 * 1024
_PATIENCE_S = 120.0
_FULL_PAUSE_S = 3.0


@dataclass(frozen=True)
class Options:
    """Options of an upload. whole: send the file as it is, in parts; on_message: called with a one-line message for the user.

    title, visibility: if None, a new video gets the file's name and `private`, and a resumed upload keeps its values. pipeline: if None,
    the account's default.
    """

    title: str | None = None
    visibility: str | None = None
    pipeline: str | None = None
    parallel: int = 4
    bytes_per_s: float | None = None
    whole: bool = False
    on_message: Callable[[str], None] = field(default=lambda _line: None)


@dataclass
class Progress:
    """The progress of an upload: approximate bytes that this process has to send, and bytes that it has sent."""

    total_bytes: int = 0
    sent_bytes: int = 0


class _UploadCalls:
    """The two requests that each piece needs. Pieces that are sent at the same time share them."""

    def __init__(self, connection: Connection, upload_id: str) -> None:
        self._connection = connection
        self._path = f"uploads/{upload_id}"
        self.urls = SharedRequest(self._request_urls)
        self.landed = SharedRequest(self._report_landed)

    def _request_urls(self, declared: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = self._connection.post(f"{self._path}/urls", {"pieces": list(declared)})["urls"]
        return answer

    def _report_landed(self, indexes: Sequence[int]) -> Sequence[int]:
        self._connection.post(f"{self._path}/landed", {"indexes": list(indexes)})
        return indexes


class Uploader:
    """Uploads one file. opened: called with the video's id as soon as the upload is open."""

    def __init__(self, connection: Connection, path: Path, options: Options, opened: Callable[[str], None]) -> None:
        self._connection = connection
        self._path = path
        self._options = options
        self._on_open = opened
        self._rate = RateLimit(options.bytes_per_s)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._lines = threading.Semaphore(options.parallel)
        self.progress = Progress(total_bytes=path.stat().st_size)

    def run(self) -> str:
        """Uploads the file, or resumes its upload; returns the video's id. Raises YeoulError if the upload fails."""
        file_hash = fingerprint(self._path)
        query = {"pipeline": self._options.pipeline} if self._options.pipeline else {}
        listing = self._connection.get("uploads", fingerprint=file_hash, **query)
        plan = self._make_plan(listing["piece_s"], listing["part_bytes"], whole=self._options.whole or listing.get("whole", False))
        upload = self._find_same([item for item in listing["items"] if item["mode"] == plan.mode], plan)
        upload = self._open(file_hash, plan) if upload is None else self._resume(upload)
        self._on_open(upload["video_id"])
        landed = {piece["index"]: piece["size_bytes"] for piece in upload["pieces"] if piece["landed"]}
        self.progress.total_bytes = max(0, self.progress.total_bytes - sum(landed.values()))
        try:
            with tempfile.TemporaryDirectory(prefix="yeoul-") as folder:
                self._send_all(upload["id"], plan.items(Path(folder), [index for index in range(plan.count) if index not in landed]))
                for audio in plan.extract_audio_tracks(Path(folder)):
                    self._send_audio(upload["video_id"], audio)
            self._connection.post(f"uploads/{upload['id']}/complete", {"pieces": plan.count})
        except UploadClosedError:
            self._check_closed(upload["video_id"])
        return str(upload["video_id"])

    def _check_closed(self, video_id: str) -> None:
        """Raises the video's error if it has failed; if another process completed the upload, there is nothing to do."""
        error = self._connection.get(f"videos/{video_id}")["error"]
        if error is not None:
            raise from_dict(error)

    def _make_plan(self, piece_s: float, part_bytes: int, *, whole: bool) -> PieceFile | WholeFile:
        if whole:
            self._check_codec()
        else:
            try:
                plan = PieceFile(self._path, piece_s)
            except UnsupportedCodecError as error:
                if not isinstance(error, NotInPiecesError):
                    raise  # the server has the same decoders
                self._options.on_message(f"cannot split the file on this machine ({error.message}); uploading it as a whole")
            except MediaError as error:
                self._options.on_message(f"cannot split the file on this machine ({error.message}); uploading it as a whole")
            else:
                if not plan.is_heavy:
                    return plan
                self._options.on_message(
                    "keyframes are so far apart that the pieces would be larger than the file; uploading it as a whole"
                )
        return WholeFile(self._path, part_bytes)

    def _check_codec(self) -> None:
        """Raises UnsupportedCodecError before the upload starts. The server reports all other problems with a file."""
        try:
            probe(self._path, Limits())
        except UnsupportedCodecError:
            raise
        except MediaError:
            return

    def _find_same(self, uploads: Sequence[dict[str, Any]], plan: PieceFile | WholeFile) -> dict[str, Any] | None:
        """Returns the newest upload whose landed pieces are equal to those of this file; the fingerprint alone does not prove that."""
        for upload in uploads:
            landed = {piece["index"]: piece["sha256"] for piece in upload["pieces"] if piece["landed"]}
            if self._is_same(plan, landed):
                return upload
            video_id = upload["video_id"]
            self._options.on_message(
                f"cannot resume the upload of video {video_id}, because it is of another file or was split differently"
            )
        return None

    def _is_same(self, plan: PieceFile | WholeFile, landed: Mapping[int, str]) -> bool:
        """True if each landed piece (SHA-256 by index) is equal to this file's piece."""
        if any(index >= plan.count for index in landed):
            return False
        with tempfile.TemporaryDirectory(prefix="yeoul-") as folder, closing(plan.items(Path(folder), landed)) as items:
            for item in items:
                item.delete_temporary()
                if item.declared["sha256"] != landed[item.index]:
                    return False
        return True

    def _resume(self, upload: dict[str, Any]) -> dict[str, Any]:
        """Resumes an upload. Updates the video's title and visibility if the options set them."""
        fields = {"title": self._options.title, "visibility": self._options.visibility}
        change = {name: value for name, value in fields.items() if value is not None}
        if change:
            self._connection.patch(f"videos/{upload['video_id']}", change)
        return upload

    def _open(self, file_hash: str, plan: PieceFile | WholeFile) -> dict[str, Any]:
        options = self._options
        title = make_line(Path(make_display_name(self._path)).stem) if options.title is None else options.title
        fields = {"title": title, "visibility": options.visibility or "private", "pipeline": options.pipeline}
        video = self._connection.post("videos", fields, key=f"{file_hash}-{time.time_ns()}")
        body = {
            "mode": plan.mode,
            "file_name": make_display_name(self._path),
            "size_bytes": self._path.stat().st_size,
            "fingerprint": file_hash,
            **plan.describe(),
        }
        return self._connection.post(f"videos/{video['id']}/upload", body)

    def _send_all(self, upload_id: str, items: Iterator[Item]) -> None:
        """Sends items, up to `parallel` bodies at a time. The first item is sent alone, so that playback can start as early as possible.

        As many items again wait for their URLs, or for the server to note that they have landed, so that the line is never idle.
        """
        calls = _UploadCalls(self._connection, upload_id)
        running: set[Future[None]] = set()
        limit = 1
        at_once = 2 * self._options.parallel
        with ThreadPoolExecutor(at_once) as pool:
            try:
                for item in items:
                    running.add(pool.submit(self._send, calls, item))
                    while len(running) >= limit:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        for future in done:
                            future.result()
                        limit = at_once
                for future in running:
                    future.result()
            except BaseException:
                self._stopping.set()  # an item failed permanently, or the user pressed Ctrl-C: stop the others
                raise

    def _send(self, calls: _UploadCalls, item: Item) -> None:
        """Sends an item, with retries, until it has landed."""
        try:
            for pause_s in retry_pauses(_PATIENCE_S):
                try:
                    self._send_once(calls, item)
                    return
                except YeoulError as error:
                    # If the URL has expired, the next attempt requests a new one.
                    if pause_s is None or not (error.retryable or isinstance(error, SignatureError)) or self._stopping.wait(pause_s):
                        raise
        finally:
            item.delete_temporary()

    def _send_once(self, calls: _UploadCalls, item: Item) -> None:
        url = self._request_url(calls, item)
        if url["url"] is None:  # landed in the meantime
            return
        with self._lines:
            self._connection.put_signed(url["url"], url["headers"], self._read_metered(item), item.size_bytes)
        calls.landed.call(item.index)

    def _send_audio(self, video_id: str, audio: ExtractedAudio) -> None:
        """Sends an additional audio track. The server recognizes it by its hash, so a resumed upload does not send it twice."""
        fields = {"language": audio.track.language, "label": (audio.track.title or "")[:MAX_LABEL], "role": audio.track.role}
        sound = audio.sound.model_dump(mode="json")
        send_track(self._connection, video_id, audio.path, fields, sound, metered=self._read_metered, wait=self._stopping.wait)
        audio.path.unlink()

    def _request_url(self, calls: _UploadCalls, item: Item) -> dict[str, Any]:
        """Returns a presigned URL for an item; waits while the server has no storage space."""
        was_reported = False
        while True:
            try:
                return calls.urls.call(item.declared)
            except StorageFullError as error:
                if not was_reported:
                    self._options.on_message(f"{error.message}; waiting")
                was_reported = True
                if self._stopping.wait(_FULL_PAUSE_S):
                    raise

    def _read_metered(self, item: Item) -> Iterator[bytes]:
        for chunk in item.chunks(_CHUNK_BYTES):
            self._rate.acquire(len(chunk), item.index)
            if self._stopping.is_set():
                raise OSError("the upload was stopped")
            yield chunk
            self._count_sent(len(chunk))

    def _count_sent(self, size_bytes: int) -> None:
        with self._lock:
            self.progress.sent_bytes += size_bytes
