"""The packet table of a file, made by demuxing alone, and the check of what was found against what the container promises."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.format import Flags as FormatFlags
from av.packet import Packet
from av.stream import Discard, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from yeoul.base.errors import TooLargeError, UnreadableError
from yeoul.media.limits import BROKEN, DEMUXERS, Limits, most_copied_bytes, reason_of
from yeoul.media.source.parameter_sets import make_carrier
from yeoul.media.source.picture_count import PICTURES_IN_PARTS, make_picture_test
from yeoul.media.source.probe import find_audio, find_video
from yeoul.media.source.timeline import Timeline
from yeoul.media.source.truncation import check_demuxed, open_whole
from yeoul.model.notice import Notice

Ticks = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Containers whose audio times are this coarse (Matroska's milliseconds, AVI's frames) have their samples counted instead.
_COARSE_AUDIO_TICK: Final = Fraction(1, 20_000)
# A step this large between counted and written time is a real gap in the sound.
AUDIO_GAP_S: Final = 0.05
_USUAL_RATE: Final = Fraction(25)  # of ffmpeg, too, for streams that do not say
_HOLD_S: Final = Fraction(1, 5)
_VP9_MARKER: Final = 2  # the first two bits of each frame (VP9 bitstream, 6.2)
_MISSING: Final = -(2**63)


@dataclass(frozen=True)
class PacketTable:
    """All packets of one stream in decode order: arrays of equal length, times in ticks of time_base.

    pts and dts are complete; dts rises strictly and is never above pts. size: in bytes. key: decoding may start here. hidden: an edit
    list hides what the packet yields. shown: the packet yields a picture that is displayed (not hidden, and it can be decoded).
    goes_on: the packet belongs to the picture before it, as a second field does; empty where no packet does.
    """

    time_base: Fraction
    pts: Ticks
    dts: Ticks
    duration: Ticks
    size: Ticks
    key: Flags
    hidden: Flags
    shown: Flags
    goes_on: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def start_pts(self) -> int:
        """The first displayed pts."""
        return int(self.pts[self.shown].min())

    @property
    def end_pts(self) -> int:
        """When the last displayed frame stops, or sooner where a hidden one would be let in."""
        hidden_after = self.pts[self.hidden & (self.pts > self.pts[self.shown].max())]
        return min(self.stop_pts, int(hidden_after.min(initial=self.stop_pts)))

    @property
    def stop_pts(self) -> int:
        """When the last displayed frame stops being displayed."""
        return int((self.pts + self.duration)[self.shown].max())

    @property
    def frames(self) -> int:
        """Displayed frames."""
        return int(self.shown.sum())

    def edit_borders(self) -> Ticks:
        """The pts at which an edit list goes on elsewhere in the media: hidden packets lie there between two displayed frames.

        A piece across such a border would show them, since only the source's own file says that they are hidden.
        """
        order = np.argsort(self.pts[self.shown], kind="stable")
        pts, position = self.pts[self.shown][order], np.flatnonzero(self.shown)[order]
        intruders = self.hidden & (self.pts >= pts[0]) & (self.pts <= pts[-1])
        hidden_before = np.concatenate(([0], np.cumsum(intruders)))
        last_before, first_after = np.maximum.accumulate(position)[:-1], np.minimum.accumulate(position[::-1])[::-1][1:]
        # A decode order that does not mix the two sides, and something hidden between them.
        apart = last_before < first_after
        hidden = hidden_before[np.where(apart, first_after, 0)] > hidden_before[np.where(apart, last_before, 0)]
        return pts[1:][apart & hidden]


@dataclass(frozen=True)
class AudioCount:
    """Where a stream's sound lies by counting samples, one entry per packet, in samples at the source's rate.

    start: position of the packet's first sample, counted from pts 0; count: samples that its decoding yields.
    """

    start: Ticks
    count: Ticks


@dataclass(frozen=True)
class SoundScan:
    """What demuxing found of one audio stream; count and is_trimmed as `audio_count` and `audio_trimmed` of a `Scan`."""

    table: PacketTable
    count: AudioCount | None
    is_trimmed: bool

    def end_sample(self, zero_s: Fraction, sample_rate: int) -> int | None:
        """Where the sound ends, in samples after the source's zero, which is at `zero_s`; None where only decoding can tell."""
        return max(0, round((self.table.stop_pts * self.table.time_base - zero_s) * sample_rate)) if self.is_trimmed else None


