"""A fragmented MP4 from the boxes of a clip and the samples of its twin: sizes and places are new, all else is the clip's."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from tests.clips.fragment_boxes import point_at, set_base, set_sizes
from tests.clips.mp4_boxes import Box
from tests.clips.mp4_write import Track, put_configuration


def write_fragments(boxes: Sequence[Box], tracks: Sequence[Track]) -> bytes:
    """The clip's boxes in the clip's order; each of its runs of samples has as many of the twin's."""
    moov = next(box for box in boxes if box.kind == "moov")
    for stbl, track in zip(moov.find_all("trak", "mdia", "minf", "stbl"), tracks, strict=True):
        put_configuration(stbl, track.configuration)
    waiting = [iter(track.samples) for track in tracks]
    data = bytearray()
    starts: list[int] = []
    run: list[bytes] = []
    for box in boxes:
        if box.kind == "moof":
            starts.append(len(data))
            run = _fill_fragment(box, waiting, len(data))
        if box.kind == "mdat":
            box.payload, box.claimed = b"".join(run), None
        if box.kind == "mfra":
            box.payload = point_at(box.payload, starts)
        data += box.write()
    return bytes(data)


def _fill_fragment(moof: Box, waiting: Sequence[Iterator[bytes]], start: int) -> list[bytes]:
    """Writes sizes and places into the runs; returns their samples in order."""
    samples: list[bytes] = []
    offset = moof.size + 8
    for traf in moof.find_all("traf"):
        tfhd, trun = traf.get("tfhd"), traf.get("trun")
        which = struct.unpack_from(">I", tfhd.payload, 4)[0] - 1
        count = struct.unpack_from(">I", trun.payload, 4)[0]
        own = [next(waiting[which]) for _ in range(count)]
        tfhd.payload = set_base(tfhd.payload, start)
        trun.payload = set_sizes(trun.payload, [len(sample) for sample in own], offset)
        samples += own
        offset += sum(map(len, own))
    return samples
