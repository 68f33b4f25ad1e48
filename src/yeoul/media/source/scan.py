"""Builds the packet table of a file by demuxing, and checks it against the lengths that the container promises."""

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
from yeoul.media.limits import AV_ERRORS, DEMUXERS, Limits, make_media_error, max_demuxed_bytes
from yeoul.media.source.frame_start import SPLIT_FRAME_CODECS, make_frame_start_test
from yeoul.media.source.parameter_sets import make_parameter_set_inserter
from yeoul.media.source.probe import find_audio, find_video
from yeoul.media.source.timeline import Timeline
from yeoul.media.source.truncation import check_demuxed, open_whole
from yeoul.model.source import Notice

Ticks = NDArray[np.int64]
Flags = NDArray[np.bool_]

# If audio times are coarser than this (Matroska's milliseconds, AVI's frames), samples are counted instead.
_COARSE_AUDIO_TICK: Final = Fraction(1, 20_000)
# A larger difference between counted and written time is a real gap in the audio.
AUDIO_GAP_S: Final = 0.05
_USUAL_RATE: Final = Fraction(25)  # also ffmpeg's default for streams without a frame rate
_MAX_UNCOVERED_S: Final = Fraction(1, 5)
_VP9_MARKER: Final = 2  # value of the first two bits of each frame (VP9 bitstream, 6.2)
_MISSING: Final = -(2**63)


@dataclass(frozen=True)
class PacketTable:
    """All packets of one stream in decode order: arrays of equal length, with times in ticks of time_base.

    pts and dts are complete; dts rises strictly and is never above pts. size: in bytes. key: decoding can start here. hidden: an edit
    list hides the packet's frame. shown: the packet yields a displayed frame (it is not hidden, and can be decoded). is_continuation: the
    packet continues the frame of the previous packet, as a second field does; the array is empty if no packet does.
    """

    time_base: Fraction
    pts: Ticks
    dts: Ticks
    duration: Ticks
    size: Ticks
    key: Flags
    hidden: Flags
    shown: Flags
    is_continuation: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def start_pts(self) -> int:
        """The first displayed pts."""
        return int(self.pts[self.shown].min())

    @property
    def end_pts(self) -> int:
        """The end of the last displayed frame, or the next hidden pts after it if that is earlier."""
        hidden_after = self.pts[self.hidden & (self.pts > self.pts[self.shown].max())]
        return min(self.stop_pts, int(hidden_after.min(initial=self.stop_pts)))

    @property
    def stop_pts(self) -> int:
        """The end of the last displayed frame."""
        return int((self.pts + self.duration)[self.shown].max())

    @property
    def frames(self) -> int:
        """The number of displayed frames."""
        return int(self.shown.sum())

    def edit_borders(self) -> Ticks:
        """Returns each pts at which an edit list jumps in the media, so that hidden packets lie between two displayed frames.

        A piece across such a border would show the hidden frames, since pieces do not store the edit list.
        """
        order = np.argsort(self.pts[self.shown], kind="stable")
        pts, position = self.pts[self.shown][order], np.flatnonzero(self.shown)[order]
        intruders = self.hidden & (self.pts >= pts[0]) & (self.pts <= pts[-1])
        hidden_before = np.concatenate(([0], np.cumsum(intruders)))
        last_before, first_after = np.maximum.accumulate(position)[:-1], np.minimum.accumulate(position[::-1])[::-1][1:]
        # A border: the frames on both sides do not mix in decode order, and a hidden packet lies between them.
        apart = last_before < first_after
        hidden = hidden_before[np.where(apart, first_after, 0)] > hidden_before[np.where(apart, last_before, 0)]
        return pts[1:][apart & hidden]


@dataclass(frozen=True)
class AudioCount:
    """Positions in an audio stream from counting samples: one entry per packet, in samples at the source's rate.

    start: position of the packet's first sample, counted from pts 0. count: number of samples that the packet decodes to.
    """

    start: Ticks
    count: Ticks