@dataclass(frozen=True)
class Scan:
    """What demuxing a file found.

    audio_count only where the container's audio times are coarse. audio_trimmed: the container says to the sample where the sound
    ends, which is the audio table's stop_pts, however much the last packet yields. notices: what the scan had to repair.
    """

    video: PacketTable
    audio: PacketTable | None = None
    audio_count: AudioCount | None = None
    audio_trimmed: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def sound(self) -> SoundScan | None:
        return None if self.audio is None else SoundScan(self.audio, self.audio_count, self.audio_trimmed)

    @property
    def zero_s(self) -> Fraction:
        """When the first displayed picture begins, in the file's own time: the zero of every output."""
        return self.video.start_pts * self.video.time_base

    @property
    def duration_s(self) -> float:
        """From the first displayed frame to the end of the picture or of the sound, whichever is later."""
        start_s = self.video.start_pts * self.video.time_base
        ends = [self.video.stop_pts * self.video.time_base]
        if self.audio is not None and len(self.audio):
            ends.append(self.audio.stop_pts * self.audio.time_base)
        return float(max(ends) - start_s)


def scan_sounds(
    path: Path,
    limits: Limits,
    choose: Callable[[InputContainer], Sequence[AudioStream]],
    *,
    counted: bool = False,
    demuxers: Sequence[str] = DEMUXERS,
) -> list[SoundScan | None]:
    """Demux a whole file for its audio streams; one entry for each that `choose` gives, None for one that holds nothing.

    counted: samples are counted though the file's times look fine, since they were rounded before.
    Raises UnreadableError, TruncatedError and TooLargeError.
    """
    with open_whole(path, limits, demuxers) as container:
        chosen = choose(container)
        jumps = bool(container.format.flags & FormatFlags.ts_discont.value)
        # Where times jump, all streams together tell by how much.
        streams: list[Stream] = [s for s in container.streams if s in chosen or (jumps and s.type in ("video", "audio"))]
        keep_only(container, streams)
        rows = {stream.index: _Rows(stream) for stream in chosen}
        counters = {stream.index: _SampleCounter(stream) if counted else _make_counter(stream) for stream in chosen}
        timeline = Timeline()
        for packet in media_packets(container, streams):
            shift = timeline.shift_ticks(packet) if jumps else 0
            if packet.stream_index in rows:
                rows[packet.stream_index].add(packet, shift)
                if (counter := counters[packet.stream_index]) is not None:
                    counter.add(packet)
        check_demuxed(path, container, list(chosen))
        is_mov = "mp4" in container.format.name.split(",")
        found: list[SoundScan | None] = []
        for stream in chosen:
            if not len(rows[stream.index]):
                found.append(None)
                continue
            table = _until_edit_end(rows[stream.index].table(), stream.duration if is_mov else None)
            counter = counters[stream.index]
            found.append(SoundScan(table, counter.counted() if counter is not None else None, is_mov))
    return found


