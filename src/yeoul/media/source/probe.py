"""What a file is: its tracks, rotation, aspect, colour and duration, from its headers and first decoded picture."""

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
from yeoul.media.limits import BROKEN, Limits, reason_of
from yeoul.media.source.chapter import read_chapters
from yeoul.media.source.dolby import Seekable, is_without_base_colours
from yeoul.media.source.truncation import open_whole
from yeoul.model.colour import Matrix, Primaries, Range, Transfer
from yeoul.model.notice import Notice
from yeoul.model.plain import MAX_FRAME_RATE, MAX_SECONDS, Language, make_line
from yeoul.model.sound import MAX_AUDIO_TRACKS
from yeoul.model.source import AudioRole, AudioTrack, Rotation, Source, TextTrack, TimeBase, VideoTrack

TEXT_CODECS: Final = ("subrip", "ass", "ssa", "mov_text", "webvtt", "text")
# How many packets may go in before the first picture has to come out (a stream that starts in mid-GOP has to reach its next keyframe).
_MAX_PACKETS_TO_FIRST_PICTURE: Final = 1500

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
_PICTURES: Final = Disposition.attached_pic | Disposition.timed_thumbnails
_ROLES: Final[dict[Disposition, AudioRole]] = {
                    Disposition.comment: "commentary", Disposition.visual_impaired: "description", Disposition.descriptions: "description",
                    Disposition.dub: "dub"}  # fmt: skip
_ALPHA: Final = re.compile(r"(rgba|bgra|argb|abgr|yuva|gbrap|ya\d)")
_MOST_OBLONG: Final = 50
_PAL_LINES: Final = 576
_ROTATIONS: Final[tuple[Rotation, ...]] = (0, 90, 180, 270)
_LANGUAGE: Final = TypeAdapter(Language)
_RANGES: Final[dict[int, Range]] = {1: "tv", 2: "pc"}


def probe(path: Path, limits: Limits) -> Source:
    """Probe a file without decoding more than its first pictures.

    Raises UnreadableError, TruncatedError, NoVideoError, UnsupportedCodecError, TooLargeError. duration_s is here what the
    demuxer claims and start_pts what it shows first; `split.plan_split` replaces both by what a scan of all packets finds.
    """
    with impossible_is_unreadable(), open_whole(path, limits) as container:
        video, audio = find_video(container), find_audio(container)
        with path.open("rb") as file:
            check_base_colours(file, video)
        picture = _first_picture(path, container, video, limits)
        duration_s = claimed_duration_s(container, video)
        zero_s = (picture.pts or 0) * time_base(video).fraction
        return Source(
            container=container.format.name.split(",")[0],
            duration_s=duration_s,
            start_pts=picture.pts or 0,
            video=_video_track(video, picture),
            audio=None if audio is None else describe_audio(audio, audio),
            texts=_text_tracks(container),
            chapters=read_chapters(container, zero_s, duration_s or limits.max_duration_s),
            notices=_list_left_out(container, picture),
        )


@contextlib.contextmanager
def impossible_is_unreadable() -> Generator[None]:
    """Raises UnreadableError where a noun does not take what a file says of itself (facts: field), or PyAV what it finds there."""
    try:
        yield
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UnreadableError(f"what the file says of itself cannot be: {field}", field=field) from error
    except (ValueError, IndexError) as error:
        raise UnreadableError(f"what the file holds cannot be read: {error}"[:200]) from error


def find_video(container: InputContainer) -> VideoStream:
    """The default video stream that is no cover picture, else the first. Raises NoVideoError, UnsupportedCodecError."""
    found = [stream for stream in container.streams if stream.type == "video" and not stream.disposition & _PICTURES]
    if not found:
        raise NoVideoError("the file has no video stream")
    stream = min(found, key=lambda one: not one.disposition & Disposition.default)
    if not _decodes(stream):
        raise UnsupportedCodecError("no decoder for the video codec", codec=_codec_name(stream))
    assert isinstance(stream, VideoStream)
    return stream


def check_base_colours(file: Seekable, video: VideoStream) -> None:
    """Raises UnsupportedCodecError for pictures in colours that only a Dolby Vision decoder knows."""
    if is_without_base_colours(file):
        message = "Dolby Vision profile 5 has colours that only its own decoders know"
        raise UnsupportedCodecError(message, codec=_codec_name(video), profile=5)


def find_audio(container: InputContainer) -> AudioStream | None:
    """The default audio stream of those that hold sound, else the first that can be decoded; None where there is none."""
    usable = _usable_audio(container)
    return usable[0] if usable else None


