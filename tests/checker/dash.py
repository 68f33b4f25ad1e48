"""The rules of DASH: a static MPD with SegmentTemplate and SegmentTimeline, down to the bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from xml.etree import ElementTree as ET

from tests.checker.fetch import Fetch, Reader, folder_fetch
from tests.checker.hls_list import off_by
from tests.checker.media import check_media
from tests.checker.rates import measured_rate
from tests.checker.rules import Expect, Finding
from tests.checker.tracks import Reference, Track, load_track

_NS = "{urn:mpeg:dash:schema:mpd:2011}"
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")
_WITHIN = 0.10


@dataclass
class Representation:
    """set_, element: the XML. template, timeline: of the representation or inherited."""

    set_: ET.Element
    element: ET.Element
    template: ET.Element
    track: Track | None = None

    @property
    def id(self) -> str:
        return self.element.get("id", "")

    def get(self, name: str) -> str | None:
        return self.element.get(name, self.set_.get(name))

    @property
    def kind(self) -> str:
        return (self.get("mimeType") or "").partition("/")[0]


def check_dash(base: str, fetch: Fetch = folder_fetch, expect: Expect | None = None, *, mpd: str = "manifest.mpd") -> list[Finding]:
    """All DASH rules on `base` (a URL or a folder) / `mpd`; an empty list means that every one holds."""
    reader = Reader(base, fetch, expect or Expect())
    load_and_check_dash(reader, mpd)
    return reader.findings


def load_and_check_dash(reader: Reader, mpd_uri: str) -> list[Representation]:
    """The representations with segments; text is one file and only fetched."""
    text = reader.text(mpd_uri)
    if text is None:
        return []
    try:
        mpd = ET.fromstring(text)
    except ET.ParseError as error:
        reader.add("dash.syntax", mpd_uri, str(error))
        return []
    for set_ in mpd.iter(f"{_NS}AdaptationSet"):
        codecs = {(element.get("codecs") or set_.get("codecs") or "").partition(".")[0] for element in set_.iter(f"{_NS}Representation")}
        if len(codecs) > 1:
            reader.add("dash.attributes", mpd_uri, f"an AdaptationSet of several codecs: {sorted(codecs)}")
    found = [rep for set_ in mpd.iter(f"{_NS}AdaptationSet") for rep in _load_set(reader, mpd_uri, set_)]
    for rep in found:
        _check_attributes(reader, mpd_uri, rep)
        if rep.track is not None:
            _check_media(reader, mpd_uri, rep, rep.track)
            _check_bandwidth(reader, mpd_uri, rep, rep.track, _seconds(mpd.get("minBufferTime")) or 0.0)
    tracks = [rep.track for rep in found if rep.track is not None]
    _check_mpd(reader, mpd_uri, mpd, tracks)
    check_media(reader, tracks)
    return found


def _load_set(reader: Reader, mpd_uri: str, set_: ET.Element) -> list[Representation]:
    found: list[Representation] = []
    for element in set_.iter(f"{_NS}Representation"):
        template = element.find(f"{_NS}SegmentTemplate")
        template = set_.find(f"{_NS}SegmentTemplate") if template is None else template
        base_url = element.findtext(f"{_NS}BaseURL")
        if template is not None:
            rep = Representation(set_, element, template)
            rep.track = _load_track(reader, mpd_uri, rep)
            found.append(rep)
        elif base_url is not None:
            reader.get(base_url)
        else:
            reader.add("dash.syntax", mpd_uri, f"{element.get('id')} names no segments")
    return found


def _load_track(reader: Reader, mpd_uri: str, rep: Representation) -> Track | None:
    timeline = rep.template.find(f"{_NS}SegmentTimeline")
    if timeline is None:
        reader.add("dash.syntax", mpd_uri, f"{rep.id} has no SegmentTimeline")
        return None
    timescale, number = int(rep.template.get("timescale", "1")), int(rep.template.get("startNumber", "1"))
    references: list[Reference] = []
    for time, duration in _entries(timeline):
        uri = _fill(rep.template.get("media", ""), rep, number + len(references), time)
        references.append(Reference(uri, time / timescale, duration / timescale))
    return load_track(reader, _fill(rep.template.get("initialization", ""), rep, 0, 0), references)


def _entries(timeline: ET.Element) -> list[tuple[int, int]]:
    """(time, duration) of each segment, repeats unrolled."""
    found: list[tuple[int, int]] = []
    time = 0
    for entry in timeline:
        time = int(entry.get("t", time))
        for _ in range(int(entry.get("r", "0")) + 1):
            found.append((time, int(entry.attrib["d"])))
            time += int(entry.attrib["d"])
    return found


def _fill(template: str, rep: Representation, number: int, time: int) -> str:
    values = {"RepresentationID": rep.id, "Number": number, "Time": time, "Bandwidth": rep.element.get("bandwidth", "")}

    def value(match: re.Match[str]) -> str:
        if not match[1]:
            return "$"
        return str(values[match[1]]).zfill(int(match[2] or 0))

    return re.sub(r"\$(?:(\w+?)(?:%0(\d+)d)?)?\$", value, template)


def _check_mpd(reader: Reader, uri: str, mpd: ET.Element, tracks: list[Track]) -> None:
    needed = ("profiles", "minBufferTime", "mediaPresentationDuration")
    if mpd.tag != f"{_NS}MPD" or any(mpd.get(name) is None for name in needed):
        reader.add("dash.syntax", uri, f"{mpd.tag} with {sorted(mpd.keys())}, needs {needed}")
    dynamic = [name for name in ("minimumUpdatePeriod", "timeShiftBufferDepth", "availabilityStartTime") if mpd.get(name) is not None]
    # Packager's --generate_static_live_mpd keeps a time shift depth, which a static MPD makes void.
    if mpd.get("type", "static") != "static" or (dynamic and reader.expect.profile == "yeoul"):
        reader.add("dash.static", uri, f"type {mpd.get('type')}, {dynamic}")
    # The edit list of sound takes its delay away; that of pictures what their offsets hold besides.
    ends = [float(track.end) - (track.init.edit_media_time / track.init.timescale if track.kind == "audio" else 0) for track in tracks]
    duration_s, longest_s = _seconds(mpd.get("mediaPresentationDuration")), max(ends, default=0.0)
    # Priming and padding of sound are not played: two AAC frames.
    if duration_s is None or (all(track.is_whole for track in tracks) and not longest_s - 0.26 < duration_s < longest_s + 0.01):
        reader.add("dash.static", uri, f"lasts {duration_s} s, its media {longest_s:.3f} s")
    if duration_s is not None and all(track.is_whole for track in tracks) and duration_s < longest_s - 1e-6:
        reader.add(
            "dash.static", uri, f"lasts {duration_s} s, its media until {longest_s:.6f} s: players that fill their buffers never end"
        )


def _seconds(text: str | None) -> float | None:
    match = _DURATION.fullmatch(text or "")
    return None if match is None else int(match[1] or 0) * 3600 + int(match[2] or 0) * 60 + float(match[3] or 0)


def _check_attributes(reader: Reader, uri: str, rep: Representation) -> None:
    needed = ["mimeType", "codecs", "bandwidth", "startWithSAP", "segmentAlignment"]
    needed += ["width", "height", "frameRate", "sar"] if rep.kind == "video" else ["audioSamplingRate"]
    if reader.expect.profile == "packager":
        needed = [name for name in needed if name != "startWithSAP"]
    missing = [name for name in needed if rep.get(name) is None]
    channels = [e for parent in (rep.element, rep.set_) for e in parent.findall(f"{_NS}AudioChannelConfiguration")]
    if rep.kind == "audio" and not channels:
        missing.append("AudioChannelConfiguration")
    if missing:
        reader.add("dash.attributes", uri, f"{rep.id} lacks {', '.join(missing)}")
    if rep.track is not None and rep.kind == "audio" and channels:
        declared = channels[0].get("value"), rep.get("audioSamplingRate")
        actual = str(rep.track.init.channels), str(rep.track.init.sample_rate)
        if declared != actual:
            reader.add("dash.attributes", uri, f"{rep.id} declares {declared} channels and rate, bytes {actual}")


def _check_media(reader: Reader, uri: str, rep: Representation, track: Track) -> None:
    if rep.get("codecs") != track.init.codec:
        reader.add("stream.codecs", uri, f"{rep.id} codecs {rep.get('codecs')}, bytes {track.init.codec}")
    if rep.kind != track.kind:
        reader.add("dash.attributes", uri, f"{rep.id} mimeType {rep.get('mimeType')}, handler {track.kind}")
    if track.init.sps is not None:
        _check_picture(reader, uri, rep, track)
    offset_s = int(rep.template.get("presentationTimeOffset", "0")) / int(rep.template.get("timescale", "1"))
    if track.is_whole and abs(offset_s) > 1e-9 and reader.expect.profile == "yeoul":
        reader.add("dash.timeline", uri, f"{rep.id} presentationTimeOffset of {offset_s} s; the edit list maps to zero already")
    for number, part in enumerate(track.parts):
        timed = off_by(reader, track, number)
        if max(abs(value) for value in timed) > 1e-6:
            reader.add("dash.timeline", part.uri, f"S is {timed[0]:+.6f} s from tfdt and {timed[1]:+.6f} s longer")


def _check_picture(reader: Reader, uri: str, rep: Representation, track: Track) -> None:
    sps = track.init.sps
    if sps is None:
        return
    declared = rep.get("width"), rep.get("height")
    if declared != (str(sps.width), str(sps.height)):
        reader.add("stream.resolution", uri, f"{rep.id} {declared}, SPS {sps.width}x{sps.height}")
    if rep.get("sar") is not None and Fraction((rep.get("sar") or "1:1").replace(":", "/")) != sps.sar:
        reader.add("stream.resolution", uri, f"{rep.id} sar {rep.get('sar')}, SPS {sps.sar}")
    rate, measured = rep.get("frameRate"), measured_rate(track)
    if rate is not None and track.is_whole and abs(float(Fraction(rate)) - measured) > 0.005 * measured:
        reader.add("stream.frame-rate", uri, f"{rep.id} frameRate {rate}, measured {measured:.3f}")


def needed_rate(track: Track, buffer_s: float) -> float:
    """The smallest constant rate that plays from any segment on after `buffer_s`, each segment whole before it starts.

    Bisection over a simulated download, so that it shares nothing with the writer's way to the same figure.
    """
    low, high = 0.0, 8.0 * track.size_bytes / buffer_s + 1
    while high - low > 0.5:
        rate = (low + high) / 2
        low, high = (low, rate) if _plays(track, buffer_s, rate) else (rate, high)
    return high


def _plays(track: Track, buffer_s: float, rate: float) -> bool:
    """A viewer who starts at any segment is served when `late`, the worst backlog so far, fits into the buffer."""
    late = 0.0
    for number, part in enumerate(track.parts):
        if number:
            late = max(0.0, late - float(track.parts[number - 1].duration))
        late += 8 * len(part.data) / rate
        if late > buffer_s:
            return False
    return True


def _check_bandwidth(reader: Reader, uri: str, rep: Representation, track: Track, buffer_s: float) -> None:
    # Packager declares the dearest segment's rate, whatever its minBufferTime.
    if not track.is_whole or buffer_s <= 0 or reader.expect.profile == "packager":
        return
    declared, needed = int(rep.get("bandwidth") or 0), needed_rate(track, buffer_s)
    if not needed * 0.999 <= declared <= needed * (1 + _WITHIN):
        reader.add("dash.bandwidth", uri, f"{rep.id} bandwidth {declared}, needed {needed:.0f} bit/s with a buffer of {buffer_s} s")
