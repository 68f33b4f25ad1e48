"""Twins of the clips of H.264 in MP4 and MOV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from tests.clips.encode import Encoded, encode_sound
from tests.clips.facts import get_facts
from tests.clips.mp4_write import Track
from tests.clips.picture import Film
from tests.clips.runs import read_numbers
from tests.clips.sound import make_sound
from tests.clips.tracks import (
    encode_aac,
    encode_picture,
    make_audio_track,
    make_video_track,
    packets_of,
    timescales_of,
    write_clip,
)


@dataclass(frozen=True)
class H264:
    """How a clip is encoded. bytes_per_frame: on average, where no crf is given; vui: more of x264's parameters.

    constraints: byte 2 of the SPS where x264's is another; sound_kbps: of each track of sound.
    """

    film: Film
    bytes_per_frame: int
    profile: str = "high"
    level: int = 30
    vui: str = ""
    preset: str = "superfast"
    constraints: int | None = None
    crf: int | None = None
    sound_kbps: tuple[int, ...] = field(default=())


def x264_options(recipe: H264) -> dict[str, str]:
    """Each frame's type is told, but for keyframes that may not be IDR pictures: those are left to the detection of cuts."""
    rate = recipe.bytes_per_frame * 8 * round(Fraction(recipe.film.rate))
    references = {"high": "bframes=8", "main": "bframes=8:b-pyramid=none", "baseline": "bframes=0"}[recipe.profile]
    forced = f"keyint=100000:min-keyint=30:scenecut=400:b-adapt=0:threads=1:{references}"
    limits = {"b": str(rate), "maxrate": str(4 * rate), "bufsize": str(8 * rate)}
    if recipe.crf is not None:
        limits = {"b": "0", "crf": str(recipe.crf)}
    return {
        "preset": recipe.preset,
        "profile": recipe.profile,
        **limits,
        "x264-params": f"{forced}:level={recipe.level}:rc-lookahead=20{recipe.vui and ':' + recipe.vui}",
    }


def encode_h264(name: str, recipe: H264, folder: Path) -> Encoded:
    encoded = encode_picture(name, recipe.film, "libx264", x264_options(recipe), folder)
    if recipe.constraints is None:
        return encoded
    return Encoded(encoded.packets, encoded.order, set_constraints(encoded.configuration, recipe.constraints))


def set_constraints(avcc: bytes, flags: int) -> bytes:
    """avcC with other constraint flags, in itself (ISO/IEC 14496-15 5.3.3.1) and in its first SPS."""
    data = bytearray(avcc)
    data[2] = data[8 + 2] = flags
    return bytes(data)


def make_h264(name: str, recipe: H264, folder: Path) -> bytes:
    """Picture, and AAC in as many tracks as rates are given."""
    scales = timescales_of(name)
    tracks = [make_video_track(name, encode_h264(name, recipe, folder), scales[0])]
    for stream, kbps in enumerate(recipe.sound_kbps, 1):
        tracks.append(make_audio_track(name, stream, encode_aac(name, stream, folder, kbps, seed=stream + 40), scales[stream]))
    return write_clip(name, tracks)


def make_silent_camera(name: str, recipe: H264, folder: Path) -> bytes:
    """A recorder without a microphone: its sound is silence."""
    scales = timescales_of(name)
    durations = read_numbers(packets_of(name, 1)["durations"])
    count = int(get_facts(name)["streams"][1]["nb_frames"])  # its edit list hides the last ones
    silence = encode_sound(np.zeros((8192, 2), np.int16), 48_000, ("-c:a", "aac"), folder / "silence.mp4").packets[3]
    sound = Track(scales[1], [silence] * count, [*durations, *durations[-1:] * (count - len(durations))])
    return write_clip(name, [make_video_track(name, encode_h264(name, recipe, folder), scales[0]), sound])


def make_pcm(name: str, recipe: H264, folder: Path) -> bytes:
    """PCM in chunks as long as the clip's packets."""
    scales = timescales_of(name)
    chunks = read_numbers(packets_of(name, 1)["durations"])
    samples = make_sound(48_000, 2, sum(chunks), seed=44)
    starts = np.cumsum([0, *chunks[:-1]])
    parts = [samples[start : start + count].astype("<i2").tobytes() for start, count in zip(starts, chunks, strict=True)]
    sound = Track(scales[1], parts, chunks, per_chunk=chunks)
    return write_clip(name, [make_video_track(name, encode_h264(name, recipe, folder), scales[0]), sound])


_CAMERA = "colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m"
_BT709 = "colorprim=bt709:transfer=bt709:colormatrix=bt709"

_FILMS = {
    "anamorphic": Film(640, 360, 150, 11, grain=2),
    "cars": Film(768, 432, 377, 12, scene_frames=150, reach=8, grain=4),
    "people": Film(768, 432, 1394, 13, scene_frames=350, reach=4, grain=1, sprites=9, light=False),
    "rabbit": Film(720, 480, 234, 14, grain=4),
    "real60": Film(1280, 720, 1800, 15, scene_frames=180, grain=2),
    "rotated": Film(1920, 1080, 45, 16, grain=2, cuts=(0, 6)),
    "vfr": Film(3026, 1386, 63, 17, scene_frames=32, reach=0, grain=0, sprites=3, pace=0.4, light=False, rate="57600"),
    "pcm": Film(1920, 1080, 100, 18, scene_frames=100, grain=3),
    "fragmented": Film(1080, 720, 30, 19, grain=2),
}
_PHONE_VUI = "colorprim=smpte170m:transfer=bt709:colormatrix=smpte170m:chromaloc=2"
_XVYCC = "sar=1/1:colorprim=bt709:transfer=iec61966-2-4:colormatrix=bt709"
_FULL_HD = H264(_FILMS["rotated"], 8548, level=40, vui=_BT709, sound_kbps=(1152,))
_BASELINE = H264(_FILMS["rabbit"], 10024, "baseline", 30, _PHONE_VUI, constraints=0xE0, sound_kbps=(256,))
_JOINED = H264(_FILMS["real60"], 9670, level=31, vui="sar=1/1:colormatrix=bt470bg:chromaloc=1", sound_kbps=(128,))
_FRAGMENTED = H264(_FILMS["fragmented"], 2864, level=31, vui="sar=1/1", sound_kbps=(137,))
_SCREEN = H264(_FILMS["vfr"], 0, crf=27, level=50, vui=f"bframes=0:{_BT709}")

RECIPES: dict[str, Callable[[Path], bytes]] = {
    name: partial(make, name, recipe)
    for name, make, recipe in (
        ("anamorphic-sar2x1.mp4", make_h264, H264(_FILMS["anamorphic"], 3318, vui="sar=2/1")),
        ("cars-12fps-30s.mp4", make_silent_camera, H264(_FILMS["cars"], 6149, "baseline", 22, _CAMERA, constraints=0x80)),
        ("people-noaudio-139s.mp4", make_h264, H264(_FILMS["people"], 2343, "main", 31, _CAMERA)),
        ("rabbit-480p-8s.mp4", make_h264, _BASELINE),
        ("real60-720p.mp4", make_h264, _JOINED),
        ("rotated-5.1ch.mp4", make_h264, _FULL_HD),
        ("vfr-3026x1386.mp4", make_h264, _SCREEN),
        ("pcm-50fps.mov", make_pcm, H264(_FILMS["pcm"], 14866, level=42, vui=_XVYCC)),
        ("fragmented-huge-duration.mp4", make_h264, _FRAGMENTED),
    )
}
