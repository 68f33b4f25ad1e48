"""Matroska and WebM (RFC 9559) of a twin, element by element: ffmpeg's muxer cannot write ticks of a nanosecond or leave out durations."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

_EBML, _SEGMENT, _INFO, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B
_CLUSTER, _CUES, _TAGS = 0x1F43B675, 0x1C53BB6B, 0x1254C367
_SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK, _BLOCK_DURATION, _CLUSTER_TIME = 0xA3, 0xA0, 0xA1, 0x9B, 0xE7
_KEY = 0x80


@dataclass(frozen=True)
class Block:
    """A packet: of which track (from 1), when in ticks, whether it can be decoded alone; duration only where the clip says one."""

    track: int
    time: int
    data: bytes
    is_key: bool
    duration: int | None = None


def element(name: int, content: bytes | float | str) -> bytes:
    """An element of any kind; whole numbers as short as they go."""
    if isinstance(content, str):
        content = content.encode()
    elif isinstance(content, float):
        content = struct.pack(">d", content)
    elif isinstance(content, int):
        content = content.to_bytes(max(1, (content.bit_length() + 7) // 8), "big")
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + _size(len(content)) + content


def master(name: int, *children: bytes) -> bytes:
    return element(name, b"".join(children))


def _size(count: int) -> bytes:
    width = next(width for width in range(1, 9) if count < (1 << 7 * width) - 1)
    return (count | 1 << 7 * width).to_bytes(width, "big")


def write_film(
    kind: str, scale: int, duration: float, tracks: Sequence[bytes], blocks: Sequence[Block],
    *, application: str, most: int, tags: Sequence[bytes] = (), extra_info: bytes = b"",
) -> bytes:  # fmt: skip
    """A file of ticks of `scale` nanoseconds; tracks and tags are elements; most: ticks that a cluster lasts at most."""
    names = ((0x4286, 1), (0x42F7, 1), (0x42F2, 4), (0x42F3, 8), (0x4282, kind), (0x4287, 4), (0x4285, 2))
    head = master(_EBML, *(element(name, value) for name, value in names))
    info = master(_INFO, element(0x2AD7B1, scale), element(0x4D80, application), element(0x5741, application),
                  element(0x4489, duration), extra_info)  # fmt: skip
    parts = [info, master(_TRACKS, *tracks), *([master(_TAGS, *tags)] if tags else [])]
    groups = _group(blocks, most)
    clusters = [_write_cluster(group) for group in groups]
    return head + master(_SEGMENT, *parts, *clusters, _write_cues(groups, clusters, sum(map(len, parts))))


def _group(blocks: Sequence[Block], most: int) -> list[list[Block]]:
    """Blocks by cluster."""
    groups: list[list[Block]] = []
    for block in blocks:
        if not groups or abs(block.time - groups[-1][0].time) > most:
            groups.append([])
        groups[-1].append(block)
    return groups


def _write_cluster(blocks: Sequence[Block]) -> bytes:
    start = min(block.time for block in blocks)
    return master(_CLUSTER, element(_CLUSTER_TIME, start), *chain.from_iterable(_write_block(block, start) for block in blocks))


def _write_block(block: Block, start: int) -> Iterator[bytes]:
    head = bytes([0x80 | block.track]) + struct.pack(">h", block.time - start)
    if block.duration is None:
        yield element(_SIMPLE_BLOCK, head + bytes([_KEY * block.is_key]) + block.data)
    else:
        yield master(_BLOCK_GROUP, element(_BLOCK, head + b"\0" + block.data), element(_BLOCK_DURATION, block.duration))


def _write_cues(groups: Sequence[Sequence[Block]], clusters: Sequence[bytes], start: int) -> bytes:
    """Where each keyframe of the first track is."""
    points: list[bytes] = []
    for group, cluster in zip(groups, clusters, strict=True):
        for block in group:
            if block.is_key and block.track == 1:
                place = master(0xB7, element(0xF7, 1), element(0xF1, start))
                points.append(master(0xBB, element(0xB3, block.time), place))
        start += len(cluster)
    return master(_CUES, *points)
