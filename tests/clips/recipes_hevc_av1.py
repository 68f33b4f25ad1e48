"""Twins of the clips of HEVC and AV1 in MP4."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from tests.clips.mp4_write import Track
from tests.clips.picture import Film
from tests.clips.runs import read_numbers
from tests.clips.tracks import encode_aac, encode_picture, make_audio_track, make_video_track, packets_of, timescales_of, write_clip

_X265 = "keyint=100000:min-keyint=1:scenecut=0:b-adapt=0:bframes=4:open-gop=1:pools=none:frame-threads=1:info=0:log-level=error"


def _x265_options(bytes_per_frame: int, more: str) -> dict[str, str]:
    return {"preset": "ultrafast", "b": str(bytes_per_frame * 25 * 8), "x265-params": f"{_X265}:level-idc=40:{more}"}


def make_full_range(folder: Path) -> bytes:
    """Full-range HEVC; its colour profile is among the boxes of the facts."""
    name = "hevc-1080p-10s.mp4"
    options = _x265_options(4247, "range=full:colormatrix=bt470bg:chromaloc=1:sar=1:min-cu-size=8")
    scales = timescales_of(name)
    encoded = encode_picture(name, Film(1920, 1080, 300, 21, scene_frames=100, grain=1, pace=0.6), "libx265", options, folder)
    sound = make_audio_track(name, 1, encode_aac(name, 1, folder, 128, seed=51), scales[1])
    return write_clip(name, [make_video_track(name, encoded, scales[0]), sound])


def make_phone(folder: Path) -> bytes:
    """HLG in 10 bits, turned, with frames that its edit list hides, and two tracks of timed metadata (orientation, faces)."""
    name = "phone-hevc10-editlist-rotated.mp4"
    hlg = "range=limited:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc:chromaloc=0:min-cu-size=16"
    scales = timescales_of(name)
    film = Film(1920, 1080, 86, 22, scene_frames=86, grain=8, depth=10, exposure=0.68, roughness=0.56, sprites=3, pace=0.7)
    tracks = [make_video_track(name, encode_picture(name, film, "libx265", _x265_options(37520, hlg), folder), scales[0])]
    tracks.append(make_audio_track(name, 1, encode_aac(name, 1, folder, 144, seed=52), scales[1]))
    for stream, sample in ((2, struct.pack(">IIh", 10, 1, 1)), (3, struct.pack(">II", 8, 0))):
        tracks.append(Track(scales[stream], [sample], read_numbers(packets_of(name, stream)["durations"])))
    return write_clip(name, tracks)


def make_hdr10(folder: Path) -> bytes:
    """PQ in 10 bits, portrait."""
    name = "hdr10-av1-portrait.mp4"
    colour = "color-primaries=9:transfer-characteristics=16:matrix-coefficients=9:color-range=0:chroma-sample-position=1"
    options = {"preset": "9", "crf": "40", "b": "0", "svtav1-params": f"lp=1:keyint=-1:{colour}"}
    scales = timescales_of(name)
    film = Film(720, 1280, 127, 23, scene_frames=127, grain=1, depth=10, exposure=0.6, roughness=0.64)
    sound = make_audio_track(name, 1, encode_aac(name, 1, folder, 128, seed=53), scales[1])
    return write_clip(name, [make_video_track(name, encode_picture(name, film, "libsvtav1", options, folder), scales[0]), sound])


RECIPES: dict[str, Callable[[Path], bytes]] = {
    "hevc-1080p-10s.mp4": make_full_range,
    "phone-hevc10-editlist-rotated.mp4": make_phone,
    "hdr10-av1-portrait.mp4": make_hdr10,
}