def scan(path: Path, limits: Limits) -> Scan:
    """Demux a whole file once.

    Raises UnreadableError, NoVideoError, UnsupportedCodecError, TooLargeError, and TruncatedError with found and promised.
    """
    with open_whole(path, limits) as container:
        video, audio = select_streams(container)
        video_rows = _Rows(video)
        audio_rows = None if audio is None else _Rows(audio)
        counter = None if audio is None else _make_counter(audio)
        timeline = Timeline()
        jumps = bool(container.format.flags & FormatFlags.ts_discont.value)
        for packet in media_packets(container, [s for s in (video, audio) if s is not None]):
            shift = timeline.shift_ticks(packet) if jumps else 0
            if packet.stream_index == video.index:
                video_rows.add(packet, shift)
            elif audio_rows is not None:
                audio_rows.add(packet, shift)
                if counter is not None:
                    counter.add(packet)
        check_demuxed(path, container, [s for s in (video, audio) if s is not None])
        is_mov = "mp4" in container.format.name.split(",")
        promised_end = audio.duration if audio is not None and is_mov else None
        reordered_in_secret = container.format.name == "avi" and video.codec_context.reorder_depth > 0
    table = video_rows.table()
    if not table.shown.any():
        raise UnreadableError("the video stream holds no decodable packet", file=path.name)
    has_delay = video.codec_context.reorder_depth > 0 or bool((table.pts != table.dts).any())
    if video_rows.lacks_times() and has_delay:
        # Pictures are reordered, and only the decoder knows which of them lacks a time. As a whole they are shown as far apart as decoded.
        table = _in_display_order(replace(table, pts=table.dts + (table.pts[0] - table.dts[0])), path, limits)
    elif reordered_in_secret and _rises(table.pts):
        table = _in_display_order(table, path, limits)
    table = _told_apart(table)
    sound = _until_edit_end(audio_rows.table(), promised_end) if audio_rows is not None and len(audio_rows) else None
    table = _from_first_decodable(table, path, limits)
    shown = table if sound is None else _held(table, sound)
    found = Scan(
        shown,
        sound,
        counter.counted() if counter is not None else None,
        audio_trimmed=is_mov,
        notices=(
            *((Notice(code="picture_held"),) if shown is not table else ()),
            *((Notice(code="times_repaired"),) if timeline.repaired else ()),
        ),
    )
    if found.duration_s > limits.max_duration_s:
        raise TooLargeError("the video is longer than allowed", duration_s=found.duration_s, max_duration_s=limits.max_duration_s)
    return found


def select_streams(container: InputContainer) -> tuple[VideoStream, AudioStream | None]:
    """The streams that are used; the demuxer skips all others."""
    video, audio = find_video(container), find_audio(container)
    keep_only(container, [video] if audio is None else [video, audio])
    return video, audio


def keep_only(container: InputContainer, streams: Sequence[Stream]) -> None:
    """Has the demuxer skip all other streams."""
    for stream in container.streams:
        if stream not in streams:
            stream.discard = Discard.all


def media_packets(container: InputContainer, streams: list[Stream]) -> Iterator[Packet[Any]]:
    """The packets that hold data, in the file's order, from the first of each stream that has a time; all of formats that know none.

    Raises UnreadableError, and TooLargeError where more comes out of a file than `most_copied_bytes` of its size.
    """
    left_bytes = most_copied_bytes(container.size)
    carry = {stream.index: make_carrier(stream) for stream in streams}
    unpack = {stream.index: _make_unpacker(container, stream) for stream in streams}
    begun = {stream.index for stream in streams if container.format.flags & FormatFlags.no_timestamps.value}
    try:
        for packet in container.demux(streams):
            left_bytes -= packet.size
            if left_bytes < 0:
                raise TooLargeError("the file unpacks to much more than its size", size_bytes=container.size)
            for whole in unpack[packet.stream_index](packet) if packet.stream_index in unpack else ():
                part = carry[whole.stream_index](whole)
                if part.size == 0:
                    continue  # the empty one that flushes a decoder
                if part.pts is not None or part.dts is not None:
                    begun.add(part.stream_index)
                if part.stream_index in begun:
                    yield part
    except BROKEN as error:
        raise UnreadableError("the file cannot be read to its end", reason=reason_of(error)) from error


def _make_unpacker(container: InputContainer, stream: Stream) -> Callable[[Packet[Any]], Sequence[Packet[Any]]]:
    """Returns what gives the packets of single pictures: in AVI, a packet of MPEG-4 may hold a B picture beside the one before it."""
    if container.format.name != "avi" or stream.codec_context.codec.canonical_name != "mpeg4":
        return lambda packet: (packet,)
    return cast("Any", BitStreamFilterContext("mpeg4_unpack_bframes", cast("VideoStream", stream))).filter


def _usual_rate(stream: Stream) -> Fraction:
    """Returns how many packets a second a stream has, by its header; 25 where that says nothing."""
    rate = (stream.average_rate or stream.guessed_rate) if isinstance(stream, VideoStream) else None
    return Fraction(rate) if rate else _USUAL_RATE


