"""The rules of I-frame playlists: every byte range is one picture, at its time."""

from __future__ import annotations

from tests.checker.boxes import Fragment
from tests.checker.fetch import Reader, below
from tests.checker.hls_load import Hls, Media
from tests.checker.media import count_frames
from tests.checker.rates import compare, measured_peak
from tests.checker.tracks import Track

_IFRAME_NEEDED = ("BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS", "RESOLUTION", "URI")


def check_iframes(reader: Reader, hls: Hls, variant: dict[str, str]) -> None:
    uri = variant.get("URI", "")
    media = hls.iframes.get(uri)
    needed = _IFRAME_NEEDED
    if any(name not in variant for name in needed):
        reader.add("hls.attributes", uri, f"lacks {[name for name in needed if name not in variant]}")
    if media is None:
        return
    if media.playlist.value("EXT-X-I-FRAMES-ONLY") is None or not media.playlist.entries:
        reader.add("hls.iframes", uri, "no EXT-X-I-FRAMES-ONLY or no entry")
        return
    maps = [below(uri, entry["URI"]) for entry in media.playlist.all("EXT-X-MAP")]
    track = next((track for track in hls.tracks if track.kind == "video" and track.name in maps), None)
    if track is None:
        reader.add("hls.iframes", uri, f"EXT-X-MAP {maps} is no rung's")
        return
    _check_pictures(reader, media, track)
    chunks = [(entry.byte_range[1] if entry.byte_range else 0, entry.duration_s) for entry in media.playlist.entries]
    peak = measured_peak(chunks, int(media.playlist.value("EXT-X-TARGETDURATION") or 6))
    # Packager takes the dearest single picture, however short it is shown.
    if reader.expect.profile == "yeoul":
        compare(reader, "hls.bandwidth", uri, variant.get("BANDWIDTH"), peak)


def _check_pictures(reader: Reader, media: Media, track: Track) -> None:
    """Each range starts at a moof, ends after its first sample, and is listed at that sample's time."""
    parts = {part.uri: part for part in track.parts}
    time_s = 0.0
    for number, entry in enumerate(media.playlist.entries):
        uri = below(media.uri, entry.uri)
        part, byte_range, listed_s = parts.get(uri), entry.byte_range, time_s
        time_s += entry.duration_s
        if part is None or byte_range is None:
            if track.is_whole:
                reader.add("hls.iframes", media.uri, f"{entry.uri} is no segment of the rung or has no byte range")
            continue
        offset, size = byte_range
        fragment = next((f for f in part.fragments if f.start == offset), None)
        if fragment is None:
            reader.add("hls.iframes", media.uri, f"{entry.uri} {size}@{offset} does not start at a moof")
        elif count_frames(track.init_data + part.data[offset : offset + size], packets=1) != 1 or not _is_one(fragment, offset + size):
            reader.add("hls.iframes", media.uri, f"{entry.uri} {size}@{offset} does not decode as one picture")
        elif abs(listed_s - fragment.tfdt / track.init.timescale) > 0.001 * (number + 1):
            reader.add("hls.iframes", media.uri, f"{entry.uri} {size}@{offset} listed at {listed_s:.3f} s")


def _is_one(fragment: Fragment, end: int) -> bool:
    """Whether a range that ends at `end` holds the first sample whole and not the second."""
    samples = fragment.samples
    first = samples[0].offset + samples[0].size
    second = samples[1].offset + samples[1].size if len(samples) > 1 else first + 1
    return first <= end < second