@dataclass(frozen=True)
class AudioScan:
    """The scan of one audio stream. count and is_trimmed: as `audio_count` and `audio_trimmed` of a `Scan`."""

    table: PacketTable
    count: AudioCount | None
    is_trimmed: bool

    def end_sample(self, zero_s: Fraction, sample_rate: int) -> int | None:
        """Returns the end of the audio in samples after the source's zero, which is at `zero_s`; None if only decoding shows it."""
        return max(0, round((self.table.stop_pts * self.table.time_base - zero_s) * sample_rate)) if self.is_trimmed else None


@dataclass(frozen=True)
class Scan:
    """The result of demuxing a file.

    audio_count: set only if the container's audio times are coarse. audio_trimmed: the container stores the exact end of the audio, which
    is then the audio table's stop_pts, even if the last packet decodes to more samples. notices: repairs that the scan made.
    """

    video: PacketTable
    audio: PacketTable | None = None
    audio_count: AudioCount | None = None
    audio_trimmed: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def sound(self) -> AudioScan | None:
        return None if self.audio is None else AudioScan(self.audio, self.audio_count, self.audio_trimmed)

    @property
    def zero_s(self) -> Fraction:
        """The start of the first displayed frame in the file's own time; all outputs count from it."""
        return self.video.start_pts * self.video.time_base

    @property
    def duration_s(self) -> float:
        """The time from the first displayed frame to the end of the video or audio, whichever is later."""
        start_s = self.video.start_pts * self.video.time_base
        ends = [self.video.stop_pts * self.video.time_base]
        if self.audio is not None and len(self.audio):
            ends.append(self.audio.stop_pts * self.audio.time_base)
        return float(max(ends) - start_s)


def scan_audio(
    path: Path,
    limits: Limits,
    choose: Callable[[InputContainer], Sequence[AudioStream]],
    *,
    counted: bool = False,
    demuxers: Sequence[str] = DEMUXERS,
) -> list[AudioScan | None]:
    """Demuxes a file and returns a scan of each audio stream that `choose` returns; None for a stream without packets.

    counted: count samples even if the file's times are fine enough, because an earlier conversion rounded them.
    Raises UnreadableError, TruncatedError and TooLargeError.
    """
    with open_whole(path, limits, demuxers) as container:
        chosen = choose(container)
        has_jumps = bool(container.format.flags & FormatFlags.ts_discont.value)
        # If times can jump, the sizes of the jumps are computed from all streams.
        streams: list[Stream] = [s for s in container.streams if s in chosen or (has_jumps and s.type in ("video", "audio"))]
        keep_only(container, streams)
        collectors = {stream.index: _PacketCollector(stream) for stream in chosen}
        counters = {stream.index: _SampleCounter(stream) if counted else _make_counter(stream) for stream in chosen}
        timeline = Timeline()
        for packet in media_packets(container, streams):
            shift = timeline.shift_ticks(packet) if has_jumps else 0
            if packet.stream_index in collectors:
                collectors[packet.stream_index].add(packet, shift)
                if (counter := counters[packet.stream_index]) is not None:
                    counter.add(packet)
        check_demuxed(path, container, list(chosen))
        is_mov = "mp4" in container.format.name.split(",")
        scans: list[AudioScan | None] = []
        for stream in chosen:
            if not len(collectors[stream.index]):
                scans.append(None)
                continue
            table = _trim_to_edit_end(collectors[stream.index].table(), stream.duration if is_mov else None)
            counter = counters[stream.index]
            scans.append(AudioScan(table, counter.counted() if counter is not None else None, is_mov))
    return scans


