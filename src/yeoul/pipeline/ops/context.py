"""The context of an op: its scratch folder, its inputs in the store, and its outputs below the prefix of its attempt."""

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
from yeoul.media.video.frame import read_frames
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.task_store import TaskStore
from yeoul.pipeline.task.data import Output, TaskInput

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Context:
    """Everything that an op can use during one attempt.

    progress: takes a share from 0 to 1. piece_s: target length of pieces in seconds. run_op: runs another op, for groups.
    fetched: local files of the store's objects, by bucket and key. sidecars: keys by file name.
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
        """Returns the context of a group's member: a separate scratch folder and prefix, but shared fetched and stored files."""
        scratch = self.scratch / stage
        scratch.mkdir()
        return replace(self, scratch=scratch, output_prefix=f"{self.output_prefix}{stage}/", progress=_ignore_progress, sidecars={})

    def fetch(self, bucket: Bucket, key: str) -> Path:
        """Returns a file of the store, fetched only once."""
        if (bucket, key) not in self.fetched:
            self.fetched[bucket, key] = self.store.fetch(bucket, key, self.scratch)
        return self.fetched[bucket, key]

    def fetch_piece(self, landed: LandedPiece) -> Path:
        """Returns the file of a piece. Raises ChecksumError if its bytes differ from those that landed."""
        is_checked = (Bucket(landed.bucket), landed.key) in self.fetched
        path = self.fetch(Bucket(landed.bucket), landed.key)
        if not is_checked:
            check_sha256(path, landed.sha256, landed.key, piece=landed.piece.index)
        return path

    def pictures(self, piece: LandedPiece, source: Source, pix_fmt: str = "gray") -> Iterator[tuple[float, np.ndarray[Any, Any]]]:
        """Yields (seconds after the video's first frame, pixels) of each frame of a piece: rows x columns for "gray", x 3 for "rgb24"."""
        return read_frames(self.fetch_piece(piece), piece.piece, source, self.limits, pix_fmt)

    def put_file(self, name: str, path: Path, bucket: Bucket = Bucket.ENCODED) -> str:
        """Stores a file as an output of this attempt. Returns its key. The op must not use the file afterwards."""
        key = self.output_prefix + name
        self.store.put_file(bucket, key, path)
        if path.exists():
            self.fetched[bucket, key] = path
        return key

    def put_bytes(self, name: str, data: bytes, bucket: Bucket = Bucket.ENCODED) -> str:
        """Stores an output of this attempt. Returns its key."""
        key = self.output_prefix + name
        self.store.put_bytes(bucket, key, data)
        return key

    def put_sidecar(self, name: str, value: bytes | dict[str, Any] | list[Any]) -> str:
        """Stores a file that is published with the video. Returns its key. A value other than bytes is written as JSON."""
        data = value if isinstance(value, bytes) else json.dumps(value, indent=1).encode()
        self.sidecars[name] = self.put_bytes(f"sidecar-{name}", data)
        return self.sidecars[name]

    def put_init(self, rendition: str, init: bytes) -> str:
        """Stores an init segment, which all pieces of a rendition share, under the hash of its content. Returns its key."""
        key = f"{self.video_id}/init/{rendition}-{hashlib.sha256(init).hexdigest()[:16]}.mp4"
        self.store.put_bytes(Bucket.ENCODED, key, init)
        return key


def _ignore_progress(_share: float) -> None:
    """Ignores the progress of a group's member, whose share of the group is unknown."""


def check_sha256(path: Path, expected: str, name: str, *, piece: int | None = None) -> None:
    """Raises ChecksumError with the piece's index if the SHA-256 of a file is not `expected` (lower-case hex)."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    if digest.hexdigest() != expected:
        what = "the stored file" if piece is None else f"the stored file of piece {piece}"
        message = f"{what} differs from the uploaded one; upload the video again"
        raise ChecksumError(message, key=name, piece=piece, expected=expected, found=digest.hexdigest())
