"""Probes a file: its tracks, rotation, aspect ratio, colour and duration, from its headers and first decoded frame."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
import struct
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import av.logging
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from pydantic import TypeAdapter, ValidationError

from yeoul.base.errors import NoVideoError, TooLargeError, UnreadableError, UnsupportedCodecError
from yeoul.media.limits import AV_ERRORS, Limits, make_media_error
from yeoul.media.source.chapter import read_chapters
from yeoul.media.source.dolby import Seekable, is_dolby_vision_only
from yeoul.media.source.truncation import open_whole
from yeoul.model.colour import Matrix, Primaries, Range, Transfer
from yeoul.model.plain import MAX_FRAME_RATE, MAX_SECONDS, Language, make_line
from yeoul.model.sound import MAX_AUDIO_TRACKS
from yeoul.model.source import AudioRole, AudioTrack, Notice, Rotation, Source, TextTrack, TimeBase, VideoTrack

TEXT_CODECS: Final = ("subrip", "ass", "ssa", "mov_text", "webvtt", "text")
# Maximum number of packets to decode until the first frame: a stream that starts in mid-GOP yields none before its next keyframe.
_MAX_PACKETS_TO_FIRST_FRAME: Final = 1500

_PRIMARIES: Final[dict[int, Primaries]] = {
                     1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428",
                     11: "smpte431", 12: "smpte432", 22: "ebu3213"}  # fmt: skip
_TRANSFERS: Final[dict[int, Transfer]] = {
                     1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100", 10: "log316",
                     11: "iec61966-2-4", 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084",
                     17: "smpte428", 18: "arib-std-b67"}  # fmt: skip
_MATRICES: Final[dict[int, Matrix]] = {
                    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc",
                    10: "bt2020c", 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp"}  # fmt: skip
_STILL_PICTURES: Final = Disposition.attached_pic | Disposition.timed_thumbnails
_ROLES: Final[dict[Disposition, AudioRole]] = {
                    Disposition.comment: "commentary", Disposition.visual_impaired: "description", Disposition.descriptions: "description",
                    Disposition.dub: "dub"}  # fmt: skip
_ALPHA: Final = re.compile(r"(rgba|bgra|argb|abgr|yuva|gbrap|ya\d)")
_MAX_SAR: Final = 50
_PAL_LINES: Final = 576
_ROTATIONS: Final[tuple[Rotation, ...]] = (0, 90, 180, 270)
_LANGUAGE: Final = TypeAdapter(Language)
_RANGES: Final[dict[int, Range]] = {1: "tv", 2: "pc"}


def probe(path: Path, limits: Limits) -> Source:
    """Probes a file; decodes no more than its first frames.

    The duration_s of the result is the one in the headers, start_pts the time of the first decoded frame; `split.plan_split` replaces both
    by exact values from a scan of all packets.
    Raises UnreadableError, TruncatedError, NoVideoError, UnsupportedCodecError and TooLargeError.
    """
    with reject_invalid_values(), open_whole(path, limits) as container:
        video, audio = find_video(container), find_audio(container)
        with path.open("rb") as file:
            check_dolby_vision(file, video)
        frame = _decode_first_frame(path, container, video, limits)
        duration_s = claimed_duration_s(container, video)
        zero_s = (frame.pts or 0) * time_base(video).fraction
        return Source(
            container=container.format.name.split(",")[0],
            duration_s=duration_s,
            start_pts=frame.pts or 0,
            video=_video_track(video, frame),
            audio=None if audio is None else describe_audio(audio, audio),
            texts=_text_tracks(container),
            chapters=read_chapters(container, zero_s, duration_s or limits.max_duration_s),
            notices=_list_left_out(container, frame),
        )


@contextlib.contextmanager
def reject_invalid_values() -> Generator[None]:
    """Turns errors about invalid values in a file into UnreadableError: of our models (facts: field) and of PyAV."""
    try:
        yield
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UnreadableError(f"the file has an invalid value: {field}", field=field) from error
    except (ValueError, IndexError) as error:
        raise UnreadableError(f"the file cannot be read: {error}"[:200]) from error


def find_video(container: InputContainer) -> VideoStream:
    """Returns the default video stream, or else the first, ignoring cover art. Raises NoVideoError and UnsupportedCodecError."""
    streams = [stream for stream in container.streams if stream.type == "video" and not stream.disposition & _STILL_PICTURES]
    if not streams:
        raise NoVideoError("the file has no video stream")
    stream = min(streams, key=lambda candidate: not candidate.disposition & Disposition.default)
    if not _can_decode(stream):
        raise UnsupportedCodecError("no decoder for the video codec", codec=_codec_name(stream))
    assert isinstance(stream, VideoStream)
    return stream


def check_dolby_vision(file: Seekable, video: VideoStream) -> None:
    """Raises UnsupportedCodecError if the video has colours that only a Dolby Vision decoder can convert."""
    if is_dolby_vision_only(file):
        message = "Dolby Vision profile 5 has colours that only Dolby Vision decoders can convert"
        raise UnsupportedCodecError(message, codec=_codec_name(video), profile=5)


def find_audio(container: InputContainer) -> AudioStream | None:
    """Returns the default audio stream, or else the first, of those that can be decoded and are not empty; None if there is none."""
    usable = _usable_audio(container)
    return usable[0] if usable else None


def find_additional_audio(container: InputContainer) -> list[AudioStream]:
    """Returns up to 15 further audio streams after the one of `find_audio`, in the file's order, without those known to be empty."""
    usable = _usable_audio(container)
    counted = any(stream.frames > 0 for stream in usable)
    more = [stream for stream in usable[1:] if stream.frames > 0 or not counted]
    return sorted(more, key=lambda stream: stream.index)[: MAX_AUDIO_TRACKS - 1]