class _Rows:
    """Collects the packets of one stream in a few bytes each."""

    def __init__(self, stream: Stream) -> None:
        self._time_base = stream.time_base or Fraction(1, av.time_base)
        # A piece file counts sound in samples; dts closer than one sample would fall together there.
        is_audio = isinstance(stream, AudioStream)
        self._step = math.ceil(1 / (stream.codec_context.sample_rate * self._time_base)) if is_audio else 1
        context = stream.codec_context
        self._begins = make_picture_test(context.codec.canonical_name, context.extradata) if isinstance(stream, VideoStream) else None
        self._usual_step = max(1, round(1 / (_usual_rate(stream) * self._time_base)))
        # A parser takes what is damaged at its beginning for a keyframe.
        self._is_vp9 = context.codec.canonical_name == "vp9"
        self._has_parts = context.codec.canonical_name in PICTURES_IN_PARTS
        self._pts, self._dts, self._duration, self._size = array("q"), array("q"), array("q"), array("q")
        self._key, self._hidden, self._shown, self._goes_on = bytearray(), bytearray(), bytearray(), bytearray()

    def __len__(self) -> int:
        return len(self._pts)

    def add(self, packet: Packet[Any], shift: int) -> None:
        """Take a packet whose times are later by `shift` than it says."""
        self._pts.append(_MISSING if packet.pts is None else packet.pts + shift)
        self._dts.append(_MISSING if packet.dts is None else packet.dts + shift)
        self._duration.append(packet.duration or 0)
        self._size.append(packet.size)
        self._key.append(packet.is_keyframe and not (self._is_vp9 and bytes(packet)[0] >> 6 != _VP9_MARKER))
        self._hidden.append(packet.is_discard)
        yields_picture = self._begins is None or self._begins(bytes(packet))
        self._shown.append(yields_picture and not packet.is_discard)
        self._goes_on.append(self._has_parts and not yields_picture)

    def lacks_times(self) -> bool:
        """Returns whether some packets have neither a pts nor a dts."""
        return bool(_untimed(np.array(self._pts, np.int64), np.array(self._dts, np.int64)).any())

    def table(self) -> PacketTable:
        """The packets with missing times repaired; what precedes the first keyframe is not shown."""
        pts, dts = _timed(np.array(self._pts, np.int64), np.array(self._dts, np.int64), self._usual_step)
        key, shown = np.array(self._key, np.bool_), np.array(self._shown, np.bool_)
        pts = np.where(pts == _MISSING, dts, pts)
        if key.any():
            shown[: int(key.argmax())] = False
        else:
            key[:1] = True  # no container flags at all: decoding starts where the data does
        duration = _repaired_durations(pts, np.array(self._duration, np.int64))
        hidden = np.array(self._hidden, np.bool_)
        size = np.array(self._size, np.int64)
        goes_on = np.array(self._goes_on, np.bool_)
        if goes_on.any():  # a picture lasts as long as its parts
            whole = np.maximum.accumulate(np.where(goes_on, 0, np.arange(len(pts))))
            duration = np.where(goes_on, duration, np.bincount(whole, duration, len(pts)).astype(np.int64))
        return PacketTable(self._time_base, pts, repaired_dts(pts, dts, self._step), duration, size, key, hidden, shown, goes_on)


def _untimed(pts: Ticks, dts: Ticks) -> Flags:
    return (pts == _MISSING) & (dts == _MISSING)


def _timed(pts: Ticks, dts: Ticks, usual_step: int) -> tuple[Ticks, Ticks]:
    """Returns (pts, dts) in which packets without a time have one: between their neighbours' times, or `usual_step` apart where no packet
    has a time.
    """
    untimed = _untimed(pts, dts)
    if not untimed.any():
        return pts, dts
    decoded = np.where(dts == _MISSING, pts, dts)
    known = np.flatnonzero(~untimed)
    if not len(known):
        steps = np.arange(len(pts)) * usual_step
        return steps, steps
    filled = np.interp(np.arange(len(pts)), known, decoded[known]).round().astype(np.int64)
    if untimed[-1] and len(known) > 1:  # after the last known one, at the usual distance
        step = int(np.median(np.diff(decoded[known]) / np.diff(known)))
        last = int(known[-1])
        filled[last:] = decoded[last] + step * np.arange(len(pts) - last)
    return np.where(untimed, filled, pts), np.where(untimed, filled, dts)


