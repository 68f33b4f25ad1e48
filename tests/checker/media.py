"""Rules on the media itself, the same whether HLS or DASH named it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, islice, pairwise
from typing import Any

import av
import av.error
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from tests.checker.boxes import Sample
from tests.checker.entry import is_key
from tests.checker.fetch import Reader
from tests.checker.tracks import Part, Track

_IDR_EVERY_S = 2
# 1.5 times 6 s, where the keyframes or the rest of the source ask for it; frames of low rates round it up.
_LONGEST_S = 9.1
_SHORTEST_S = 3
# A fast start may use this many short segments; the tail of a file adds one.
_SHORT_FIRST = 2
# H.264 High, HEVC Main, VP9 and AV1 Main of 8 bits: profile 0.
_PROFILES = {"avc1": ("64",), "hvc1": ("1.",), "vp09": ("00.",), "av01": ("0.",)}
_CMAF_BRANDS = {"cmfc", "cmf2", "cmfs"}


def check_media(reader: Reader, tracks: Sequence[Track]) -> None:
    """All rules that need no manifest."""
    videos = [track for track in tracks if track.kind == "video"]
    for track in tracks:
        _check_init(reader, track)
        _check_times(reader, track)
    for track in videos:
        _check_picture(reader, track)
        _check_idr(reader, track)
        _check_lengths(reader, track)
        _check_frames(reader, track)
    for entry in sorted({track.init.entry for track in videos}):
        _check_aligned(reader, [track for track in videos if track.init.entry == entry])
        _check_ladder(reader, [track for track in videos if track.init.entry == entry])
    if reader.expect.profile == "yeoul":
        _check_delays(reader, tracks)
    has_audio = any(track.kind == "audio" for track in tracks)
    if reader.expect.has_audio not in (None, has_audio):
        reader.add("stream.audio", "", f"has_audio {has_audio}")


def _check_delays(reader: Reader, tracks: Sequence[Track]) -> None:
    """Each track rounds to its own ticks."""
    delays = [(track.init.edit_media_time / track.init.timescale, track.name) for track in tracks]
    (least, _), (most, name) = min(delays, default=(0.0, "")), max(delays, default=(0.0, ""))
    if most - least > 2 / min((track.init.timescale for track in tracks), default=1):
        reader.add("stream.delay", name, f"the edit list takes {most:.6f} s away, another {least:.6f} s")


def _check_init(reader: Reader, track: Track) -> None:
    if not _CMAF_BRANDS & set(track.init.brands):
        reader.add("stream.brand", track.name, f"brands {track.init.brands}")
    if track.init.stored_samples:
        reader.add("stream.brand", track.name, f"{track.init.stored_samples} samples in the moov")

    if track.kind == "video":
        kind, _, profile = track.init.codec.partition(".")
        if not profile.startswith(_PROFILES.get(kind, ("nothing",))) or (kind == "avc1" and int(profile[4:], 16) > 52):
            reader.add("stream.profile", track.name, track.init.codec)


def _check_times(reader: Reader, track: Track) -> None:
    """tfdt of each fragment is the end of the one before; a segment that could not be read says so by itself."""
    fragments = [(part.uri, fragment) for part in track.parts for fragment in part.fragments]
    for (_, before), (uri, after) in pairwise(fragments):
        end = before.samples[-1].dts + before.samples[-1].duration
        if track.is_whole and after.tfdt != end:
            reader.add("stream.tfdt", uri, f"tfdt {after.tfdt}, the one before ends at {end} (timescale {track.init.timescale})")
    if track.kind != "video":
        return
    shown = [sample.pts for part in track.parts for sample in part.samples]
    if len(set(shown)) != len(shown):
        reader.add("stream.tfdt", track.name, f"{len(shown) - len(set(shown))} pictures at the time of another")
    if track.is_whole and reader.expect.profile == "yeoul":
        _check_shown(reader, track)
    first = min(sample.pts for sample in track.parts[0].samples)
    if first != track.init.edit_media_time and track.is_whole:
        reader.add("stream.zero", track.name, f"first picture at {first}, edit list at {track.init.edit_media_time}")


def _check_shown(reader: Reader, track: Track) -> None:
    """Engines take a sample's duration for the time that its picture is shown, and some shift all pictures by a negative offset."""
    for part, after in zip(track.parts, [*track.parts[1:], None], strict=True):
        pts = sorted(sample.pts for sample in part.samples)
        end = min(sample.pts for sample in after.samples) if after is not None else pts[0] + round(part.duration * part.timescale)
        until = dict(pairwise([*pts, end]))
        wrong = [sample.pts for sample in part.samples if until[sample.pts] != sample.pts + sample.duration]
        if wrong:
            reader.add("stream.shown", part.uri, f"{len(wrong)} pictures that do not last until the next, the first at {wrong[0]}")
        early = [sample.pts for sample in part.samples if sample.pts < sample.dts]
        if early:
            reader.add("stream.shown", part.uri, f"{len(early)} pictures shown before they are decoded, the first at {early[0]}")