def scan(path: Path, limits: Limits) -> Scan:
    """Demuxes a whole file once, and repairs its times.

    Raises UnreadableError, NoVideoError, UnsupportedCodecError, TooLargeError, and TruncatedError with found and promised.
    """
    with open_whole(path, limits) as container:
        video, audio = select_streams(container)
        video_packets = _PacketCollector(video)
        audio_packets = None if audio is None else _PacketCollector(audio)
        counter = None if audio is None else _make_counter(audio)
        timeline = Timeline()
        has_jumps = bool(container.format.flags & FormatFlags.ts_discont.value)
        for packet in media_packets(container, [s for s in (video, audio) if s is not None]):
            shift = timeline.shift_ticks(packet) if has_jumps else 0
            if packet.stream_index == video.index:
                video_packets.add(packet, shift)
            elif audio_packets is not None:
                audio_packets.add(packet, shift)
                if counter is not None:
                    counter.add(packet)
        check_demuxed(path, container, [s for s in (video, audio) if s is not None])
        is_mov = "mp4" in container.format.name.split(",")
        promised_end = audio.duration if audio is not None and is_mov else None
        is_reordered_avi = container.format.name == "avi" and video.codec_context.reorder_depth > 0
    table = video_packets.table()
    if not table.shown.any():
        raise UnreadableError("the video stream has no packet that can be decoded", file=path.name)
    has_delay = video.codec_context.reorder_depth > 0 or bool((table.pts != table.dts).any())
    if video_packets.lacks_times() and has_delay:
        # Frames are reordered, and only the decoder knows which ones lack a time. The dts supply the distances between display times.
        table = _use_display_order(replace(table, pts=table.dts + (table.pts[0] - table.dts[0])), path, limits)
    elif is_reordered_avi and _is_rising(table.pts):
        table = _use_display_order(table, path, limits)
    table = _separate_equal_pts(table)
    sound = _trim_to_edit_end(audio_packets.table(), promised_end) if audio_packets is not None and len(audio_packets) else None
    table = _hide_undecodable_leading(table, path, limits)
    held = table if sound is None else _hold_for_audio(table, sound)
    result = Scan(
        held,
        sound,
        counter.counted() if counter is not None else None,
        audio_trimmed=is_mov,
        notices=(
            *((Notice(code="picture_held"),) if held is not table else ()),
            *((Notice(code="times_repaired"),) if timeline.repaired else ()),
        ),
    )
    if result.duration_s > limits.max_duration_s:
        raise TooLargeError("the video is longer than allowed", duration_s=result.duration_s, max_duration_s=limits.max_duration_s)
    return result


def select_streams(container: InputContainer) -> tuple[VideoStream, AudioStream | None]:
    """Returns the video and audio stream to use, and has the demuxer skip all others."""
    video, audio = find_video(container), find_audio(container)
    keep_only(container, [video] if audio is None else [video, audio])
    return video, audio


def keep_only(container: InputContainer, streams: Sequence[Stream]) -> None:
    """Has the demuxer skip all streams except these."""
    for stream in container.streams:
        if stream not in streams:
            stream.discard = Discard.all


def media_packets(container: InputContainer, streams: list[Stream]) -> Iterator[Packet[Any]]:
    """Yields the packets with data in the file's order, for each stream from the first packet with a time (all, in formats without times).

    Raises the errors of `make_media_error`, and TooLargeError if the packets are larger than `max_demuxed_bytes` of the file's size.
    """
    left_bytes = max_demuxed_bytes(container.size)
    add_parameter_sets = {stream.index: make_parameter_set_inserter(stream) for stream in streams}
    unpack = {stream.index: _make_unpacker(container, stream) for stream in streams}
    started = {stream.index for stream in streams if container.format.flags & FormatFlags.no_timestamps.value}
    try:
        for packet in container.demux(streams):
            left_bytes -= packet.size
            if left_bytes < 0:
                raise TooLargeError("the file unpacks to much more than its own size", size_bytes=container.size)
            for unpacked in unpack[packet.stream_index](packet) if packet.stream_index in unpack else ():
                complete = add_parameter_sets[unpacked.stream_index](unpacked)
                if complete.size == 0:
                    continue  # an empty packet that flushes the decoder
                if complete.pts is not None or complete.dts is not None:
                    started.add(complete.stream_index)
                if complete.stream_index in started:
                    yield complete
    except AV_ERRORS as error:
        raise make_media_error(error, "the file cannot be read to its end") from error