def repaired_dts(pts: Ticks, dts: Ticks, step: int = 1) -> Ticks:
    """The dts as they are where complete, rising by `step` and never above pts; else the i-th smallest pts less the delay; pure."""
    if _rises(dts, step) and bool((dts != _MISSING).all()) and bool((dts <= pts).all()):
        return dts
    order = np.arange(len(pts)) * step
    rising = np.maximum.accumulate(np.sort(pts) - order) + order
    return rising - max(0, int((rising - pts).max(initial=0)))


def _rises(values: Ticks, step: int = 1) -> bool:
    return bool((np.diff(values) >= step).all())


def _repaired_durations(pts: Ticks, duration: Ticks) -> Ticks:
    """Durations with unknown ones (0) taken from the distance to the next pts, the last one from the one before; at least a tick."""
    if len(pts) < 2 or bool((duration > 0).all()):
        return np.maximum(duration, 1)
    order = np.argsort(pts, kind="stable")
    steps = np.diff(pts[order])
    gaps = np.empty_like(pts)
    gaps[order] = np.append(steps, steps[-1])
    return np.maximum(np.where(duration > 0, duration, gaps), 1)


def _decoded(path: Path, limits: Limits, last_packet: int) -> Iterator[tuple[int, VideoFrame]]:
    """(index of its packet, picture) of all that a decoder yields from the first packets, in display order."""
    with open_whole(path, limits) as container:
        video, _ = select_streams(container)
        context: Any = video.codec_context
        context.thread_type = "AUTO"
        context.copy_opaque = True
        for index, packet in enumerate(media_packets(container, [video])):
            packet.opaque = index
            yield from _pictures(context.decode, packet)
            if index >= last_packet:
                break
        yield from _pictures(context.decode, None)


def _pictures(decode: Any, packet: Packet[Any] | None) -> Iterator[tuple[int, VideoFrame]]:
    try:
        for frame in cast("list[VideoFrame]", decode(packet)):
            if isinstance(frame.opaque, int):
                yield frame.opaque, frame
    except BROKEN:
        return  # one damaged packet costs its picture and no more


def _in_display_order(table: PacketTable, path: Path, limits: Limits) -> PacketTable:
    """The table with pts as the decoder displays: AVI stores one time per packet in decode order, whatever the codec reorders."""
    shown = [index for index, _ in _decoded(path, limits, len(table))]
    pts = table.pts.copy()
    pts[shown] = np.sort(table.pts[shown])
    visible = np.zeros(len(table), np.bool_)
    visible[shown] = True
    return replace(table, pts=pts, dts=repaired_dts(pts, table.dts), shown=table.shown & visible)


def _told_apart(table: PacketTable) -> PacketTable:
    """Returns the table in which pictures that share a time are a tick apart, in the order of decoding."""
    shown = np.flatnonzero(table.shown)
    order = shown[np.argsort(table.pts[shown], kind="stable")]
    ordered = table.pts[order]
    if _rises(ordered):
        return table
    steps = np.arange(len(ordered))
    pts = table.pts.copy()
    pts[order] = np.maximum.accumulate(ordered - steps) + steps
    return replace(table, pts=pts, dts=repaired_dts(pts, table.dts))


def _from_first_decodable(table: PacketTable, path: Path, limits: Limits) -> PacketTable:
    """The table without the pictures that precede the first keyframe in time and that a decoder cannot make.

    They refer to a GOP that is not in the file; whether a given one does (closed GOP or not) only the decoder can tell.
    """
    first = int(table.key.argmax())
    following = np.flatnonzero(table.key[first + 1 :])
    stop = first + 1 + (int(following[0]) if len(following) else len(table) - first - 1)
    leading = first + np.flatnonzero(table.shown[first:stop] & (table.pts[first:stop] < table.pts[first]))
    if not len(leading):
        return table
    decoded = {index for index, frame in _decoded(path, limits, int(leading[-1])) if not frame.is_corrupt}
    shown = table.shown.copy()
    shown[[index for index in leading.tolist() if index not in decoded]] = False
    return replace(table, shown=shown)