def find_more_audio(container: InputContainer) -> list[AudioStream]:
    """Returns up to 15 audio streams besides the one of `find_audio`, in the file's order; none that is known to be empty."""
    usable = _usable_audio(container)
    counted = any(stream.frames > 0 for stream in usable)
    more = [stream for stream in usable[1:] if stream.frames > 0 or not counted]
    return sorted(more, key=lambda stream: stream.index)[: MAX_AUDIO_TRACKS - 1]


def _usable_audio(container: InputContainer) -> list[AudioStream]:
    usable = [s for s in container.streams if isinstance(s, AudioStream) and _decodes(s) and s.codec_context.sample_rate > 0]
    counted = any(s.frames > 0 for s in usable)  # by containers that count; the others say 0
    return sorted(usable, key=lambda s: (counted and s.frames == 0, not s.disposition & Disposition.default))


def claimed_duration_s(container: InputContainer, video: VideoStream) -> float:
    """Returns what the headers claim, in seconds; 0 where they say nothing that can be."""
    if video.duration and video.time_base:
        claimed_s = float(video.duration * video.time_base)
    else:
        claimed_s = (container.duration or 0) / av.time_base
    return claimed_s if 0 <= claimed_s <= MAX_SECONDS else 0.0


def _first_picture(path: Path, container: InputContainer, video: VideoStream, limits: Limits) -> VideoFrame:
    """Decode the first displayed picture. Raises TooLargeError before anything is allocated for it, UnreadableError."""
    context = video.codec_context
    if context.width * context.height > limits.max_pixels:
        raise TooLargeError("the picture is larger than allowed", width=context.width, height=context.height, max_pixels=limits.max_pixels)
    frame = next(_pictures(container, video), None)
    if frame is not None:
        return frame
    if _is_refused_for_size(path, limits):
        raise TooLargeError("the picture is larger than allowed", max_pixels=limits.max_pixels)
    raise UnreadableError("no picture could be decoded", codec=_codec_name(video))


def _pictures(container: InputContainer, video: VideoStream) -> Iterator[VideoFrame]:
    packets = itertools.islice(container.demux(video), _MAX_PACKETS_TO_FIRST_PICTURE)
    while True:
        try:
            packet = next(packets, None)
        except BROKEN as error:
            raise UnreadableError("the file cannot be read", reason=reason_of(error)) from error
        if packet is None:
            return
        with contextlib.suppress(*BROKEN):  # damaged, or a picture that refers to what is not there
            yield from packet.decode()


def _is_refused_for_size(path: Path, limits: Limits) -> bool:
    """Whether the decoder refuses the size written in the pictures, which a container may hide; only its log says so."""
    level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as messages, open_whole(path, limits) as container:
            video = find_video(container)
            video.codec_context.thread_count = 1  # log lines of decoder threads could wait for this thread for ever
            next(_pictures(container, video), None)
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips)
    return any("max pixel count" in message for _, _, message in messages)


def _decodes(stream: Stream) -> bool:
    return getattr(stream, "codec_context", None) is not None and stream.codec_context.codec.is_decoder


def _codec_name(stream: Stream) -> str:
    context = getattr(stream, "codec_context", None)
    return context.codec.canonical_name if context is not None else "unknown"


def _video_track(stream: VideoStream, picture: VideoFrame) -> VideoTrack:
    rotation, mirrored = _orientation(picture)
    return VideoTrack(
        codec=_codec_name(stream),
        width=picture.width,
        height=picture.height,
        time_base=time_base(stream),
        sar=_sar(stream.sample_aspect_ratio),
        coded_sar=_coded_sar(stream),
        rotation_deg=rotation,
        mirrored=mirrored,
        pix_fmt=picture.format.name,
        bit_depth=picture.format.components[0].bits,
        colour_primaries=_PRIMARIES.get(picture.color_primaries),
        colour_transfer=_TRANSFERS.get(picture.color_trc),
        colour_matrix=_MATRICES.get(picture.colorspace) or _matrix_of(stream),
        colour_range=_RANGES.get(picture.color_range),
        interlaced=picture.interlaced_frame,
        frame_rate=_frame_rate(stream),
    )


def _matrix_of(stream: VideoStream) -> Matrix | None:
    """Returns the matrix that a codec fixes without a word in the file: that of DV is BT.601 (IEC 61834-2)."""
    return ("bt470bg" if stream.height == _PAL_LINES else "smpte170m") if _codec_name(stream) == "dvvideo" else None


