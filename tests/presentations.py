"""Constructed presentations: nouns with plausible figures and no media behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yeoul.delivery.presentation import Presentation, Track, make_target_duration_s
from yeoul.model.rendition import SURROUND, IFrame, Rendition, Segment

VIDEO_TIMESCALE = 15360
AUDIO_TIMESCALE = 48000


def video_track(
    height: int = 480,
    durations_ticks: Sequence[int] = (92160, 92160, 46080),
    sizes: Sequence[int] = (450_000, 300_000, 90_000),
    declared_bps: int = 1_400_000,
) -> Track:
    """A 16:9 rung at 30 frames per second with one I-frame at each segment's start."""
    rendition = Rendition(
        name=f"{height}p",
        kind="video",
        codecs="avc1.64001f",
        timescale=VIDEO_TIMESCALE,
        init_key="init",
        width=height * 16 // 9 // 2 * 2,
        height=height,
        frame_rate=30.0,
    )
    segments: list[Segment] = []
    start = 0
    for index, (ticks, size) in enumerate(zip(durations_ticks, sizes, strict=True)):
        frame = IFrame(offset=0, size_bytes=size // 10 + 1, start_ticks=start, duration_ticks=512)
        segments.append(_segment(index, size, start, ticks, ticks // 512, (frame,)))
        start += ticks
    return Track(rendition=rendition, segments=tuple(segments), declared_bps=declared_bps)


def audio_track(
    frames: Sequence[int] = (282, 281, 141), bytes_per_frame: int = 340, *, name: str = "audio", language: str | None = None, **more: Any
) -> Track:
    """AAC at 48 kHz; the first segment holds the priming frame. more: fields of the track."""
    rendition = Rendition(
        name=name,
        kind="audio",
        codecs="mp4a.40.2",
        timescale=AUDIO_TIMESCALE,
        init_key="init",
        channels=6 if name.endswith(SURROUND) else 2,
        sample_rate=48000,
        language=language,
    )
    segments: list[Segment] = []
    start = 0
    for index, count in enumerate(frames):
        segments.append(_segment(index, count * bytes_per_frame, start, count * 1024, count))
        start += count * 1024
    return Track(rendition=rendition, segments=tuple(segments), declared_bps=250_000, **more)


def text_track(name: str = "text-0", language: str | None = "en") -> Track:
    # What no noun takes must do no harm either, should it ever get here.
    plain = Rendition(name="text0", kind="text", codecs="wvtt", timescale=1000)
    rendition = plain.model_copy(update={"name": name, "language": language})
    return Track(rendition=rendition, segments=(_segment(0, 900, 0, 15000, 0),))


def complete(*tracks: Track, texts: tuple[Track, ...] = (), piece_s: float = 6.0) -> Presentation:
    target_s = make_target_duration_s(piece_s)
    return Presentation(video_id="v1", state="complete", tracks=tracks, texts=texts, target_duration_s=target_s)


def growing(*tracks: Track, texts: tuple[Track, ...] = (), piece_s: float = 6.0) -> Presentation:
    target_s = make_target_duration_s(piece_s)
    return Presentation(video_id="v1", state="growing", tracks=tracks, texts=texts, target_duration_s=target_s)


def _segment(index: int, size: int, start: int, ticks: int, samples: int, i_frames: tuple[IFrame, ...] = ()) -> Segment:
    return Segment(
        index=index, key=f"k/{index}", size_bytes=size, start_ticks=start, duration_ticks=ticks, samples=samples, i_frames=i_frames
    )
