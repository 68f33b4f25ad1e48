"""A local file as a list of items to send: pieces that are cut one after the other, or parts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yeoul.base.errors import UnreadableError
from yeoul.media.audio.track import ExtractedAudio, check_audio_tracks, extract_audio_tracks
from yeoul.media.limits import Limits
from yeoul.media.source.split import SplitPlan, cut_pieces, plan_split
from yeoul.media.text.extract import extract_captions

_EDGE_BYTES = 1 << 20
_READ_BYTES = 1 << 20


def make_display_name(path: Path) -> str:
    """Returns a file's name as text, with a replacement character for each byte that is not UTF-8."""
    return path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def fingerprint(path: Path) -> str:
    """Returns the fingerprint of a file, which finds its earlier uploads: SHA-256 (hex) of its size and its first and last MiB.

    Raises UnreadableError if the file is empty.
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
    """A byte range of a file that is sent as one object.

    declared: the item's declaration for the server. temporary: the file is deleted after sending.
    """

    index: int
    path: Path
    offset: int
    size_bytes: int
    declared: dict[str, Any]
    temporary: bool

    def chunks(self, chunk_bytes: int) -> Iterator[bytes]:
        """Yields the item's bytes in chunks. Raises OSError if the file became shorter."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            remaining = self.size_bytes
            while remaining > 0:
                chunk = file.read(min(chunk_bytes, remaining))
                if not chunk:
                    raise OSError(f"{self.path} became shorter during the upload")
                remaining -= len(chunk)
                yield chunk

    def delete_temporary(self) -> None:
        """Deletes the file if it is temporary."""
        if self.temporary:
            self.path.unlink(missing_ok=True)


class PieceFile:
    """A file that is sent in pieces."""

    mode = "pieces"

    def __init__(self, path: Path, piece_s: float) -> None:
        """Scans the file. Raises MediaError if it cannot be split."""
        check_audio_tracks(path, Limits())
        self._path = path
        self._plan: SplitPlan = plan_split(path, Limits(), piece_s)
        self.count = len(self._plan.pieces)
        self.is_heavy = self._plan.is_heavy

    def describe(self) -> dict[str, Any]:
        """Returns the additional fields of an upload request in mode `pieces`."""
        source = self._plan.source
        texts = extract_captions(self._path, source, Limits())
        captions = [{"language": text.language, "label": text.label, "webvtt": text.webvtt} for text in texts]
        return {"source": source.model_dump(mode="json"), "captions": captions}

    def extract_audio_tracks(self, folder: Path) -> list[ExtractedAudio]:
        """Extracts the additional audio tracks, which are not in the pieces; each is written to its own file."""
        return extract_audio_tracks(self._path, self._plan.scan.zero_s, folder, Limits())

    def items(self, folder: Path, only: Collection[int]) -> Generator[Item]:
        """Yields the pieces with the indexes `only`, in order. Each piece is cut and written when it is requested."""
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
    """A file that is sent in parts; the server splits it into pieces."""

    mode = "whole"

    def __init__(self, path: Path, part_bytes: int) -> None:
        self._path = path
        self._part_bytes = part_bytes
        self._size_bytes = path.stat().st_size
        self.count = -(-self._size_bytes // part_bytes)

    def describe(self) -> dict[str, Any]:
        """Returns no fields, because the client does not inspect the file."""
        return {}

    def extract_audio_tracks(self, folder: Path) -> list[ExtractedAudio]:  # noqa: ARG002 (as below)
        """Returns no tracks, because the server extracts them from the file."""
        return []

    def items(self, folder: Path, only: Collection[int]) -> Generator[Item]:  # noqa: ARG002 (parts need no temporary files)
        """Yields the parts with the indexes `only`, in order."""
        for index in sorted(only):
            offset = index * self._part_bytes
            size_bytes = min(self._part_bytes, self._size_bytes - offset)
            declared = {"index": index, "size_bytes": size_bytes, "sha256": hash_range(self._path, offset, size_bytes)}
            yield Item(index, self._path, offset, size_bytes, declared, temporary=False)


def hash_range(path: Path, offset: int, size_bytes: int) -> str:
    """Returns the SHA-256 (hex) of a byte range of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(offset)
        remaining = size_bytes
        while remaining > 0:
            chunk = file.read(min(_READ_BYTES, remaining))
            if not chunk:
                break
            digest.update(chunk)
            remaining -= len(chunk)
    return digest.hexdigest()
