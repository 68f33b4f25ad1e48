"""Chooses the ladder of a source: the sizes to encode, from its probed properties; pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from yeoul.model.rendition import Codec, Rung
from yeoul.model.source import Source

# Shorter side in pixels -> maximum bit rate in kb/s, for x264 veryfast crf 23 at up to 30 frames per second.
_CAPS_KBPS = {240: 400, 360: 800, 480: 1400, 720: 2800, 1080: 5000, 1440: 9000, 2160: 18000}
_CRF = 23.0
# For equal quality to x264 veryfast, by VMAF on clips of 480 to 1080 lines: how much higher the crf, and the share of the maximum bit rate.
_LIKE_H264: Mapping[Codec, tuple[float, float]] = {"h264": (0.0, 1.0), "hevc": (3.0, 0.7), "vp9": (15.0, 0.7), "av1": (21.0, 0.6)}
# Small videos are watched enlarged, and therefore get a lower crf: for a grainy clip of 480 lines, SSIM is 0.949 at crf 23 and 0.955 at 22.
_CRF_OF_SMALL = 22.0
_SMALL_BELOW = 720
_HIGH_FRAME_RATE = 31.0  # above it, maximum bit rates grow; not 30, because averages of 30 fps files can be slightly higher
_HIGH_FRAME_RATE_FACTOR = 1.4
_TOO_CLOSE = 0.85  # a step with a larger share of the top rung's size would save too few bits


def make_ladder(source: Source, max_height: int = 1080) -> tuple[Rung, ...]:
    """Returns the rungs of a source, highest first, named by the shorter side of the upright frame with square pixels.

    Nominal shorter sides are 240, 360, 480, 720, 1080, 1440 and 2160 px, with maximum bit rates of 400, 800, 1400, 2800, 5000, 9000 and
    18000 kb/s (1.4 times that above 30 frames per second). The top rung has the source's size, or `max_height` if the source is larger.
    Below it come the nominal sizes of at most 0.85 of the top rung. A source below 240 px gets only its own size. Frames are never
    upscaled. Sides are even, and the aspect ratio is the display aspect ratio (after SAR and rotation) to within a pixel. The crf is 23, or
    22 for the own size of a source below 720 px.
    """
    width, height = source.video.display_size
    shorter = min(width, height)
    top = max(2, min(shorter, max_height) // 2 * 2)
    steps = [top, *(step for step in sorted(_CAPS_KBPS, reverse=True) if step <= top * _TOO_CLOSE)]
    factor = _HIGH_FRAME_RATE_FACTOR if source.video.frame_rate > _HIGH_FRAME_RATE else 1.0
    top_crf = _CRF_OF_SMALL if shorter < _SMALL_BELOW and shorter <= max_height else _CRF
    crfs = [top_crf, *[_CRF] * (len(steps) - 1)]
    return tuple(_make_rung(width, height, step, factor, crf) for step, crf in zip(steps, crfs, strict=True))


def convert_rungs(rungs: Sequence[Rung], codec: Codec) -> tuple[Rung, ...]:
    """Returns H.264 rungs in another codec, at about equal quality and therefore lower bit rates."""
    if codec == "h264":
        return tuple(rungs)
    extra_crf, share = _LIKE_H264[codec]
    return tuple(
        rung.model_copy(
            update={
                "name": f"{rung.name}-{codec}",
                "codec": codec,
                "crf": min(rung.crf + extra_crf, 51.0 if codec == "hevc" else 63.0),
                "maxrate_bps": round(rung.maxrate_bps * share),
            }
        )
        for rung in rungs
    )


def _make_rung(width: int, height: int, step: int, factor: float, crf: float) -> Rung:
    shorter, longer = sorted((width, height))
    long_side = max(2, min(_nearest_even(longer * step / shorter), longer // 2 * 2))
    size = (long_side, step) if width >= height else (step, long_side)
    cap_bps = round(_cap_kbps(step) * factor) * 1000
    return Rung(name=f"{step}p", width=size[0], height=size[1], crf=crf, maxrate_bps=cap_bps)


def _nearest_even(value: float) -> int:
    """Returns the nearest even number, at least 2; rounds down at half, so that no side grows."""
    return max(2, math.ceil(value / 2 - 0.5) * 2)


def _cap_kbps(step: int) -> float:
    """Returns the maximum bit rate for any shorter side: linear between the nominal sizes, and proportional below and above them."""
    points = [(0, 0), *sorted(_CAPS_KBPS.items())]
    for (low, low_kbps), (high, high_kbps) in pairwise(points):
        if step <= high:
            return low_kbps + (high_kbps - low_kbps) * (step - low) / (high - low)
    return points[-1][1] * step / points[-1][0]
