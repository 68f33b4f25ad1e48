"""Rungs, renditions and segments: what the encoder makes and players are offered."""

from __future__ import annotations

from typing import Literal

from yeoul.model.noun import Noun

Codec = Literal["h264", "hevc", "vp9", "av1"]


class Rung(Noun):
    """One step of the ladder. name is "720p", after the shorter side of the ladder's nominal size; "720p-hevc" in another codec.

    width, height: display pixels, square, even, upright. maxrate_bps caps the video stream (VBV buffer of one second).
    """

    name: str
    width: int
    height: int
    crf: float
    maxrate_bps: int
    codec: Codec = "h264"


def codec_of(name: str) -> str:
    """The codec of a rendition of video, by its name."""
    return name.partition("-")[2] or "h264"


class IFrame(Noun):
    """An IDR picture inside a segment: byte range from the moof's start to the end of the first sample."""

    offset: int
    size_bytes: int
    duration_ticks: int
    start_ticks: int


class Segment(Noun):
    """One media segment (styp-less moof+mdat run) of one rendition.

    start_ticks is the tfdt of its first fragment; duration_ticks the sum of its samples' durations, both in the rendition's timescale.
    samples: coded frames in it. i_frames: video only.
    """

    index: int
    key: str
    size_bytes: int
    start_ticks: int
    duration_ticks: int
    samples: int
    i_frames: tuple[IFrame, ...] = ()


class Rendition(Noun):
    """A stream that players can choose: one rung of video, the audio, or one text track.

    codecs: RFC 6381 string ("avc1.64001f"). init_key: the shared init segment; None for text, whose one segment is a WebVTT file.
    frame_rate: highest frames per second over a segment; width and height in display pixels.
    """

    name: str
    kind: Literal["video", "audio", "text"]
    codecs: str
    timescale: int
    init_key: str | None = None
    init_size_bytes: int = 0
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    channels: int = 0
    sample_rate: int = 0
    language: str | None = None


class Storyboard(Noun):
    """Pictures for scrubbing: sheets of columns x rows tiles, tile_width x tile_height px, one tile each interval_s seconds."""

    keys: tuple[str, ...]
    columns: int
    rows: int
    tile_width: int
    tile_height: int
    interval_s: float
    tiles: int