def _check_picture(reader: Reader, track: Track) -> None:
    sps, expected = track.init.sps, reader.expect.display_size
    if sps is None:
        return
    if sps.sar != 1 and reader.expect.profile == "yeoul":
        reader.add("stream.resolution", track.name, f"sample aspect {sps.sar}")
    shown = (round(sps.width * sps.sar), sps.height)
    if abs(track.init.width - shown[0]) > 1 or track.init.height != shown[1]:
        reader.add("stream.resolution", track.name, f"tkhd {track.init.width}x{track.init.height}, SPS {shown}")
    if expected is None:
        return
    width, height = expected
    # An odd source may be rounded up to even, no further.
    if shown[0] > width + width % 2 or shown[1] > height + height % 2:
        reader.add("stream.upscaled", track.name, f"{shown[0]}x{shown[1]} of a source shown at {width}x{height}")
    if abs(shown[0] * height / width - shown[1]) > 2 and abs(shown[1] * width / height - shown[0]) > 2:
        reader.add("stream.aspect", track.name, f"{shown[0]}x{shown[1]} of a source shown at {width}x{height}")


def _check_idr(reader: Reader, track: Track) -> None:
    """A gap between IDR pictures may pass 2 s by one frame where frames do not fall on even times."""
    starts: list[tuple[int, str]] = []
    longest = 0
    for part in track.parts:
        idrs = [sample for sample in part.samples if is_key(track.init.entry, _bytes(part, sample), track.init.nal_length)]
        longest = max(longest, *(sample.duration for sample in part.samples))
        if part.samples[0] not in idrs:
            reader.add("stream.idr", part.uri, "does not start with an IDR picture")
        if any(not sample.is_sync for sample in idrs):
            reader.add("stream.idr", part.uri, "an IDR picture that is not marked as sync sample")
        starts += [(sample.pts, part.uri) for sample in idrs]
    last = track.parts[-1].samples[-1]
    first = track.parts[0].samples[0]
    starts.append((last.dts + last.duration + first.pts - first.dts, track.parts[-1].uri))
    for (before, uri), (after, _) in pairwise(starts):
        if track.is_whole and after - before > _IDR_EVERY_S * track.init.timescale + longest:
            reader.add("stream.idr", uri, f"{(after - before) / track.init.timescale:.3f} s between IDR pictures")


def _bytes(part: Part, sample: Sample) -> bytes:
    return part.data[sample.offset : sample.offset + sample.size]


def _check_lengths(reader: Reader, track: Track) -> None:
    last = len(track.parts) - 1
    for number, part in enumerate(track.parts):
        length = float(part.duration)
        if length > _LONGEST_S or (length < _SHORTEST_S and _SHORT_FIRST <= number < last):
            reader.add("stream.length", part.uri, f"{length:.3f} s")


def _check_aligned(reader: Reader, videos: Sequence[Track]) -> None:
    """Compared up to the shortest list; lists of different lengths are another rule's matter while growing."""
    whole = [track for track in videos if track.is_whole]
    for track in whole[1:]:
        for mine, other in zip(track.parts, whole[0].parts, strict=False):
            tick = Fraction(1, min(mine.timescale, other.timescale))
            if abs(mine.start - other.start) > tick or abs(mine.end - other.end) > tick:
                reader.add("stream.aligned", mine.uri, f"{_span(mine)}, {other.uri} {_span(other)}")
        if len(track.parts) != len(whole[0].parts):
            reader.add("stream.aligned", track.name, f"{len(track.parts)} segments, {whole[0].name} has {len(whole[0].parts)}")


def _span(part: Part) -> str:
    return f"{float(part.start):.6f}-{float(part.end):.6f} s"


def _check_ladder(reader: Reader, videos: Sequence[Track]) -> None:
    whole = sorted((track for track in videos if track.is_whole and track.init.sps), key=lambda track: track.init.width * track.init.height)
    for small, large in pairwise(whole):
        if (small.init.width, small.init.height) == (large.init.width, large.init.height):
            reader.add("stream.ladder", large.name, f"as large as {small.name}")
        elif small.size_bytes / small.duration > large.size_bytes / large.duration:
            reader.add("stream.ladder", large.name, f"fewer bits than {small.name}")


def _check_frames(reader: Reader, track: Track) -> None:
    """Decodes the whole rung, hence only where the caller knows how many frames to expect."""
    if reader.expect.frames is None or not track.is_whole:
        return
    coded = sum(len(part.samples) for part in track.parts)
    decoded = count_frames(track.init_data + b"".join(part.data for part in track.parts))
    if decoded != coded:
        reader.add("stream.decodes", track.name, f"{decoded} of {coded} coded frames decode")
    if coded != reader.expect.frames:
        reader.add("stream.frames", track.name, f"{coded} frames, the source shows {reader.expect.frames}")


def count_frames(data: bytes, packets: int | None = None) -> int:
    """Pictures that decode without an error, of the first `packets` packets or all."""
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "AUTO"
        taken = islice((packet for packet in container.demux(stream) if packet.size), packets)
        return sum(_decoded(stream.codec_context, packet) for packet in chain(taken, [None]))


def _decoded(decoder: VideoCodecContext, packet: Packet[Any] | None) -> int:
    try:
        return sum(not frame.is_corrupt for frame in decoder.decode(packet))
    except av.error.FFmpegError:
        return 0
