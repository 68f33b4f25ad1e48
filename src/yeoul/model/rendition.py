"""Rungs, renditions and segments: what the encoder makes and players are offered."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_INT32, Count, Count32, FrameRate, Key, Language, Tick

Codec = Literal["h264", "hevc", "vp9", "av1"]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
Size = Annotated[int, Field(ge=0, le=MAX_INT32)]


class Rung(Noun):
    """One step of the ladder. name is "720p", after the shorter side of the ladder's nominal size; "720p-hevc" in another codec.

    width, height: display pixels, square, even, upright. maxrate_bps caps the video stream (VBV buffer of one second).
    """

    name: Name
    width: Count32
    height: Count32
    crf: float = Field(ge=0, le=63)
    maxrate_bps: Size
    codec: Codec = "h264"


SURROUND: Final = "-surround"  # ends the name of the 5.1 rendition of an audio track


def track_of(name: str) -> str:
    """The audio track of a rendition of sound, by its name."""
    return name.removesuffix(SURROUND)


def select_rungs(ladder: tuple[Rung, ...], which: str) -> tuple[Rung, ...]:
    """Returns the rungs that an encode stage makes: "lowest", "others" (all but the lowest) or "all"."""
    return {"lowest": ladder[-1:], "others": ladder[:-1], "all": ladder}[which]


def codec_of(name: str) -> str:
    """The codec of a rendition of video, by its name."""
    return name.partition("-")[2] or "h264"


class IFrame(Noun):
    """An IDR picture inside a segment: byte range from the moof's start to the end of the first sample."""

    offset: Size
    size_bytes: Size
    duration_ticks: Size
    start_ticks: Tick


class Segment(Noun):
    """One media segment (styp-less moof+mdat run) of one rendition.

    start_ticks is the tfdt of its first fragment; duration_ticks the sum of its samples' durations, both in the rendition's timescale
    and without the silence that sound begins with (`media/video/reorder.py`).
    samples: coded frames in it. i_frames: video only.
    """

    index: int = Field(ge=0, le=MAX_INT32)
    key: Key
    size_bytes: Count
    start_ticks: Tick
    duration_ticks: Size
    samples: Size
    i_frames: tuple[IFrame, ...] = ()


class Rendition(Noun):
    """A stream that players can choose: one rung of video, the audio, or one text track.

    codecs: RFC 6381 string ("avc1.64001f"). init_key: the shared init segment; None for text, whose one segment is a WebVTT file.
    frame_rate: highest frames per second over a segment; width and height in display pixels.
    """

    name: Name
    kind: Literal["video", "audio", "text"]
    codecs: str = Field(pattern=r"^[A-Za-z0-9.]{0,64}$")
    timescale: Count32
    init_key: Key | None = None
    init_size_bytes: Size = 0
    width: Size = 0
    height: Size = 0
    frame_rate: FrameRate = 0.0
    channels: int = Field(default=0, ge=0, le=1024)
    sample_rate: Size = 0
    language: Language | None = None


class Storyboard(Noun):
    """Pictures for scrubbing: sheets of columns x rows tiles, tile_width x tile_height px, one tile each interval_s seconds."""

    keys: tuple[Key, ...]
    columns: Count32
    rows: Count32
    tile_width: Count32
    tile_height: Count32
    interval_s: float = Field(gt=0, le=1e8)
    tiles: Size