def _usable_audio(container: InputContainer) -> list[AudioStream]:
    usable = [s for s in container.streams if isinstance(s, AudioStream) and _can_decode(s) and s.codec_context.sample_rate > 0]
    counted = any(s.frames > 0 for s in usable)  # some containers do not count: all streams have 0
    return sorted(usable, key=lambda s: (counted and s.frames == 0, not s.disposition & Disposition.default))


def claimed_duration_s(container: InputContainer, video: VideoStream) -> float:
    """Returns the duration in the headers, in seconds; 0 if they have none or an invalid one."""
    if video.duration and video.time_base:
        claimed_s = float(video.duration * video.time_base)
    else:
        claimed_s = (container.duration or 0) / av.time_base
    return claimed_s if 0 <= claimed_s <= MAX_SECONDS else 0.0


def _decode_first_frame(path: Path, container: InputContainer, video: VideoStream, limits: Limits) -> VideoFrame:
    """Returns the first decoded frame. Raises TooLargeError, before memory for it is allocated, and UnreadableError."""
    context = video.codec_context
    if context.width * context.height > limits.max_pixels:
        size = {"width": context.width, "height": context.height}
        raise TooLargeError("the frame size is larger than allowed", **size, max_pixels=limits.max_pixels)
    frame = next(_decode_frames(container, video), None)
    if frame is not None:
        return frame
    if _is_refused_for_size(path, limits):
        raise TooLargeError("the frame size is larger than allowed", max_pixels=limits.max_pixels)
    raise UnreadableError("no frame could be decoded", codec=_codec_name(video))


def _decode_frames(container: InputContainer, video: VideoStream) -> Iterator[VideoFrame]:
    packets = itertools.islice(container.demux(video), _MAX_PACKETS_TO_FIRST_FRAME)
    while True:
        try:
            packet = next(packets, None)
        except AV_ERRORS as error:
            raise make_media_error(error, "the file cannot be read") from error
        if packet is None:
            return
        with contextlib.suppress(*AV_ERRORS):  # a damaged packet, or a frame with missing references
            yield from packet.decode()


def _is_refused_for_size(path: Path, limits: Limits) -> bool:
    """True if the decoder refuses the frame size in the codec's data, which the container may not show; only the decoder's log says so."""
    level, skip_repeated = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as messages, open_whole(path, limits) as container:
            video = find_video(container)
            video.codec_context.thread_count = 1  # log calls of decoder threads could deadlock with this thread
            next(_decode_frames(container, video), None)
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skip_repeated)
    return any("max pixel count" in message for _, _, message in messages)


def _can_decode(stream: Stream) -> bool:
    return getattr(stream, "codec_context", None) is not None and stream.codec_context.codec.is_decoder


def _codec_name(stream: Stream) -> str:
    context = getattr(stream, "codec_context", None)
    return context.codec.canonical_name if context is not None else "unknown"


def _video_track(stream: VideoStream, frame: VideoFrame) -> VideoTrack:
    rotation, mirrored = _orientation(frame)
    return VideoTrack(
        codec=_codec_name(stream),
        width=frame.width,
        height=frame.height,
        time_base=time_base(stream),
        sar=_sar(stream.sample_aspect_ratio),
        coded_sar=_coded_sar(stream),
        rotation_deg=rotation,
        mirrored=mirrored,
        pix_fmt=frame.format.name,
        bit_depth=frame.format.components[0].bits,
        colour_primaries=_PRIMARIES.get(frame.color_primaries),
        colour_transfer=_TRANSFERS.get(frame.color_trc),
        colour_matrix=_MATRICES.get(frame.colorspace) or _matrix_of(stream),
        colour_range=_RANGES.get(frame.color_range),
        interlaced=frame.interlaced_frame,
        frame_rate=_frame_rate(stream),
    )


def _matrix_of(stream: VideoStream) -> Matrix | None:
    """Returns the matrix that the codec itself prescribes: DV always has BT.601 (IEC 61834-2)."""
    return ("bt470bg" if stream.height == _PAL_LINES else "smpte170m") if _codec_name(stream) == "dvvideo" else None