def _held(video: PacketTable, audio: PacketTable) -> PacketTable:
    """Returns the pictures with the first shown from where the sound begins, and the last until it ends, where those are far apart.

    Nobody would hear what comes before the first picture. A stream that begins with what cannot be decoded begins with its sound.
    """
    start, stop = (time * audio.time_base / video.time_base for time in (int(audio.pts.min()), audio.stop_pts))
    if start < 0 <= video.pts.min():
        start = Fraction(0)  # what an encoder was primed with
    slack = _HOLD_S / video.time_base
    pts, duration = video.pts.copy(), video.duration.copy()
    shown = np.flatnonzero(video.shown)
    first, last = int(shown[pts[shown].argmin()]), int(shown[pts[shown].argmax()])
    is_late, is_short = int(video.pts.min()) - start > slack, stop - video.end_pts > slack
    if not is_late and not is_short:
        return video
    if is_late:
        duration[first] += pts[first] - math.ceil(start)
        pts[first] = math.ceil(start)
    if is_short:
        duration[last] = math.floor(stop) - pts[last]
    return replace(video, pts=pts, dts=repaired_dts(pts, video.dts), duration=duration)


def _until_edit_end(table: PacketTable, promised_end: int | None) -> PacketTable:
    """The table with its last packet ended where the edit list ends inside it (ISO/IEC 14496-12, 8.6.6); pure.

    promised_end: the stream's duration. The demuxer makes it the end of the last edit, but leaves it the length of the media where
    that is shorter, which is no moment of the presentation when an empty edit delays the sound.
    """
    last = int(table.pts.argmax())
    is_media_length = promised_end == int(table.duration.sum())
    if promised_end is None or is_media_length or not table.pts[last] < promised_end < table.stop_pts:
        return table
    return replace(table, duration=np.minimum(table.duration, np.maximum(1, promised_end - table.pts)))


def _make_counter(audio: AudioStream) -> _SampleCounter | None:
    return _SampleCounter(audio) if is_coarse(audio.time_base or Fraction(1)) else None


def is_coarse(tick_s: Fraction) -> bool:
    """Returns whether the times of sound cannot be told to the sample in such ticks."""
    return tick_s > _COARSE_AUDIO_TICK


class _SampleCounter:
    """Counts the samples of a stream by decoding it once in order; a gap in the written times moves the count."""

    def __init__(self, audio: AudioStream) -> None:
        self._decode: Any = cast("Any", audio.codec_context).decode
        self._rate = audio.codec_context.sample_rate
        self._next: int | None = None
        self._start, self._count = array("q"), array("q")

    def add(self, packet: Packet[Any]) -> None:
        frames = decoded_audio(self._decode, packet)
        for frame in frames[:1]:
            self._follow(frame)
        count = sum(frame.samples for frame in frames)
        self._start.append(_MISSING if self._next is None else self._next)
        self._count.append(count)
        if self._next is not None:
            self._next += count

    def _follow(self, frame: AudioFrame) -> None:
        if frame.pts is None:
            return
        written = round(frame.pts * (frame.time_base or Fraction(1, self._rate)) * self._rate)
        if self._next is None or abs(written - self._next) > AUDIO_GAP_S * self._rate:
            self._next = written

    def counted(self) -> AudioCount | None:
        """The counts; packets before the first that yields sound stand where that one does."""
        if self._next is None:
            return None
        start, count = np.array(self._start, np.int64), np.array(self._count, np.int64)
        start[start == _MISSING] = start[int((start != _MISSING).argmax())]
        return AudioCount(start, count)


def decoded_audio(decode: Any, packet: Packet[Any] | None) -> list[AudioFrame]:
    """The frames that a packet yields; none where it is damaged."""
    try:
        return cast("list[AudioFrame]", decode(packet))
    except BROKEN:
        return []
