"""Makes the static MPD of a complete presentation (ISO/IEC 23009-1; DASH-IF guidelines). Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from xml.etree import ElementTree as ET

from yeoul.delivery.bandwidth import Chunk, average_bps, sustained_bps
from yeoul.delivery.presentation import (
    CAPTIONS_NAME,
    INIT_NAME,
    Presentation,
    Track,
    audio_names,
    folder_uri,
    language_tag,
    segment_durations,
)
from yeoul.model.rendition import Segment

_NAMESPACE = "urn:mpeg:dash:schema:mpd:2011"
_PROFILES = "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"
_ROLE = "urn:mpeg:dash:role:2011"
_PURPOSE = "urn:tva:metadata:cs:AudioPurposeCS:2007"
_CHANNELS = "urn:mpeg:mpegB:cicp:ChannelConfiguration"


def make_mpd(p: Presentation) -> str:
    """Returns the MPD of a complete presentation; growing ones are offered only as HLS. Raises ValueError for a growing one.

    minBufferTime is the duration of the longest segment, because a client holds at least one segment.
    """
    if p.state != "complete":
        raise ValueError("a growing presentation has no MPD")
    buffer_s = max((track.seconds(step) for track in p.tracks for step in segment_durations(track.segments)), default=1.0)
    buffer_s = math.ceil(buffer_s * 1000) / 1000
    mpd = ET.Element("MPD", xmlns=_NAMESPACE, profiles=_PROFILES, type="static")
    mpd.set("mediaPresentationDuration", _duration(p.media_end_s))
    mpd.set("minBufferTime", _duration(buffer_s))
    period = ET.SubElement(mpd, "Period", id="0", start="PT0S")
    for tracks in p.codecs:
        _add_video(period, tracks, buffer_s)
    names = audio_names(p.audio_groups[0]) if p.audio_groups and len(p.audio_groups[0]) > 1 else []
    labels = {track.position: name for track, name in zip(p.audio_groups[0] if names else (), names, strict=True)}
    for track in p.audios:
        _add_audio(period, track, labels.get(track.position, track.label), buffer_s)
    for track in p.texts:
        _add_text(period, track, p.duration_s)
    ET.indent(mpd)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(mpd, encoding="unicode") + "\n"


def _add_set(period: ET.Element, kind: str, mime: str, role: str, language: str | None = None) -> ET.Element:
    adaptation = ET.SubElement(period, "AdaptationSet", id=str(len(period)), contentType=kind, mimeType=mime)
    if language_tag(language) is not None:
        adaptation.set("lang", str(language))
    ET.SubElement(adaptation, "Role", schemeIdUri=_ROLE, value=role)
    return adaptation


def _set_aligned(adaptation: ET.Element) -> None:
    for name, value in (
        ("segmentAlignment", "true"),
        ("startWithSAP", "1"),
        ("subsegmentAlignment", "true"),
        ("subsegmentStartsWithSAP", "1"),
    ):
        adaptation.set(name, value)


def _add_video(period: ET.Element, tracks: Sequence[Track], buffer_s: float) -> None:
    """Adds one AdaptationSet for all rungs of a codec. Their segments start with a keyframe at the same times."""
    adaptation = _add_set(period, "video", "video/mp4", "main")
    _set_aligned(adaptation)
    largest = max(tracks, key=lambda track: track.rendition.height).rendition
    ratio = Fraction(largest.width, largest.height)
    adaptation.set("par", f"{ratio.numerator}:{ratio.denominator}")
    adaptation.set("maxWidth", str(max(track.rendition.width for track in tracks)))
    adaptation.set("maxHeight", str(largest.height))
    rates = [_frame_rate(track) for track in tracks]
    if all(rates):
        adaptation.set("maxFrameRate", _rational(max(rates)))
    for track, rate in zip(tracks, rates, strict=True):
        representation = _add_representation(adaptation, track, buffer_s)
        representation.set("width", str(track.rendition.width))
        representation.set("height", str(track.rendition.height))
        representation.set("sar", "1:1")
        if rate:
            representation.set("frameRate", _rational(rate))


def _add_audio(period: ET.Element, track: Track, label: str, buffer_s: float) -> None:
    """Adds an AdaptationSet for an audio track. label: the same name as in HLS."""
    adaptation = _add_set(period, "audio", "audio/mp4", track.role, track.rendition.language)
    if track.role == "description":  # for players that do not support the role "description" (DVB A168, 6.1.2)
        adaptation.insert(0, ET.Element("Accessibility", schemeIdUri=_PURPOSE, value="1"))
    _add_label(adaptation, label)
    _set_aligned(adaptation)
    representation = _add_representation(adaptation, track, buffer_s)
    representation.set("audioSamplingRate", str(track.rendition.sample_rate))
    channels = ET.Element("AudioChannelConfiguration", schemeIdUri=_CHANNELS, value=str(track.rendition.channels))
    representation.insert(0, channels)


def _add_text(period: ET.Element, track: Track, duration_s: float) -> None:
    adaptation = _add_set(period, "text", "text/vtt", "subtitle", track.rendition.language)
    _add_label(adaptation, track.label)
    size_bytes = sum(segment.size_bytes for segment in track.segments)
    bandwidth = max(1, average_bps([Chunk(size_bytes, duration_s)]))
    representation = ET.SubElement(adaptation, "Representation", id=track.name, bandwidth=str(bandwidth))
    ET.SubElement(representation, "BaseURL").text = f"{folder_uri(track)}/{CAPTIONS_NAME}"


def _add_label(adaptation: ET.Element, text: str) -> None:
    if text:
        label = ET.Element("Label")
        label.text = text
        adaptation.insert(0, label)


def _add_representation(adaptation: ET.Element, track: Track, buffer_s: float) -> ET.Element:
    """Adds a Representation and its segments.

    presentationTimeOffset is 0 for audio, too, because the edit list in the init segment already skips the priming.
    """
    ticks = segment_durations(track.segments)
    chunks = [Chunk(segment.size_bytes, track.seconds(step)) for segment, step in zip(track.segments, ticks, strict=True)]
    bandwidth = max(1, sustained_bps(chunks, buffer_s))
    representation = ET.SubElement(adaptation, "Representation", id=track.name, bandwidth=str(bandwidth), codecs=track.rendition.codecs)
    template = ET.SubElement(representation, "SegmentTemplate", timescale=str(track.rendition.timescale), presentationTimeOffset="0")
    template.set("initialization", f"{folder_uri(track)}/{INIT_NAME}")
    template.set("media", f"{folder_uri(track)}/$Number$.m4s")
    template.set("startNumber", str(track.segments[0].index if track.segments else 0))
    _add_timeline(template, track.segments, ticks)
    return representation


def _add_timeline(template: ET.Element, segments: Sequence[Segment], ticks: Sequence[int]) -> None:
    """Adds the SegmentTimeline. Equal consecutive durations become one S element with a repeat count (ISO/IEC 23009-1 5.3.9.6)."""
    timeline = ET.SubElement(template, "SegmentTimeline")
    for duration, run in groupby(ticks):
        entry = ET.SubElement(timeline, "S", d=str(duration))
        if len(timeline) == 1:
            entry.set("t", str(segments[0].start_ticks))
        repeats = len(list(run)) - 1
        if repeats:
            entry.set("r", str(repeats))


def _frame_rate(track: Track) -> Fraction:
    """Returns the frame rate with a denominator up to 1001, the largest in broadcast rates; rounded timestamps give larger ones."""
    return track.frame_rate.limit_denominator(1001)


def _rational(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _duration(seconds: float) -> str:
    """Returns an xs:duration, rounded up to milliseconds."""
    return f"PT{math.ceil(seconds * 1000 - 1e-6) / 1000:.3f}".rstrip("0").rstrip(".") + "S"
