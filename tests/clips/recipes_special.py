"""Twins of the clips that are long, damaged, without a picture or no media at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from tests.clips.encode import encode_film, encode_sound, read_samples
from tests.clips.facts import get_facts
from tests.clips.mp4_write import Track, fill_h264, write_mp4
from tests.clips.picture import Film
from tests.clips.recipes_h264 import H264, encode_h264, x264_options
from tests.clips.runs import read_numbers
from tests.clips.tracks import boxes_of, encode_aac, make_audio_track, make_video_track, packets_of, timescales_of, write_clip

_BUNNY, _INDEX_FIRST, _NO_INDEX = "bunny-480p-30s.mp4", "bad-truncated-index-first.mp4", "bad-truncated-no-index.mp4"
_CUT_AT = 1_500_000
_MDAT_BYTES = 4_121_259  # of bunny, and claimed by both that are cut off
_WHOLE_FRAMES = 285  # before the cut where the index is in front
_FILLED = 250, 553  # the keyframes that are made longer so that these sizes come out


def make_bunny(folder: Path) -> bytes:
    """Its sizes are such that both that are cut from it hold as much as the clips do."""
    cuts = (0, 11, 120, 250, 285, 378, 553)
    # The beginning has fewer bits, so that as many frames as the clip's lie before the cut.
    recipe = H264(Film(854, 480, 720, 31, grain=2, cuts=cuts), 4500, vui="sar=1/1:zones=0,284,b=0.8/285,719,b=1.0")
    scales = timescales_of(_BUNNY)
    picture = make_video_track(_BUNNY, encode_h264(_BUNNY, recipe, folder), scales[0])
    sound = make_audio_track(_BUNNY, 1, encode_aac(_BUNNY, 1, folder, 185, seed=61), scales[1])
    picture = _fill(picture, _FILLED[0], _CUT_AT - _find_middle(picture, sound, _WHOLE_FRAMES))
    missing = _MDAT_BYTES - 8 - sum(map(len, picture.samples)) - sum(map(len, sound.samples))
    return write_clip(_BUNNY, [_fill(picture, _FILLED[1], missing), sound])


def _fill(track: Track, index: int, count: int) -> Track:
    if count < 6:
        raise ValueError(f"no room for filler: {count} bytes; lower the rate")
    samples = list(track.samples)
    samples[index] = fill_h264(samples[index], count)
    return replace(track, samples=samples)


def _find_middle(picture: Track, sound: Track, index: int) -> int:
    """Where the middle of a picture is in the file with the index in front."""
    boxes = boxes_of(_INDEX_FIRST)
    write_mp4(boxes, [picture, sound])
    start = sum(box.size for box in boxes if box.kind != "mdat") + 8
    return start + picture.places[index] + len(picture.samples[index]) // 2


def cut_without_index(bunny: Path) -> bytes:
    return bunny.read_bytes()[:_CUT_AT]


def cut_after_index(bunny: Path) -> bytes:
    """The same samples with the index in front of them."""
    scales = timescales_of(_INDEX_FIRST)
    samples = read_samples(bunny)
    picture = make_video_track(_BUNNY, samples[0], scales[0])
    return write_mp4(boxes_of(_INDEX_FIRST), [picture, make_audio_track(_BUNNY, 1, samples[1], scales[1])])[:_CUT_AT]


def make_garbage(folder: Path) -> bytes:
    return np.random.default_rng(4).bytes(get_facts("bad-garbage.mp4")["size"])


def make_two_sounds(folder: Path) -> bytes:
    name = "audio-only-two-tracks.mp4"
    scales = timescales_of(name)
    return write_clip(name, [make_audio_track(name, at, encode_aac(name, at, folder, 450, seed=62 + at), scales[at]) for at in (0, 1)])


def make_long(folder: Path) -> bytes:
    """A lecture: pictures that hardly change, and silence. Two GOPs are encoded and repeated."""
    name, gop = "long-1080p-363s.mp4", 250
    film = Film(1920, 1080, 2 * gop, 63, scene_frames=gop, reach=0, grain=0, sprites=1, roughness=0.4, pace=0.01, light=False)
    options = x264_options(H264(film, 0, "baseline", 40, crf=42))
    encoded = encode_film(film, "libx264", options, ["I", *"P" * (gop - 1)] * 2, folder / "video.mp4")
    packets, scales = packets_of(name, 0), timescales_of(name)
    pictures = tuple(islice(cycle(encoded.packets), packets["count"]))
    order = tuple(read_numbers(packets["order"]))
    silence = encode_sound(np.zeros((8192, 2), np.int16), 48_000, ("-c:a", "aac"), folder / "silence.mp4").packets
    sounds = packets_of(name, 1)
    count = sounds["count"]
    sound = Track(scales[1], [silence[0], *[silence[3]] * (count - 1)], read_numbers(sounds["durations"]), start=sounds["dts"])
    return write_clip(name, [make_video_track(name, replace(encoded, packets=pictures, order=order), scales[0]), sound])


RECIPES: dict[str, Callable[[Path], bytes]] = {
    _BUNNY: make_bunny,
    "bad-garbage.mp4": make_garbage,
    "audio-only-two-tracks.mp4": make_two_sounds,
    "long-1080p-363s.mp4": make_long,
}
# Made of another twin: (of which, how).
DERIVED: dict[str, tuple[str, Callable[[Path], bytes]]] = {
    _NO_INDEX: (_BUNNY, cut_without_index),
    _INDEX_FIRST: (_BUNNY, cut_after_index),
}