def _make_unpacker(container: InputContainer, stream: Stream) -> Callable[[Packet[Any]], Sequence[Packet[Any]]]:
    """Returns a function that splits packets into one per frame: in AVI, an MPEG-4 packet may also hold the following B-frame."""
    if container.format.name != "avi" or stream.codec_context.codec.canonical_name != "mpeg4":
        return lambda packet: (packet,)
    return cast("Any", BitStreamFilterContext("mpeg4_unpack_bframes", cast("VideoStream", stream))).filter


def _usual_rate(stream: Stream) -> Fraction:
    """Returns the frame rate in the stream's header; 25 if it has none, or the stream is not video."""
    rate = (stream.average_rate or stream.guessed_rate) if isinstance(stream, VideoStream) else None
    return Fraction(rate) if rate else _USUAL_RATE


class _PacketCollector:
    """Collects the packets of one stream in a few bytes each."""

    def __init__(self, stream: Stream) -> None:
        self._time_base = stream.time_base or Fraction(1, av.time_base)
        # A piece file stores audio times in samples; dts that are closer than one sample would become equal.
        is_audio = isinstance(stream, AudioStream)
        self._step = math.ceil(1 / (stream.codec_context.sample_rate * self._time_base)) if is_audio else 1
        context = stream.codec_context
        self._begins_frame = (
            make_frame_start_test(context.codec.canonical_name, context.extradata) if isinstance(stream, VideoStream) else None
        )
        self._usual_step = max(1, round(1 / (_usual_rate(stream) * self._time_base)))
        # ffmpeg's VP9 parser reports frames with a damaged start as keyframes.
        self._is_vp9 = context.codec.canonical_name == "vp9"
        self._can_split_frames = context.codec.canonical_name in SPLIT_FRAME_CODECS
        self._pts, self._dts, self._duration, self._size = array("q"), array("q"), array("q"), array("q")
        self._key, self._hidden, self._shown, self._is_continuation = bytearray(), bytearray(), bytearray(), bytearray()

    def __len__(self) -> int:
        return len(self._pts)

    def add(self, packet: Packet[Any], shift: int) -> None:
        """Adds a packet, with its times moved later by `shift`."""
        self._pts.append(_MISSING if packet.pts is None else packet.pts + shift)
        self._dts.append(_MISSING if packet.dts is None else packet.dts + shift)
        self._duration.append(packet.duration or 0)
        self._size.append(packet.size)
        self._key.append(packet.is_keyframe and not (self._is_vp9 and bytes(packet)[0] >> 6 != _VP9_MARKER))
        self._hidden.append(packet.is_discard)
        yields_frame = self._begins_frame is None or self._begins_frame(bytes(packet))
        self._shown.append(yields_frame and not packet.is_discard)
        self._is_continuation.append(self._can_split_frames and not yields_frame)

    def lacks_times(self) -> bool:
        """True if some packets have neither pts nor dts."""
        return bool(_lacks_time(np.array(self._pts, np.int64), np.array(self._dts, np.int64)).any())

    def table(self) -> PacketTable:
        """Returns the packet table with missing times filled in; packets before the first keyframe are not shown."""
        pts, dts = _fill_missing_times(np.array(self._pts, np.int64), np.array(self._dts, np.int64), self._usual_step)
        key, shown = np.array(self._key, np.bool_), np.array(self._shown, np.bool_)
        pts = np.where(pts == _MISSING, dts, pts)
        if key.any():
            shown[: int(key.argmax())] = False
        else:
            key[:1] = True  # the container has no keyframe flags: decoding starts at the first packet
        duration = _repair_durations(pts, np.array(self._duration, np.int64))
        hidden = np.array(self._hidden, np.bool_)
        size = np.array(self._size, np.int64)
        goes_on = np.array(self._is_continuation, np.bool_)
        if goes_on.any():  # the duration of a frame is the sum of its packets'
            whole = np.maximum.accumulate(np.where(goes_on, 0, np.arange(len(pts))))
            duration = np.where(goes_on, duration, np.bincount(whole, duration, len(pts)).astype(np.int64))
        return PacketTable(self._time_base, pts, repair_dts(pts, dts, self._step), duration, size, key, hidden, shown, goes_on)


