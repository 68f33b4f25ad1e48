"""An MP4 or MOV file from the boxes of a clip and the samples of its twin: tables and places of samples are new, all else is the clip's."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby

from tests.clips.mp4_boxes import Box

_KEPT = ("sgpd", "sbgp", "sdtp", "cslg")


@dataclass
class Track:
    """Samples in the order of decoding. offsets: ticks from decoding to showing; configuration: the encoder's box (avcC, ...), if any.

    start: dts of the first sample; per_chunk: where a sample is one sound sample of a raw codec, how many of them each of `samples` holds.
    """

    timescale: int
    samples: Sequence[bytes]
    durations: Sequence[int]
    offsets: Sequence[int] | None = None
    keys: Sequence[bool] | None = None
    configuration: bytes = b""
    start: int = 0
    per_chunk: Sequence[int] | None = None
    places: list[int] = field(default_factory=list)

    @property
    def times(self) -> list[float]:
        """When each sample is decoded, in seconds."""
        return [ticks / self.timescale for ticks in accumulate(self.durations[:-1], initial=self.start)]


def timescales(moov: Box) -> list[int]:
    return [struct.unpack_from(">I", box.payload, 20 if box.payload[0] else 12)[0] for box in moov.find_all("trak", "mdia", "mdhd")]


def write_mp4(boxes: Sequence[Box], tracks: Sequence[Track], padding: int = 0) -> bytes:
    """The clip's boxes in the clip's order, with the samples in its mdat; padding: bytes after the last sample."""
    moov = next(box for box in boxes if box.kind == "moov")
    mdat = next(box for box in boxes if box.kind == "mdat")
    mdat.claimed = None
    mdat.payload = _place(tracks) + bytes(padding)
    _put_tables(moov, tracks, 0)
    before = boxes[: boxes.index(mdat)]
    _put_tables(moov, tracks, sum(box.size for box in before) + 8)
    return b"".join(box.write() for box in boxes)


def _place(tracks: Sequence[Track]) -> bytes:
    """All samples by their time; tells each track where its samples are from the first on."""
    data: list[bytes] = []
    at = 0
    for track in tracks:
        track.places = []
    listed = sorted((time, which, index) for which, track in enumerate(tracks) for index, time in enumerate(track.times))
    for _, which, index in listed:
        tracks[which].places.append(at)
        data.append(tracks[which].samples[index])
        at += len(data[-1])
    return b"".join(data)


def _put_tables(moov: Box, tracks: Sequence[Track], start: int) -> None:
    for stbl, track in zip(moov.find_all("trak", "mdia", "minf", "stbl"), tracks, strict=True):
        put_configuration(stbl, track.configuration)
        kept = [box for box in stbl.children if box.kind in _KEPT]
        stbl.children = [stbl.get("stsd"), *_make_tables(track, start), *kept]


def put_configuration(stbl: Box, configuration: bytes) -> None:
    for box in stbl.get("stsd").children[0].children:
        if box.kind in ("avcC", "hvcC", "av1C"):
            box.payload = configuration


def _make_tables(track: Track, start: int) -> Iterator[Box]:
    if track.per_chunk is not None:
        yield from _make_raw_tables(track, track.per_chunk, start)
        return
    yield _make_pairs("stts", track.durations)
    if track.keys is not None and not all(track.keys):
        yield _make_table("stss", [index + 1 for index, is_key in enumerate(track.keys) if is_key])
    if track.offsets is not None and any(track.offsets):
        yield _make_pairs("ctts", track.offsets)
    chunks = list(_find_chunks(track))
    yield _make_chunk_counts([count for _, count in chunks])
    sizes = [len(sample) for sample in track.samples]
    yield Box("stsz", struct.pack(f">III{len(sizes)}I", 0, 0, len(sizes), *sizes))
    yield _make_table("stco", [start + place for place, _ in chunks])


def _make_raw_tables(track: Track, per_chunk: Sequence[int], start: int) -> Iterator[Box]:
    count = sum(per_chunk)
    yield _make_pairs("stts", [1] * count)
    yield _make_chunk_counts(per_chunk)
    yield Box("stsz", struct.pack(">III", 0, sum(map(len, track.samples)) // count, count))
    yield _make_table("stco", [start + place for place in track.places])


def _find_chunks(track: Track) -> Iterator[tuple[int, int]]:
    """(place, samples) of each run of samples that stand side by side."""
    first, end, count = track.places[0], track.places[0], 0
    for place, sample in zip(track.places, track.samples, strict=True):
        if place != end:
            yield first, count
            first, count = place, 0
        end, count = place + len(sample), count + 1
    yield first, count


def _make_pairs(kind: str, values: Iterable[int]) -> Box:
    pairs = [(len(list(group)), value) for value, group in groupby(values)]
    return Box(kind, struct.pack(">II", 0, len(pairs)) + b"".join(struct.pack(">Ii", *pair) for pair in pairs))


def _make_table(kind: str, values: Sequence[int]) -> Box:
    return Box(kind, struct.pack(f">II{len(values)}I", 0, len(values), *values))


def _make_chunk_counts(counts: Sequence[int]) -> Box:
    firsts = [index for index, count in enumerate(counts) if index == 0 or counts[index - 1] != count]
    entries = b"".join(struct.pack(">III", index + 1, counts[index], 1) for index in firsts)
    return Box("stsc", struct.pack(">II", 0, len(firsts)) + entries)


def fill_h264(sample: bytes, count: int) -> bytes:
    """The sample with `count` bytes more: filler data (ITU-T H.264 7.3.2.7), which decoders skip. At least 6."""
    assert count >= 6
    return sample + struct.pack(">IB", count - 4, 12) + b"\xff" * (count - 6) + b"\x80"
