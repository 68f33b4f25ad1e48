"""The uploader: pieces in parallel straight to the store, each retried alone; what has landed is never sent again."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yeoul.base.errors import MediaError, SignatureError, StorageFullError, UnavailableError
from yeoul.client.connection import Connection, retry_pauses
from yeoul.client.rate import RateLimit
from yeoul.client.source_file import Item, PieceFile, WholeFile, fingerprint

_CHUNK_BYTES = 64 * 1024
_PATIENCE_S = 120.0
_FULL_PAUSE_S = 3.0
_PART_BYTES = 8 * 2**20
_PIECE_S = 6.0


@dataclass(frozen=True)
class Options:
    """How to upload. whole: send the file as it is, in parts. said: called with one line when the user should know something."""

    title: str
    visibility: str = "private"
    pipeline: str = "standard"
    parallel: int = 4
    bytes_per_s: float | None = None
    whole: bool = False
    said: Callable[[str], None] = field(default=lambda _line: None)


@dataclass
class Progress:
    """Where an upload is: bytes of all items that will be sent, those that went out, and those the server had already."""

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
        self.progress = Progress(total_bytes=path.stat().st_size)

    def run(self) -> str:
        """Upload, or resume; the video's id. Raises YeoulError when it cannot be done."""
        mark = fingerprint(self._path)
        known = self._connection.get("uploads", fingerprint=mark)["items"]
        plan = self._plan(known)
        upload = next((item for item in known if item["mode"] == plan.mode), None) or self._open(mark, plan)
        self._opened(upload["video_id"])
        landed = {piece["index"] for piece in upload["pieces"] if piece["landed"]}
        missing = [index for index in range(plan.count) if index not in landed]
        with tempfile.TemporaryDirectory(prefix="yeoul-") as folder:
            self._send_all(upload["id"], plan.items(Path(folder), missing))
        self._connection.post(f"uploads/{upload['id']}/complete", {"pieces": plan.count})
        return str(upload["video_id"])

    def _plan(self, known: list[dict[str, Any]]) -> PieceFile | WholeFile:
        if not self._options.whole:
            try:
                return PieceFile(self._path, known[0]["piece_s"] if known else _PIECE_S)
            except MediaError as error:
                self._options.said(f"cannot split the file here ({error.message}); sending it whole")
        return WholeFile(self._path, known[0]["part_bytes"] if known else _PART_BYTES)

    def _open(self, mark: str, plan: PieceFile | WholeFile) -> dict[str, Any]:
        options = self._options
        fields = {"title": options.title, "visibility": options.visibility, "pipeline": options.pipeline}
        video = self._connection.post("videos", fields, key=f"{mark}-{time.time_ns()}")
        body = {"mode": plan.mode, "file_name": self._path.name, "size_bytes": self._path.stat().st_size, "fingerprint": mark, **plan.describe()}
        return self._connection.post(f"videos/{video['id']}/upload", body)

    def _send_all(self, upload_id: str, items: Iterator[Item]) -> None:
        """Keep up to `parallel` lanes busy; the first item goes alone, so that playing can start as early as the line allows."""
        running: set[Future[None]] = set()
        lanes = 1
        with ThreadPoolExecutor(self._options.parallel) as pool:
            for item in items:
                running.add(pool.submit(self._send, upload_id, item))
                while len(running) >= lanes:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for one in done:
                        one.result()
                    lanes = self._options.parallel
            for one in running:
                one.result()

    def _send(self, upload_id: str, item: Item) -> None:
        """One item, until it has landed."""
        try:
            for pause_s in retry_pauses(_PATIENCE_S):
                try:
                    self._send_once(upload_id, item)
                    return
                except (SignatureError, StorageFullError, UnavailableError):
                    if pause_s is None:
                        raise
                    time.sleep(pause_s)
        finally:
            item.drop()

    def _send_once(self, upload_id: str, item: Item) -> None:
        url = self._url(upload_id, item)
        if url["url"] is None:  # landed in the meantime
            return
        self._connection.put_signed(url["url"], url["headers"], self._metered(item), item.size_bytes)
        self._connection.post(f"uploads/{upload_id}/landed", {"indexes": [item.index]})

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
                time.sleep(_FULL_PAUSE_S)

    def _metered(self, item: Item) -> Iterator[bytes]:
        for chunk in item.chunks(_CHUNK_BYTES):
            self._rate.take(len(chunk), item.index)
            yield chunk
            self._count(len(chunk))

    def _count(self, size_bytes: int) -> None:
        with self._lock:
            self.progress.sent_bytes += size_bytes
