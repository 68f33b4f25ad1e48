"""Chooses the lowest level of each codec that allows a rung, from the tables of the standards; pure."""

from __future__ import annotations

import math
from typing import NamedTuple

from yeoul.model.rendition import Rung

# ITU-T H.264 table A-1: level, macroblocks per second, macroblocks per frame, kb/s in High profile (1.25 x the value in the table).
_H264 = (
    ("1.3", 11880, 396, 960),
    ("2.1", 19800, 792, 5000),
    ("2.2", 20250, 1620, 5000),
    ("3.0", 40500, 1620, 12500),
    ("3.1", 108000, 3600, 17500),
    ("3.2", 216000, 5120, 25000),
    ("4.0", 245760, 8192, 25000),
    ("4.2", 522240, 8704, 62500),
    ("5.0", 589824, 22080, 168750),
    ("5.1", 983040, 36864, 300000),
    ("5.2", 2073600, 36864, 300000),
)


class _Level(NamedTuple):
    """The limits of a level: pixels per second (rate), per frame and per side, and kb/s."""

    name: int
    rate: int
    pixels: int
    side: int
    kbps: int


# ITU-T H.265 tables A.8 and A.9, Main tier; a side is at most the root of 8 times the pixels of a frame. The name is level_idc / 3.
_HEVC = tuple(
    _Level(name, rate, pixels, math.isqrt(8 * pixels), kbps)
    for name, rate, pixels, kbps in (
        (20, 3686400, 122880, 1500),
        (21, 7372800, 245760, 3000),
        (30, 16588800, 552960, 6000),
        (31, 33177600, 983040, 10000),
        (40, 66846720, 2228224, 12000),
        (41, 133693440, 2228224, 20000),
        (50, 267386880, 8912896, 25000),
        (51, 534773760, 8912896, 40000),
        (52, 1069547520, 8912896, 60000),
        (61, 2139095040, 35651584, 120000),
    )
)
# VP9 levels of the WebM project.
_VP9 = (
    _Level(20, 4608000, 122880, 960, 1800),
    _Level(21, 9216000, 245760, 1344, 3600),
    _Level(30, 20736000, 552960, 2048, 7200),
    _Level(31, 36864000, 983040, 2752, 12000),
    _Level(40, 83558400, 2228224, 4160, 18000),
    _Level(41, 160432128, 2228224, 4160, 30000),
    _Level(50, 311951360, 8912896, 8384, 60000),
    _Level(51, 588251136, 8912896, 8384, 120000),
    _Level(52, 1176502272, 8912896, 8384, 180000),
    _Level(61, 2353004544, 35651584, 16832, 240000),
)
# AV1 specification, annex A.3, Main tier; side is the maximum height, so that portrait frames are allowed, too.
_AV1 = (
    _Level(20, 4423680, 147456, 1152, 1500),
    _Level(21, 8363520, 278784, 1584, 3000),
    _Level(30, 19975680, 665856, 2448, 6000),
    _Level(31, 31950720, 1065024, 3096, 10000),
    _Level(40, 70778880, 2359296, 3456, 12000),
    _Level(41, 141557760, 2359296, 3456, 20000),
    _Level(50, 267386880, 8912896, 4352, 30000),
    _Level(51, 534773760, 8912896, 4352, 40000),
    _Level(52, 1069547520, 8912896, 4352, 60000),
    _Level(61, 2139095040, 35651584, 8704, 100000),
)


def h264_level(rung: Rung, frame_rate: int) -> str:
    """Returns the H.264 level in x264's form, as in "4.0"."""
    macroblocks = math.ceil(rung.width / 16) * math.ceil(rung.height / 16)
    for level, per_second, per_frame, kbps in _H264:
        if macroblocks <= per_frame and macroblocks * frame_rate <= per_second and rung.maxrate_bps <= kbps * 1000:
            return level
    return _H264[-1][0]


def hevc_level(rung: Rung, frame_rate: int) -> int:
    """Returns ten times the HEVC level, as in 40 for 4.0."""
    return _find(_HEVC, rung, frame_rate)


def vp9_level(rung: Rung, frame_rate: int) -> int:
    """Returns ten times the VP9 level, as in 40 for 4.0."""
    return _find(_VP9, rung, frame_rate)


def av1_level(rung: Rung, frame_rate: int) -> int:
    """Returns ten times the AV1 level, as in 40 for 4.0."""
    return _find(_AV1, rung, frame_rate)


def _find(levels: tuple[_Level, ...], rung: Rung, frame_rate: int) -> int:
    pixels, side = rung.width * rung.height, max(rung.width, rung.height)
    for level in levels:
        if pixels * frame_rate <= level.rate and pixels <= level.pixels and side <= level.side and rung.maxrate_bps <= level.kbps * 1000:
            return level.name
    return levels[-1].name