def time_base(stream: Stream) -> TimeBase:
    """Returns a stream's time base."""
    value = stream.time_base or Fraction(1, av.time_base)
    return TimeBase(num=value.numerator, den=value.denominator)


def _coded_sar(stream: VideoStream) -> TimeBase | None:
    """Returns the sample aspect ratio of the codec's data; None if it has none, or the same as the container."""
    value = stream.codec_context.sample_aspect_ratio
    coded = _sar(value) if value else None
    return None if coded is None or coded.fraction == _sar(stream.sample_aspect_ratio).fraction else coded


def _sar(value: Fraction | None) -> TimeBase:
    """Returns a sample aspect ratio; 1:1 if the file has none, or an implausible one."""
    if not value or not 1 / _MAX_SAR <= value <= _MAX_SAR:
        return TimeBase(num=1, den=1)
    return TimeBase(num=value.numerator, den=value.denominator)


def _frame_rate(stream: VideoStream) -> float:
    rate = stream.average_rate or stream.guessed_rate
    return min(float(rate), MAX_FRAME_RATE) if rate and rate > 0 else 0.0


def _orientation(frame: VideoFrame) -> tuple[Rotation, bool]:
    """Returns (clockwise rotation that makes the frame upright, in degrees; True if it must be mirrored horizontally before that)."""
    try:
        matrix = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # PyAV fails on other, unknown side data; it can still read the rotation, but not the mirroring
        return rotation_of(frame), False
    return orientation_of(struct.unpack("<9i", bytes(matrix))) if matrix is not None else (0, False)


def rotation_of(frame: VideoFrame) -> Rotation:
    """Returns the clockwise rotation that makes a frame upright, in degrees; PyAV's own value is counter-clockwise."""
    return _ROTATIONS[round(-frame.rotation / 90) % 4]


def orientation_of(matrix: tuple[int, ...]) -> tuple[Rotation, bool]:
    """Returns (clockwise rotation in degrees, True if mirrored) of a display matrix (ISO/IEC 14496-12 6.2.2).

    The matrix (a b u c d v x y w, 16.16) maps (x, y) to (ax + cy, bx + dy), y down. A negative determinant means a horizontal flip before
    the rotation. The rotation is rounded to quarter turns.
    """
    a, b, _, c, d = matrix[:5]
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    quarters = round(math.degrees(math.atan2(b, a)) / 90) % 4
    return _ROTATIONS[quarters], mirrored


def describe_audio(stream: AudioStream, main: AudioStream | None) -> AudioTrack:
    """Returns the description of an audio stream. main: the file's audio stream that plays by default."""
    context = stream.codec_context
    return AudioTrack(
        codec=_codec_name(stream),
        sample_rate=context.sample_rate,
        channels=context.channels,
        time_base=time_base(stream),
        profile=context.profile,
        bitrate_bps=context.bit_rate or 0,
        language=_language(stream),
        title=_title(stream),
        role=_role(stream, main),
    )


def _role(stream: AudioStream, main: AudioStream | None) -> AudioRole:
    """Returns the role that the file gives to a stream; without one, the main stream is "main" and any other a "dub"."""
    for flag, role in _ROLES.items():
        if stream.disposition & flag:
            return role
    return "main" if main is None or stream is main else "dub"


def _title(stream: Stream) -> str | None:
    """Returns a stream's title. In MP4 there is none: its handler name is mostly the muxer's, and therefore ignored."""
    return make_line(stream.metadata.get("title", "")) or None


def _list_left_out(container: InputContainer, frame: VideoFrame) -> tuple[Notice, ...]:
    """Returns notices about the tracks and the alpha channel that are left out."""
    counted = any(stream.frames > 0 for stream in container.streams if isinstance(stream, AudioStream))
    audios = sum(stream.type == "audio" and (stream.frames > 0 or not counted) for stream in container.streams)
    audios -= len(find_additional_audio(container)) + (find_audio(container) is not None)
    videos = sum(stream.type == "video" and not stream.disposition & _STILL_PICTURES for stream in container.streams)
    notices: list[Notice] = []
    if audios > 0:
        notices.append(Notice(code="audio_left_out", count=audios))
    if videos > 1:
        notices.append(Notice(code="video_left_out", count=videos - 1))
    if _ALPHA.match(frame.format.name):
        notices.append(Notice(code="alpha_left_out"))
    return tuple(notices)


def _text_tracks(container: InputContainer) -> tuple[TextTrack, ...]:
    return tuple(
        TextTrack(stream_index=s.index, codec=_codec_name(s), language=_language(s), title=_title(s))
        for s in container.streams
        if s.type == "subtitle" and _can_decode(s) and _codec_name(s) in TEXT_CODECS
    )


def _language(stream: Stream) -> str | None:
    """Returns a stream's language; None if the file has none, or an invalid one."""
    language = stream.metadata.get("language", "und")
    try:
        return None if language == "und" else _LANGUAGE.validate_python(language)
    except ValidationError:
        return None
