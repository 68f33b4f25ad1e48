"""A local file as a list of things to send: GOP pieces cut one after the other, or byte-range parts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yeoul.base.errors import UnreadableError
from yeoul.media.audio.track import TakenSound, check_sounds, take_sounds
from yeoul.media.limits import Limits
from yeoul.media.source.split import SplitPlan, cut_pieces, plan_split
from yeoul.media.text.extract import extract_texts

_EDGE_BYTES = 1 << 20
_READ_BYTES = 1 << 20


def say_name(path: Path) -> str:
    """Returns a file's name as text, with a mark for each byte of it that is no UTF-8."""
    return path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def fingerprint(path: Path) -> str:
    """What the upload of a file is found again by, before its pieces are compared: SHA-256 (hex) over its size and its first and last MiB.

    Raises UnreadableError for an empty file, of which nothing could be sent.
    """
    size_bytes = path.stat().st_size
    if size_bytes == 0:
        raise UnreadableError("the file is empty")
    digest = hashlib.sha256(str(size_bytes).encode())
    with path.open("rb") as file:
        digest.update(file.read(_EDGE_BYTES))
        if size_bytes > _EDGE_BYTES:
            file.seek(max(_EDGE_BYTES, size_bytes - _EDGE_BYTES))
            digest.update(file.read(_EDGE_BYTES))
    return digest.hexdigest()


@dataclass(frozen=True)
class Item:
    """A run of bytes of a file that is sent as one object. declared: what the server is told of it. temporary: delete the file after."""

    index: int
    path: Path
    offset: int
    size_bytes: int
    declared: dict[str, Any]
    temporary: bool

    def chunks(self, chunk_bytes: int) -> Iterator[bytes]:
        """Its bytes."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            left = self.size_bytes
            while left > 0:
                chunk = file.read(min(chunk_bytes, left))
                if not chunk:
                    raise OSError(f"{self.path} became shorter while it was sent")
                left -= len(chunk)
                yield chunk

    def drop(self) -> None:
        """Delete what was made for sending."""
        if self.temporary:
            self.path.unlink(missing_ok=True)


class PieceFile:
    """A file that is sent as GOP pieces."""

    mode = "pieces"

    def __init__(self, path: Path, piece_s: float) -> None:
        """Scans the file. Raises MediaError when it cannot be split."""
        check_sounds(path, Limits())
        self._path = path
        self._plan: SplitPlan = plan_split(path, Limits(), piece_s)
        self.count = len(self._plan.pieces)
        self.is_heavy = self._plan.is_heavy

    def describe(self) -> dict[str, Any]:
        """The fields of an upload request that only pieces have."""
        source = self._plan.source
        captions = [
            {"language": one.language, "label": one.label, "webvtt": one.webvtt} for one in extract_texts(self._path, source, Limits())
        ]
        return {"source": source.model_dump(mode="json"), "captions": captions}

    def take_sounds(self, folder: Path) -> list[TakenSound]:
        """Returns the audio tracks besides the one that the pieces hold, each written into a file of its own."""
        return take_sounds(self._path, self._plan.found.zero_s, folder, Limits())

    def items(self, folder: Path, only: Collection[int]) -> Generator[Item]:
        """Cut the pieces named, in order; each is written when it is asked for."""
        for piece, file in cut_pieces(self._path, self._plan, folder, only):
            size_bytes = file.stat().st_size
            declared = {
                "index": piece.index,
                "size_bytes": size_bytes,
                "sha256": hash_range(file, 0, size_bytes),
                "piece": piece.model_dump(mode="json"),
            }
            yield Item(piece.index, file, 0, size_bytes, declared, temporary=True)


class WholeFile:
    """A file that is sent in byte ranges; the server splits it."""

    mode = "whole"

    def __init__(self, path: Path, part_bytes: int) -> None:
        self._path = path
        self._part_bytes = part_bytes
        self._size_bytes = path.stat().st_size
        self.count = -(-self._size_bytes // part_bytes)

    def describe(self) -> dict[str, Any]:
        """Nothing is known of the content."""
        return {}

    def take_sounds(self, folder: Path) -> list[TakenSound]:  # noqa: ARG002 (as below)
        """None: the server takes them out of the file."""
        return []

    def items(self, folder: Path, only: Collection[int]) -> Generator[Item]:  # noqa: ARG002 (parts need no files of their own)
        """The byte ranges named, in order."""
        for index in sorted(only):
            offset = index * self._part_bytes
            size_bytes = min(self._part_bytes, self._size_bytes - offset)
            declared = {"index": index, "size_bytes": size_bytes, "sha256": hash_range(self._path, offset, size_bytes)}
            yield Item(index, self._path, offset, size_bytes, declared, temporary=False)


def hash_range(path: Path, offset: int, size_bytes: int) -> str:
    """SHA-256 (hex) of bytes of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(offset)
        left = size_bytes
        while left > 0:
            chunk = file.read(min(_READ_BYTES, left))
            if not chunk:
                break
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()
