"""What a clip shows and sounds like, as a few figures: types of its frames, detail and motion of its pictures, level of its sound."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import InvalidDataError
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

_SMALL = 320, 180


def look_at(path: Path, frames: int | None = None) -> dict[str, object]:
    """Figures of the first `frames` pictures, or of all, and of as much sound; nothing of what is not there."""
    figures: dict[str, object] = {}
    with av.open(str(path)) as container:
        if container.streams.video:
            figures |= _look_at_pictures(islice(_decode(container), frames))
    with av.open(str(path)) as container:
        if container.streams.audio:
            figures["sound_db"] = _find_level(container, None if frames is None else 4 * frames)
    return figures


def _decode(container: InputContainer) -> Iterator[VideoFrame]:
    container.streams.video[0].thread_type = "NONE"
    try:
        yield from container.decode(video=0)
    except InvalidDataError:
        return  # cut off


def _look_at_pictures(frames: Iterator[VideoFrame]) -> dict[str, object]:
    types: list[str] = []
    details: list[float] = []
    changes: list[float] = []
    times: list[int] = []
    last: NDArray[np.float32] | None = None
    for index, frame in enumerate(frames):
        times.append(frame.pts or 0)
        name = PictureType(frame.pict_type).name[0]
        types.append("i" if name == "I" and not frame.key_frame else name)
        if index % 12 == 0:
            details.append(_find_detail(_luma(frame, frame.width, frame.height)))
            small = _luma(frame, *_SMALL)
            changes += [] if last is None else [float(np.abs(small - last).mean())]
            last = small
    ordered = all(before < after for before, after in pairwise(times))
    return {
        "types": types,
        "ordered": ordered,
        "detail": round(float(np.mean(details)), 2),
        "change": round(float(np.mean(changes or [0.0])), 2),
    }


def _luma(frame: VideoFrame, width: int, height: int) -> NDArray[np.float32]:
    return frame.reformat(width=width, height=height, format="gray").to_ndarray().astype(np.float32)


def _find_detail(luma: NDArray[np.float32]) -> float:
    """How much neighbouring pixels differ, of 255."""
    return float(np.abs(np.diff(luma, axis=0)).mean() + np.abs(np.diff(luma, axis=1)).mean())


def _find_level(container: InputContainer, frames: int | None) -> float:
    """The loudest tenth of a second or so in dB below full scale; -200 for silence."""
    loudest = 1e-10
    try:
        for frame in islice(container.decode(audio=0), frames):
            samples = frame.to_ndarray().astype(np.float64) / (32768 if frame.format.name.startswith("s16") else 1)
            loudest = max(loudest, float(np.sqrt(np.square(samples).mean())))
    except InvalidDataError:
        pass  # cut off
    return round(20 * float(np.log10(loudest)), 1)