def _lacks_time(pts: Ticks, dts: Ticks) -> Flags:
    return (pts == _MISSING) & (dts == _MISSING)


def _fill_missing_times(pts: Ticks, dts: Ticks, usual_step: int) -> tuple[Ticks, Ticks]:
    """Returns (pts, dts) with missing times filled in.

    They are interpolated between the neighbours' times, or are `usual_step` apart if no packet has a time.
    """
    untimed = _lacks_time(pts, dts)
    if not untimed.any():
        return pts, dts
    times = np.where(dts == _MISSING, pts, dts)
    timed = np.flatnonzero(~untimed)
    if not len(timed):
        steps = np.arange(len(pts)) * usual_step
        return steps, steps
    filled = np.interp(np.arange(len(pts)), timed, times[timed]).round().astype(np.int64)
    if untimed[-1] and len(timed) > 1:  # after the last known time, at the median distance
        step = int(np.median(np.diff(times[timed]) / np.diff(timed)))
        last = int(timed[-1])
        filled[last:] = times[last] + step * np.arange(len(pts) - last)
    return np.where(untimed, filled, pts), np.where(untimed, filled, dts)


def repair_dts(pts: Ticks, dts: Ticks, step: int = 1) -> Ticks:
    """Returns dts that rise by at least `step` and are never above pts; pure.

    Returns the given dts if they are complete and valid, else the i-th smallest pts minus the reordering delay.
    """
    if _is_rising(dts, step) and bool((dts != _MISSING).all()) and bool((dts <= pts).all()):
        return dts
    order = np.arange(len(pts)) * step
    rising = np.maximum.accumulate(np.sort(pts) - order) + order
    return rising - max(0, int((rising - pts).max(initial=0)))


def _is_rising(values: Ticks, step: int = 1) -> bool:
    return bool((np.diff(values) >= step).all())


def _repair_durations(pts: Ticks, duration: Ticks) -> Ticks:
    """Returns durations with unknown ones (0) set to the distance to the next pts; the last copies the one before; at least one tick."""
    if len(pts) < 2 or bool((duration > 0).all()):
        return np.maximum(duration, 1)
    order = np.argsort(pts, kind="stable")
    steps = np.diff(pts[order])
    gaps = np.empty_like(pts)
    gaps[order] = np.append(steps, steps[-1])
    return np.maximum(np.where(duration > 0, duration, gaps), 1)


def _decode_first_packets(path: Path, limits: Limits, last_packet: int) -> Iterator[tuple[int, VideoFrame]]:
    """Decodes the packets up to `last_packet`, and yields (index of its packet, frame) in display order."""
    with open_whole(path, limits) as container:
        video, _ = select_streams(container)
        context: Any = video.codec_context
        context.thread_type = "AUTO"
        context.copy_opaque = True
        for index, packet in enumerate(media_packets(container, [video])):
            packet.opaque = index
            yield from _decode_packet(context.decode, packet)
            if index >= last_packet:
                break
        yield from _decode_packet(context.decode, None)


def _decode_packet(decode: Any, packet: Packet[Any] | None) -> Iterator[tuple[int, VideoFrame]]:
    try:
        for frame in cast("list[VideoFrame]", decode(packet)):
            if isinstance(frame.opaque, int):
                yield frame.opaque, frame
    except AV_ERRORS:
        return  # a damaged packet loses its own frame only


def _use_display_order(table: PacketTable, path: Path, limits: Limits) -> PacketTable:
    """Returns the table with pts in the decoder's display order: AVI stores times in decode order, even if the codec reorders frames."""
    shown = [index for index, _ in _decode_first_packets(path, limits, len(table))]
    pts = table.pts.copy()
    pts[shown] = np.sort(table.pts[shown])
    visible = np.zeros(len(table), np.bool_)
    visible[shown] = True
    return replace(table, pts=pts, dts=repair_dts(pts, table.dts), shown=table.shown & visible)


