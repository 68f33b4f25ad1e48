"""ISO BMFF boxes as a tree that can be read, changed and written: [kind, payload in hex] or [kind, payload in hex, children]."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.clips.runs import read_hex, write_hex

_CONTAINERS = frozenset(("moov", "trak", "edts", "mdia", "minf", "stbl", "mvex", "moof", "traf", "dinf"))
# Bytes before the children: of a sample description, a picture's sample entry, a sound's.
_VIDEO_ENTRIES = frozenset(("avc1", "hev1", "hvc1", "av01"))
_HEADS = {"stsd": 8, **dict.fromkeys(_VIDEO_ENTRIES, 78)}

Shell = list[object]


@dataclass
class Box:
    """A box; children only where it holds boxes, after `payload`. claimed: the size its header says where that is another."""

    kind: str
    payload: bytes = b""
    children: list[Box] = field(default_factory=list)
    claimed: int | None = None

    def write(self) -> bytes:
        body = self.payload + b"".join(child.write() for child in self.children)
        return struct.pack(">I", self.claimed or 8 + len(body)) + self.kind.encode("latin-1") + body

    @property
    def size(self) -> int:
        return len(self.write())

    def find_all(self, *path: str) -> Iterator[Box]:
        """All boxes below this one at that path of kinds."""
        kind, *deeper = path
        for child in self.children:
            if child.kind == kind:
                yield from child.find_all(*deeper) if deeper else (child,)

    def find(self, *path: str) -> Box | None:
        return next(self.find_all(*path), None)

    def get(self, *path: str) -> Box:
        found = self.find(*path)
        if found is None:
            raise KeyError(f"no {'/'.join(path)} in {self.kind}")
        return found

    def put(self, box: Box) -> None:
        """Replaces the child of the same kind, or adds it."""
        at = next((index for index, child in enumerate(self.children) if child.kind == box.kind), len(self.children))
        self.children[at : at + 1] = [box]

    def drop(self, *kinds: str) -> None:
        self.children = [child for child in self.children if child.kind not in kinds]


def read_boxes(data: bytes) -> list[Box]:
    """The boxes in these bytes; one that claims to end after them has what is there as its payload."""
    found: list[Box] = []
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append(_read_box(kind.decode("latin-1"), data[at + 8 : at + max(8, size)]))
        if at + size > len(data):
            found[-1].claimed = size
        if size < 8:
            break
        at += size
    return found


def _read_box(kind: str, body: bytes) -> Box:
    head = 0 if kind in _CONTAINERS else _HEADS.get(kind)
    return Box(kind, body) if head is None else Box(kind, body[:head], read_boxes(body[head:]))


def to_shell(box: Box) -> Shell:
    """The tree as JSON has it."""
    shell: Shell = [box.kind, write_hex(box.payload)]
    return [*shell, [to_shell(child) for child in box.children]] if box.children else shell


def from_shell(shell: Sequence[object]) -> Box:
    kind, payload, *rest = shell
    children = rest[0] if rest else []
    assert isinstance(kind, str) and isinstance(payload, str) and isinstance(children, list)
    return Box(kind, read_hex(payload), [from_shell(child) for child in children])


def count_samples(stbl: Box) -> int:
    """How many samples the table lists."""
    return struct.unpack_from(">I", stbl.get("stsz").payload, 8)[0]


def find_first_offset(stbl: Box) -> int:
    """By how many ticks the first sample is shown after its decoding time, as written."""
    ctts = stbl.find("ctts")
    return struct.unpack_from(">i", ctts.payload, 12)[0] if ctts is not None else 0
