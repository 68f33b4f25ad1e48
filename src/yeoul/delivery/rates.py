"""Bit rates of a presentation's tracks, measured from the listed segments, and the target duration of its playlists. Pure."""

from __future__ import annotations

from typing import NamedTuple

from yeoul.delivery.bandwidth import Chunk, average_bps, peak_bps
from yeoul.delivery.presentation import Presentation, Track, segment_durations


class Rates(NamedTuple):
    """Peak and average in bit/s, as RFC 8216bis 4.4.6.2 defines them."""

    peak: int
    average: int


def target_duration_s(p: Presentation) -> int:
    """Returns the target duration, which is the same in every playlist (RFC 8216bis 6.2.4); no rounded segment duration exceeds it."""
    longest = max((track.seconds(step) for track in p.tracks for step in segment_durations(p.listed_segments(track))), default=0.0)
    return max(p.target_duration_s, int(longest + 0.5))


def measure(p: Presentation, track: Track, target_s: int) -> Rates:
    """Returns the rates of a video or audio track. While the presentation grows, the peak is at least the declared cap."""
    listed = p.listed_segments(track)
    chunks = [Chunk(segment.size_bytes, track.seconds(step)) for segment, step in zip(listed, segment_durations(listed), strict=True)]
    peak, average = peak_bps(chunks, target_s), average_bps(chunks)
    if p.state == "growing":
        peak = max(peak, track.declared_bps)
    return Rates(peak, average or peak)


def iframe_durations(p: Presentation, track: Track) -> list[int]:
    """Returns the ticks from each I-frame to the next, and from the last one to the end of the playlist."""
    listed = p.listed_segments(track)
    starts = [frame.start_ticks for segment in listed for frame in segment.i_frames]
    if not starts:
        return []
    end = listed[-1].start_ticks + listed[-1].duration_ticks
    return [after - before for before, after in zip(starts, [*starts[1:], end], strict=True)]


def measure_iframes(p: Presentation, track: Track, target_s: int) -> Rates | None:
    """Returns the rates of a video track's I-frames; None if it has none."""
    frames = [frame for segment in p.listed_segments(track) for frame in segment.i_frames]
    if not frames:
        return None
    chunks = [Chunk(frame.size_bytes, track.seconds(step)) for frame, step in zip(frames, iframe_durations(p, track), strict=True)]
    return Rates(peak_bps(chunks, target_s), average_bps(chunks))