def time_base(stream: Stream) -> TimeBase:
    """A stream's time base as a noun."""
    value = stream.time_base or Fraction(1, av.time_base)
    return TimeBase(num=value.numerator, den=value.denominator)


def _coded_sar(stream: VideoStream) -> TimeBase | None:
    """Returns the shape of pixels as the codec has it; None where it has none, or the same as the container."""
    value = stream.codec_context.sample_aspect_ratio
    coded = _sar(value) if value else None
    return None if coded is None or coded.fraction == _sar(stream.sample_aspect_ratio).fraction else coded


def _sar(value: Fraction | None) -> TimeBase:
    """Returns a shape of pixels; square where the file says nothing, or what no picture has."""
    if not value or not 1 / _MOST_OBLONG <= value <= _MOST_OBLONG:
        return TimeBase(num=1, den=1)
    return TimeBase(num=value.numerator, den=value.denominator)


def _frame_rate(stream: VideoStream) -> float:
    rate = stream.average_rate or stream.guessed_rate
    return min(float(rate), MAX_FRAME_RATE) if rate and rate > 0 else 0.0


def _orientation(picture: VideoFrame) -> tuple[Rotation, bool]:
    """(clockwise degrees that make the picture upright, whether it is mirrored left to right before that turn)."""
    try:
        matrix = picture.side_data.get("DISPLAYMATRIX")
    except ValueError:  # beside it stands side data that PyAV has no name for; it still reads the turn, but not the mirror
        return turn_of(picture), False
    return orientation_of(struct.unpack("<9i", bytes(matrix))) if matrix is not None else (0, False)


def turn_of(picture: VideoFrame) -> Rotation:
    """Returns the clockwise degrees that make a picture upright, in quarters; PyAV counts the other way."""
    return _ROTATIONS[round(-picture.rotation / 90) % 4]


def orientation_of(matrix: tuple[int, ...]) -> tuple[Rotation, bool]:
    """Read a display matrix (a b u c d v x y w, 16.16) which maps (x, y) to (ax + cy, bx + dy), y down (ISO/IEC 14496-12 6.2.2).

    A negative determinant is a mirror image: a horizontal flip, then the turn. The turn is rounded to quarters.
    """
    a, b, _, c, d = matrix[:5]
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    quarters = round(math.degrees(math.atan2(b, a)) / 90) % 4
    return _ROTATIONS[quarters], mirrored


def describe_audio(stream: AudioStream, main: AudioStream | None) -> AudioTrack:
    """Returns what an audio stream is. main: the one that plays by default, of the same file."""
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
    """Returns the role that a file gives to a stream; another one than the main one, of which it says nothing, is a dub."""
    for flag, role in _ROLES.items():
        if stream.disposition & flag:
            return role
    return "main" if main is None or stream is main else "dub"


def _title(stream: Stream) -> str | None:
    """Returns what people call a stream; MP4 has no place for it but the handler's name, which mostly is the muxer's."""
    return make_line(stream.metadata.get("title", "")) or None


def _list_left_out(container: InputContainer, picture: VideoFrame) -> tuple[Notice, ...]:
    """Returns the notices of what the file holds besides the tracks that are shown."""
    counted = any(stream.frames > 0 for stream in container.streams if isinstance(stream, AudioStream))
    audios = sum(stream.type == "audio" and (stream.frames > 0 or not counted) for stream in container.streams)
    audios -= len(find_more_audio(container)) + (find_audio(container) is not None)
    videos = sum(stream.type == "video" and not stream.disposition & _PICTURES for stream in container.streams)
    found: list[Notice] = []
    if audios > 0:
        found.append(Notice(code="audio_left_out", count=audios))
    if videos > 1:
        found.append(Notice(code="video_left_out", count=videos - 1))
    if _ALPHA.match(picture.format.name):
        found.append(Notice(code="alpha_left_out"))
    return tuple(found)


def _text_tracks(container: InputContainer) -> tuple[TextTrack, ...]:
    return tuple(
        TextTrack(stream_index=s.index, codec=_codec_name(s), language=_language(s), title=_title(s))
        for s in container.streams
        if s.type == "subtitle" and _decodes(s) and _codec_name(s) in TEXT_CODECS
    )


def _language(stream: Stream) -> str | None:
    """Returns the language that a file names, None where it names none or what cannot be the name of one."""
    language = stream.metadata.get("language", "und")
    try:
        return None if language == "und" else _LANGUAGE.validate_python(language)
    except ValidationError:
        return None
