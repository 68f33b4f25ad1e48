"""Twins of the clips in MPEG-TS and AVI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from tests.clips.encode import Encoded, encode_film, encode_sound
from tests.clips.facts import find_order
from tests.clips.picture import Film
from tests.clips.recipes_h264 import H264, x264_options
from tests.clips.runs import read_numbers, read_runs
from tests.clips.sound import make_sound
from tests.clips.tracks import AAC, check_order, encode_picture, find_types, packets_of
from tests.clips.transport import Stream, write_with_times

_TICK = Fraction(1, 90_000)
_AS_TOLD = {"mpegts_copyts": "1", "avoid_negative_ts": "disabled"}


def _stream(name: str, index: int, template: Path, encoded: Encoded, time_base: Fraction) -> Stream:
    """Packets with the times of the clip's."""
    told = packets_of(name, index)
    check_order(name, index, encoded)
    dts = list(accumulate(read_numbers(told["steps"]), initial=told["dts"]))
    pts = [at + later for at, later in zip(dts, read_numbers(told["later"]), strict=True)]
    keys = [key == "K" for key in read_runs(told["keys"])]
    return Stream(template, encoded.packets, dts, pts, read_numbers(told["durations"]), keys, time_base)


def _finish(folder: Path, suffix: str, streams: list[Stream], options: dict[str, str]) -> bytes:
    target = folder / f"whole.{suffix}"
    write_with_times(target, streams, options)
    return target.read_bytes()


def make_mpeg2(folder: Path) -> bytes:
    name = "mpeg2-mp2.ts"
    film = Film(1920, 1080, 58, 81, scene_frames=58, grain=3, rate="24")
    options = {"b": str(28_415 * 24 * 8), "bf": "0", "g": "600", "sc_threshold": "1000000000"}
    pictures = encode_picture(name, film, "mpeg2video", options, folder, "ts")
    pictures = replace(pictures, packets=tuple(claim_buffer(data, 3) for data in pictures.packets))
    rate, count = 44_100, packets_of(name, 1)["count"]
    voice = folder / "sound.ts"
    sounds = encode_sound(make_sound(rate, 2, count * 1152, 82), rate, ("-c:a", "mp2", "-b:a", "384k"), voice).first(count)
    streams = [_stream(name, 0, folder / "video.ts", pictures, _TICK), _stream(name, 1, voice, sounds, _TICK)]
    return _finish(folder, "ts", streams, _AS_TOLD)


def claim_buffer(picture: bytes, units: int) -> bytes:
    """The picture with another vbv_buffer_size (16 kbit each) in its sequence header, if it has one (ITU-T H.262 6.2.2.1)."""
    at = picture.find(b"\0\0\1\xb3")
    if at < 0:
        return picture
    data = bytearray(picture)
    data[at + 10] = data[at + 10] & 0xE0 | units >> 5
    data[at + 11] = data[at + 11] & 0x07 | (units & 31) << 3
    return bytes(data)


def make_avi(folder: Path) -> bytes:
    """Two places at the beginning hold no picture."""
    name = "mpeg4-mp3.avi"
    film = Film(960, 400, 96, 83, scene_frames=96, grain=2, rate="24000/1001")
    options = {"b": str(2633 * 24 * 8), "bf": "0", "g": "600", "sc_threshold": "1000000000"}
    pictures = encode_picture(name, film, "mpeg4", options, folder, "avi")
    rate, count = 48_000, packets_of(name, 1)["count"]
    voice = folder / "sound.mkv"
    sounds = encode_sound(make_sound(rate, 2, count * 1152, 84), rate, ("-c:a", "libmp3lame", "-b:a", "128k"), voice).first(count)
    streams = [
        _stream(name, 0, folder / "video.avi", pictures, Fraction(1001, 24_000)),
        _stream(name, 1, voice, sounds, Fraction(3, 125)),
    ]
    return _finish(folder, "avi", streams, {})


def make_mid_gop(folder: Path) -> bytes:
    """Two pictures more are encoded and then dropped: a keyframe, and one that is decoded before the first that is kept."""
    name = "no-initial-keyframe.ts"
    types = ["I", "B", "P", *find_types(name)[1:]]
    film = Film(640, 352, len(types), 85, scene_frames=100, grain=3, rate="30000/1001")
    recipe = H264(film, 6113, level=30, vui="sar=44/45:b-pyramid=none")
    whole = encode_film(film, "libx264", x264_options(recipe), types, folder / "video.ts")
    pictures = replace(whole, packets=whole.packets[2:], order=tuple(find_order(list(whole.times[2:]))))
    rate = 44_100
    told = packets_of(name, 1)
    # Low complexity has half as many samples in a packet as the clip's high efficiency.
    count, ticks = 2 * told["count"], 1024 * 90_000 / rate
    voice = folder / "sound.mp4"
    sounds = encode_sound(make_sound(rate, 2, count * 1024, 86), rate, (*AAC, "-b:a", "70k"), voice).packets[:count]
    times = [told["pts"] + round(at * ticks) for at in range(count)]
    sound = Stream(voice, sounds, times, times, [round(ticks)] * count, [True] * count, _TICK)
    picture = _stream(name, 0, folder / "video.ts", pictures, _TICK)
    return _finish(folder, "ts", [picture, sound], {**_AS_TOLD, "mpegts_start_pid": "257"})


RECIPES: dict[str, Callable[[Path], bytes]] = {
    "mpeg2-mp2.ts": make_mpeg2,
    "mpeg4-mp3.avi": make_avi,
    "no-initial-keyframe.ts": make_mid_gop,
}
