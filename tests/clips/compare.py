"""Where a twin differs from the facts of its clip, apart from the exceptions that are listed here with their reasons."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from typing import Any

from tests.clips.facts import Facts
from tests.clips.runs import read_runs

# clip: {facts that differ: why}
EXCEPTIONS: dict[str, dict[str, str]] = {
    "crystal-vp8.webm": {
        "/streams/1/packets/*": "Vorbis chooses the lengths of its packets by what it hears",
    },
    "hdr10-av1-portrait.mp4": {
        "/streams/0/level": "SVT-AV1 names the level, where rav1e says 31 (none)",
        "/streams/0/mime_codec_string": "of the level",
    },
    "mpeg4-mp3.avi": {
        "/format/tags": "the muxer's own name, which a file that is always the same leaves out",
    },
    "with-srt-subtitles.mkv": {
        "/streams/0/packets/order": "of two B-frames side by side x264 no longer refers to the second",
        "/streams/0/packets/later": "of that order",
    },
    "no-initial-keyframe.ts": {
        "/streams/1/profile": "no free encoder writes HE-AAC",
        "/streams/1/mime_codec_string": "of the profile",
        "/streams/1/packets/*": "LC has half as many samples in a packet",
        "/streams/1/duration*": "three ticks more, by rounding twice as many packets",
        "/format/duration": "of the sound",
    },
}


def find_differences(name: str, twin: Facts, clip: Facts) -> list[str]:
    """In words; sizes and the figures of `look` are judged elsewhere, but for the types of the frames that were looked at."""
    allowed = EXCEPTIONS.get(name, {})
    found = _differ(_comparable(twin), _comparable(clip), "")
    return [f"{path}: {ours} for {theirs}" for path, ours, theirs in found if not any(fnmatch(path, pattern) for pattern in allowed)]


def _comparable(facts: Facts) -> Facts:
    return {key: value for key, value in facts.items() if key not in ("size", "look", "first_offsets")}


def _differ(ours: Any, theirs: Any, path: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from _differ(ours.get(key), theirs.get(key), f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from _differ(*pair, f"{path}/{index}")
    elif ours != theirs:
        yield path, str(ours)[:100], str(theirs)[:100]


def find_other_types(twin: Facts, clip: Facts) -> list[int]:
    """Places of the frames that were looked at whose type is not the clip's."""
    types, wanted = twin["look"].get("types", []), read_runs(clip["look"].get("types", ""))
    return [place for place, pair in enumerate(zip(types, wanted, strict=False)) if pair[0] != pair[1]]
