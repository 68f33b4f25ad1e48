"""The facts of a clip that its twin has to share; `python -m tests.clips.facts` writes those of the real collection to facts.json.

streams: as ffprobe describes them, with the times of all packets. boxes: of MP4 and MOV, all but the tables that list the samples.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.error import InvalidDataError

from tests.clips.collection import ALL, real_folder
from tests.clips.fragment_boxes import clear_sizes, number_fragments
from tests.clips.look import look_at
from tests.clips.mp4_boxes import Box, find_first_offset, read_boxes, to_shell
from tests.clips.runs import write_runs
from yeoul.media.binaries import ffmpeg_path

FACTS = Path(__file__).with_name("facts.json")
Facts = dict[str, Any]

# Says how much there is, not what it is; "index" is its place in the list.
_AMOUNTS = ("bit_rate", "max_bit_rate", "extradata_size", "codec_long_name", "index")
_OF_FORMAT = ("format_name", "nb_streams", "start_time", "duration", "tags")
_TABLES = ("stts", "ctts", "stss", "stsc", "stsz", "stco")
_CODEC_CONFIGURATIONS = ("avcC", "hvcC", "av1C")


@cache
def get_facts(name: str) -> Facts:
    """The facts of a real clip."""
    return json.loads(FACTS.read_text())[name]


def read_facts(path: Path, frames: int | None = None) -> Facts:
    """The facts of a file; `look` is of the first pictures only where `frames` says how many."""
    facts: Facts = {"size": path.stat().st_size}
    if path.suffix in (".mp4", ".mov"):
        facts["boxes"] = [_to_fact(box) for box in read_boxes(path.read_bytes())]
    try:
        facts |= _probe(path)
    except subprocess.CalledProcessError:
        return facts | {"opens": False}
    return facts | {"opens": True, "look": look_at(path, frames)}


def _to_fact(box: Box) -> object:
    """A box without the samples, their tables and what the encoder says of itself. Of a file of noise nothing is a box."""
    if not box.kind.isascii() or not box.kind.isalpha():
        return ["noise", ""]
    for stbl in box.find_all("trak", "mdia", "minf", "stbl"):
        if count_in_tables(stbl):
            stbl.drop(*_TABLES)
        for entry in stbl.get("stsd").children:
            for configuration in entry.children:
                configuration.payload = b"" if configuration.kind in _CODEC_CONFIGURATIONS else configuration.payload
    if box.kind == "moof":
        clear_sizes(box)
    if box.kind == "mfra":
        box.payload = number_fragments(box.payload)
    return to_shell(Box(box.kind, b"" if box.kind == "mdat" else box.payload, box.children))


def count_in_tables(stbl: Box) -> int:
    """How many samples the index itself lists; none in fragmented files."""
    return int.from_bytes(stbl.get("stsz").payload[8:12], "big")


def _probe(path: Path) -> Facts:
    probe = Path(ffmpeg_path().replace("ffmpeg-", "ffprobe-"))
    shown = ["-show_format", "-show_streams", "-of", "json", str(path)]
    found = json.loads(subprocess.run([probe, "-v", "error", *shown], capture_output=True, check=True).stdout)
    packets = _find_packets(path)
    streams = [{key: value for key, value in stream.items() if key not in _AMOUNTS} for stream in found["streams"]]
    for index, stream in enumerate(streams):
        stream["disposition"] = [name for name, value in stream["disposition"].items() if value]
        stream["packets"] = packets.get(index)
    return {"format": {key: found["format"].get(key) for key in _OF_FORMAT}, "streams": streams}


def _find_packets(path: Path) -> dict[int, Facts]:
    """Times and flags of all packets of each stream, in the order of decoding."""
    packets: dict[int, list[av.Packet]] = {}
    with av.open(str(path)) as container:
        try:
            for packet in container.demux():
                if packet.size or packet.pts is not None:
                    packets.setdefault(packet.stream_index, []).append(packet)
        except InvalidDataError:
            pass  # cut off
    return {index: _describe(found) for index, found in packets.items()}


def _describe(packets: list[av.Packet]) -> Facts:
    """pts: of the first; later: by how much each is shown after it is decoded; steps: from dts to dts, None where one is missing."""
    steps = [None if a.dts is None or b.dts is None else b.dts - a.dts for a, b in pairwise(packets)]
    return {
        "count": len(packets),
        "pts": packets[0].pts,
        "dts": packets[0].dts,
        "steps": write_runs(steps),
        "later": write_runs(None if p.dts is None or p.pts is None else p.pts - p.dts for p in packets),
        "order": write_runs(find_order([p.pts or 0 for p in packets])),
        "durations": write_runs(p.duration for p in packets),
        "keys": write_runs("K" if p.is_keyframe else "-" for p in packets),
        "hidden": write_runs("D" if p.is_discard else "-" for p in packets),
        "disposable": write_runs("d" if p.is_disposable else "-" for p in packets),
    }


def find_order(times: list[int]) -> list[int]:
    """By how many places each packet is shown after its place in the order of decoding."""
    places = {at: place for place, at in enumerate(sorted(range(len(times)), key=lambda at: times[at]))}
    return [places[at] - at for at in range(len(times))]


def first_offsets(path: Path) -> list[int]:
    """Of each track with a table of samples: its first composition offset as written."""
    moov = next(box for box in read_boxes(path.read_bytes()) if box.kind == "moov")
    return [find_first_offset(stbl) for stbl in moov.find_all("trak", "mdia", "minf", "stbl")]


def _write() -> None:
    found: dict[str, Facts] = {}
    for name in ALL:
        path = real_folder() / name
        print(name, flush=True)
        found[name] = read_facts(path)
        if "types" in found[name].get("look", {}):
            found[name]["look"]["types"] = write_runs(found[name]["look"]["types"])
        if found[name]["opens"] and path.suffix in (".mp4", ".mov"):
            found[name]["first_offsets"] = first_offsets(path)
    FACTS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    _write()
