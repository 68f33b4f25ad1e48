"""The rules of media playlists: versions, durations, times, ends."""

from __future__ import annotations

from fractions import Fraction

from tests.checker.fetch import Reader, below
from tests.checker.hls_load import Hls, Media
from tests.checker.tracks import Track


def check_list(reader: Reader, hls: Hls, media: Media) -> None:
    """Version, target duration and times of one list."""
    playlist = media.playlist
    version, target = int(playlist.value("EXT-X-VERSION") or 1), playlist.value("EXT-X-TARGETDURATION")
    has_map = playlist.value("EXT-X-MAP") is not None
    if version < (6 if has_map else 3):
        reader.add("hls.syntax", media.uri, f"EXT-X-VERSION {version}")
    if target is None:
        reader.add("hls.target", media.uri, "no EXT-X-TARGETDURATION")
        return
    longest = max((entry.duration_s for entry in playlist.entries), default=0.0)
    if int(longest + 0.5) > int(target):
        reader.add("hls.target", media.uri, f"a segment of {longest} s, target {target}")
    targets = {other.playlist.value("EXT-X-TARGETDURATION") for other in hls.medias.values()}
    if media.uri in hls.medias and len(targets) != 1 and reader.expect.profile == "yeoul":
        reader.add("hls.target", media.uri, f"lists have target durations {sorted(map(str, targets))}")
    if media.track is not None and media.track.is_whole:
        _check_list_times(reader, media.track)


def _check_list_times(reader: Reader, track: Track) -> None:
    """A list is as exact as its decimals are: the error of a sum may grow by half of the last one's worth per entry."""
    digits = 6 if reader.expect.profile == "yeoul" else 3
    for number, part in enumerate(track.parts):
        late_s, wrong_s = off_by(reader, track, number)
        slack_s = 0.5 * 10**-digits * (number + 2) + 1e-6
        if abs(late_s) > slack_s:
            reader.add("hls.times", part.uri, f"listed {late_s:+.6f} s from its tfdt {float(part.start):.6f}")
        elif abs(wrong_s) > slack_s:
            reader.add("hls.times", part.uri, f"listed {wrong_s:+.6f} s longer than it is ({float(part.duration):.6f})")


def off_by(reader: Reader, track: Track, number: int) -> tuple[float, float]:
    """How many seconds a segment is listed after its time, and longer than it is.

    Packager lists presentation times, from which the edit list is taken off; ours are decode times, without the silence before sound.
    """
    part = track.parts[number]
    start = max(Fraction(0), part.start - track.silence)
    end = part.start + part.duration - track.silence
    if reader.expect.profile == "packager":
        start, end = part.shown(track.init.edit_media_time)
    return part.reference.start_s - float(start), part.reference.duration_s - float(end - start)


def check_states(reader: Reader, hls: Hls) -> None:
    """Shaka stops refreshing a growing stream as soon as one list has ENDLIST, and takes a list without EVENT for live."""
    lists = [*hls.medias.values(), *hls.iframes.values(), *hls.texts.values()]
    complete = sum(media.playlist.is_ended for media in lists) * 2 > len(lists)
    for media in lists:
        kind = media.playlist.value("EXT-X-PLAYLIST-TYPE")
        if media.playlist.is_ended != complete or kind != ("VOD" if complete else "EVENT"):
            reader.add("hls.ended", media.uri, f"type {kind}, ENDLIST {media.playlist.is_ended}; the others ENDLIST {complete}")
    whole = [media for media in hls.medias.values() if media.track is not None and media.track.is_whole]
    if complete or not whole:
        return
    nearest = min(media.track.end for media in whole if media.track is not None)
    for media in whole:
        # A frame of priming, and the grid of AAC frames: at most 2 x 1,024 samples at 8 kHz.
        if media.track is not None and media.track.end - nearest > 0.26:
            reader.add("hls.horizon", media.uri, f"listed to {float(media.track.end):.3f} s, another to {float(nearest):.3f} s")


def check_text(reader: Reader, media: Media) -> None:
    for entry in media.playlist.entries:
        text = reader.text(below(media.uri, entry.uri))
        if text is not None and not text.startswith("WEBVTT"):
            reader.add("hls.text", entry.uri, "does not start with WEBVTT")
