"""What a client claims of its file and pieces, held against what can be: pure, and no proof; the media operations look for themselves."""

from __future__ import annotations

import math
from typing import Any, cast

from yeoul.base.errors import InvalidError, TooLargeError
from yeoul.model.piece import Piece
from yeoul.model.source import AudioTrack, Source, TimeBase, VideoTrack

_MAX_TICKS = 2**53  # what a JSON number carries exactly everywhere
_MAX_INT32 = 2**31 - 1  # halves of a ratio, and durations in ISO media files
_MAX_SIDE = 65_535
_MAX_TEXT = 1000
_MAX_CHAPTERS = 1000
_MAX_FRAMES = 2**40


def check_source(source: Source) -> None:
    """Raises InvalidError that names the field when a description cannot be true, TooLargeError for a picture nobody can show."""
    _check_texts("source", source.model_dump())
    _check_range("source.duration_s", source.duration_s, 0, math.inf)
    _check_range("source.start_pts", source.start_pts, -_MAX_TICKS, _MAX_TICKS)
    _check_video(source.video)
    if source.audio is not None:
        _check_audio(source.audio)
    _check_range("source.chapters", len(source.chapters), 0, _MAX_CHAPTERS)
    for chapter in source.chapters:
        _check_range("source.chapters.start_s", chapter.start_s, 0, source.duration_s)
        _check_range("source.chapters.end_s", chapter.end_s, chapter.start_s, source.duration_s + 1)
    for text in source.texts:
        _check_range("source.texts.stream_index", text.stream_index, 0, _MAX_SIDE)


def _check_video(video: VideoTrack) -> None:
    for name in ("width", "height"):
        _check_range(f"source.video.{name}", getattr(video, name), 1, _MAX_INT32)
    _check_ratio("source.video.time_base", video.time_base)
    _check_ratio("source.video.sar", video.sar)
    _check_range("source.video.bit_depth", video.bit_depth, 1, 64)
    _check_range("source.video.frame_rate", video.frame_rate, 0, 1e6)
    _check_range("source.video.frames", video.frames or 0, 0, _MAX_FRAMES)
    sides = (video.width, video.height, *video.display_size)
    if not all(1 <= side <= _MAX_SIDE for side in sides):
        raise TooLargeError(f"a picture has at most {_MAX_SIDE} pixels on a side", width=video.width, height=video.height)


def _check_audio(audio: AudioTrack) -> None:
    _check_ratio("source.audio.time_base", audio.time_base)
    _check_range("source.audio.sample_rate", audio.sample_rate, 1, _MAX_INT32)
    _check_range("source.audio.channels", audio.channels, 1, 1024)
    _check_range("source.audio.bitrate_bps", audio.bitrate_bps, 0, _MAX_TICKS)


def check_piece(piece: Piece) -> None:
    """Raises InvalidError that names the field when a piece's manifest cannot be true."""
    for name in ("start_pts", "end_pts", "base", "audio_base"):
        _check_range(name, getattr(piece, name), -_MAX_TICKS, _MAX_TICKS, piece.index)
    if not 0 < piece.end_pts - piece.start_pts <= _MAX_INT32:
        raise InvalidError(f"piece {piece.index} ends before it starts, or is too long", field="end_pts", index=piece.index)
    if piece.frames is not None:
        _check_range("frames", piece.frames, 1, piece.end_pts - piece.start_pts, piece.index)
    if piece.audio is not None and piece.audio.anchor_sample is not None:
        _check_range("audio.anchor_sample", piece.audio.anchor_sample, -_MAX_TICKS, _MAX_TICKS, piece.index)


def _check_range(name: str, value: float, least: float, most: float, index: int | None = None) -> None:
    if not (math.isfinite(value) and least <= value <= most):  # not a number compares as false
        raise InvalidError(f"{name} cannot be what it says", field=name, **({} if index is None else {"index": index}))


def _check_ratio(name: str, value: TimeBase) -> None:
    if not (1 <= value.num <= _MAX_INT32 and 1 <= value.den <= _MAX_INT32):
        raise InvalidError(f"{name} is no ratio of two counts", field=name)


def _check_texts(name: str, value: Any) -> None:
    if isinstance(value, str):
        if len(value) > _MAX_TEXT or "\0" in value:
            raise InvalidError(f"{name} is longer than {_MAX_TEXT} characters or holds a NUL", field=name)
    elif isinstance(value, dict):
        for key, part in cast("dict[str, Any]", value).items():
            _check_texts(f"{name}.{key}", part)
    elif isinstance(value, tuple):
        for part in cast("tuple[Any, ...]", value):
            _check_texts(name, part)
