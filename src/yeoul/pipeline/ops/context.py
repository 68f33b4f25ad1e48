"""What an op may touch: its scratch folder, its inputs in the store, and keys below its attempt's prefix."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from yeoul.base.errors import ChecksumError
from yeoul.blob.store import Bucket
from yeoul.media.limits import Limits
from yeoul.media.video.picture import read_pictures
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.task_store import TaskStore
from yeoul.pipeline.task.data import Output, TaskInput

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Context:
    """One attempt's surroundings. progress takes a share from 0 to 1. piece_s: target length of pieces in seconds.

    run_op runs another op, for groups. fetched: files that are here already, by bucket and key. sidecars: keys by file name.
    """

    store: TaskStore
    scratch: Path
    limits: Limits
    output_prefix: str
    video_id: str
    piece_s: float
    progress: Callable[[float], None]
    run_op: Callable[[str, Context, TaskInput], Output]
    fetched: dict[tuple[Bucket, str], Path] = field(default_factory=dict[tuple[Bucket, str], Path])
    sidecars: dict[str, str] = field(default_factory=dict[str, str])

    def inside(self, stage: str) -> Context:
        """The surroundings of one member of a group: names of its own, but what was fetched or made here is shared."""
        scratch = self.scratch / stage
        scratch.mkdir()
        return replace(self, scratch=scratch, output_prefix=f"{self.output_prefix}{stage}/", progress=_say_nothing, sidecars={})

    def fetch(self, bucket: Bucket, key: str) -> Path:
        """A file of the store; one that is here already is not fetched again."""
        if (bucket, key) not in self.fetched:
            self.fetched[bucket, key] = self.store.fetch(bucket, key, self.scratch)
        return self.fetched[bucket, key]

    def fetch_piece(self, landed: LandedPiece) -> Path:
        """A piece's file, its bytes checked. Raises ChecksumError when the store no longer holds what landed."""
        known = (Bucket(landed.bucket), landed.key) in self.fetched
        path = self.fetch(Bucket(landed.bucket), landed.key)
        if not known:
            check_sha256(path, landed.sha256, landed.key, piece=landed.piece.index)
        return path

    def pictures(self, piece: LandedPiece, source: Source, pix_fmt: str = "gray") -> Iterator[tuple[float, np.ndarray[Any, Any]]]:
        """(seconds from the video's first picture, pixels) of each picture of a piece: rows x columns for "gray", x 3 for "rgb24"."""
        return read_pictures(self.fetch_piece(piece), piece.piece, source, self.limits, pix_fmt)

    def put_file(self, name: str, path: Path, bucket: Bucket = Bucket.ENCODED) -> str:
        """Store an output of this attempt; the key. The file is gone afterwards."""
        key = self.output_prefix + name
        self.store.put_file(bucket, key, path)
        if path.exists():
            self.fetched[bucket, key] = path
        return key

    def put_bytes(self, name: str, data: bytes, bucket: Bucket = Bucket.ENCODED) -> str:
        """Store an output of this attempt; the key."""
        key = self.output_prefix + name
        self.store.put_bytes(bucket, key, data)
        return key

    def put_sidecar(self, name: str, value: bytes | dict[str, Any] | list[Any]) -> str:
        """Store a file that is published beside the video; what is not bytes is written as JSON. The key."""
        data = value if isinstance(value, bytes) else json.dumps(value, indent=1).encode()
        self.sidecars[name] = self.put_bytes(f"sidecar-{name}", data)
        return self.sidecars[name]

    def put_init(self, rendition: str, init: bytes) -> str:
        """Store an init segment under the address of its content, shared by all pieces of a rendition; the key."""
        key = f"{self.video_id}/init/{rendition}-{hashlib.sha256(init).hexdigest()[:16]}.mp4"
        self.store.put_bytes(Bucket.ENCODED, key, init)
        return key


def _say_nothing(_share: float) -> None:
    """Members do not know how much of their group they are."""


def check_sha256(path: Path, expected: str, name: str, *, piece: int | None = None) -> None:
    """Raises ChecksumError, which names the piece, when a file's SHA-256 is not `expected` (lower-case hex)."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    if digest.hexdigest() != expected:
        what = "the stored bytes" if piece is None else f"the stored bytes of piece {piece}"
        message = f"{what} are not those that landed; upload the video again"
        raise ChecksumError(message, key=name, piece=piece, expected=expected, found=digest.hexdigest())