def _separate_equal_pts(table: PacketTable) -> PacketTable:
    """Returns the table with frames of equal pts moved one tick apart, in decode order."""
    shown = np.flatnonzero(table.shown)
    order = shown[np.argsort(table.pts[shown], kind="stable")]
    ordered = table.pts[order]
    if _is_rising(ordered):
        return table
    steps = np.arange(len(ordered))
    pts = table.pts.copy()
    pts[order] = np.maximum.accumulate(ordered - steps) + steps
    return replace(table, pts=pts, dts=repair_dts(pts, table.dts))


def _hide_undecodable_leading(table: PacketTable, path: Path, limits: Limits) -> PacketTable:
    """Returns the table without the leading frames that cannot be decoded: displayed before the first keyframe, but decoded after it.

    In an open GOP such frames refer to a GOP that is not in the file; only decoding shows which ones do.
    """
    first = int(table.key.argmax())
    following = np.flatnonzero(table.key[first + 1 :])
    stop = first + 1 + (int(following[0]) if len(following) else len(table) - first - 1)
    leading = first + np.flatnonzero(table.shown[first:stop] & (table.pts[first:stop] < table.pts[first]))
    if not len(leading):
        return table
    decodable = {index for index, frame in _decode_first_packets(path, limits, int(leading[-1])) if not frame.is_corrupt}
    shown = table.shown.copy()
    shown[[index for index in leading.tolist() if index not in decodable]] = False
    return replace(table, shown=shown)


def _hold_for_audio(video: PacketTable, audio: PacketTable) -> PacketTable:
    """Returns the video table with the first frame starting with the audio, and the last frame ending with it, if they are far apart.

    Otherwise audio before the first frame would be lost, as in recordings whose first frames cannot be decoded.
    """
    start, stop = (time * audio.time_base / video.time_base for time in (int(audio.pts.min()), audio.stop_pts))
    if start < 0 <= video.pts.min():
        start = Fraction(0)  # audio below zero is the encoder's priming
    slack = _MAX_UNCOVERED_S / video.time_base
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
    return replace(video, pts=pts, dts=repair_dts(pts, video.dts), duration=duration)


def _trim_to_edit_end(table: PacketTable, promised_end: int | None) -> PacketTable:
    """Returns the table with the last packet shortened if the edit list ends inside it (ISO/IEC 14496-12, 8.6.6); pure.

    promised_end: the stream's duration. The demuxer sets it to the end of the last edit, or to the length of the media if that is
    shorter; a media length is ignored, as it is not a presentation time when an empty edit delays the audio.
    """
    last = int(table.pts.argmax())
    is_media_length = promised_end == int(table.duration.sum())
    if promised_end is None or is_media_length or not table.pts[last] < promised_end < table.stop_pts:
        return table
    return replace(table, duration=np.minimum(table.duration, np.maximum(1, promised_end - table.pts)))


def _make_counter(audio: AudioStream) -> _SampleCounter | None:
    return _SampleCounter(audio) if is_coarse(audio.time_base or Fraction(1)) else None


def is_coarse(tick_s: Fraction) -> bool:
    """True if ticks of this length are too coarse for exact audio times."""
    return tick_s > _COARSE_AUDIO_TICK


class _SampleCounter:
    """Counts the samples of a stream by decoding it in order; a gap in the written times moves the count."""

    def __init__(self, audio: AudioStream) -> None:
        self._decode: Any = cast("Any", audio.codec_context).decode
        self._rate = audio.codec_context.sample_rate
        self._next: int | None = None
        self._start, self._count = array("q"), array("q")

    def add(self, packet: Packet[Any]) -> None:
        frames = decode_audio_packet(self._decode, packet)
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
        """Returns the counts; None if no packet yields audio. Packets before the first one that does get its position."""
        if self._next is None:
            return None
        start, count = np.array(self._start, np.int64), np.array(self._count, np.int64)
        start[start == _MISSING] = start[int((start != _MISSING).argmax())]
        return AudioCount(start, count)


def decode_audio_packet(decode: Any, packet: Packet[Any] | None) -> list[AudioFrame]:
    """Returns the frames that a packet decodes to; none if it is damaged."""
    try:
        return cast("list[AudioFrame]", decode(packet))
    except AV_ERRORS:
        return []
