"""The rules: id, what holds, and where that is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Rule:
    id: str
    text: str
    source: str


@dataclass(frozen=True)
class Finding:
    """One breach: rule id, the file it shows in, what was found."""

    rule: str
    where: str
    detail: str

    def __str__(self) -> str:
        rule = RULES[self.rule]
        return f"{self.rule} {self.where}: {self.detail} ({rule.text}; {rule.source})"


@dataclass(frozen=True)
class Expect:
    """What the caller knows of the source.

    display_size: upright, square pixels. frames: displayed frames. has_audio. profile "packager" leaves out the rules that are our
    own contract and not a standard's: shaka-packager cuts at fixed lengths and declares bandwidths by other definitions.
    """

    display_size: tuple[int, int] | None = None
    frames: int | None = None
    has_audio: bool | None = None
    profile: Literal["yeoul", "packager"] = "yeoul"


_HLS = "RFC 8216bis"
# Its rules are numbered anew from time to time: these are the numbers of the edition of 2025.
_APPLE = "Apple HLS authoring specification"
_DASH = "ISO/IEC 23009-1"
_CMAF = "ISO/IEC 23000-19"
_OURS = "contract, Streams"

_TABLE = (
    Rule("stream.fetch", "every file that is named can be fetched", f"{_HLS} 6.2.1"),
    Rule("stream.boxes", "init and segments are whole ISO BMFF files", f"{_CMAF} 7.3"),
    Rule("stream.brand", "the init segment names a CMAF brand and holds no samples", f"{_CMAF} 7.2, 7.3.2"),
    Rule("stream.codecs", "declared codecs are those of the bytes", f"{_OURS}; RFC 6381 3.3"),
    Rule(
        "stream.profile",
        "H.264 is avc1 in High Profile of at most level 5.2, other codecs are of 8 bits",
        f"{_OURS}; {_APPLE} 1.3b, 1.4, 1.10",
    ),
    Rule("stream.resolution", "declared size is the size of the SPS, in square pixels", f"{_OURS}; {_HLS} 4.4.6.2"),
    Rule("stream.frame-rate", "declared frame rate is the measured one", f"{_OURS}; {_HLS} 4.4.6.2"),
    Rule("stream.upscaled", "no rung is larger than the source is displayed", _OURS),
    Rule("stream.aspect", "every rung has the aspect at which the source is displayed", _OURS),
    Rule("stream.audio", "there is sound if the source has some", _OURS),
    Rule("stream.tfdt", "decode times go on without gap or overlap", f"{_OURS}; {_CMAF} 7.3.2.2; {_APPLE} 7.3"),
    Rule("stream.delay", "edit lists of all tracks take away the same time", f"{_OURS}; players that ignore them stay in sync"),
    Rule("stream.zero", "the picture starts at 0", f"{_OURS}; media starts at the period's start"),
    Rule("stream.shown", "each picture lasts until the next, and none is shown before it is decoded", f"{_OURS}; {_CMAF} 7.5.17"),
    Rule("stream.idr", "each segment starts with an IDR picture (or key frame) and one comes every 2 s", f"{_OURS}; {_APPLE} 1.13, 7.4"),
    Rule("stream.length", "segments last about 6 s, only the first and the last ones less", f"{_OURS}; {_APPLE} 7.6"),
    Rule("stream.aligned", "segments of all rungs of a codec start and end at the same times", f"{_OURS}; {_HLS} 6.2.4; {_APPLE} 8.22"),
    Rule("stream.frames", "every rung decodes to as many frames as the source shows", _OURS),
    Rule("stream.decodes", "each coded frame decodes", _OURS),
    Rule("stream.ladder", "a larger picture has a higher average bit rate, and no two rungs are equal", f"{_APPLE} 1.25"),
    Rule("hls.syntax", "playlists start with EXTM3U and name a version that knows their tags", f"{_HLS} 4.4.1, 8"),
    Rule("hls.independent", "the master says EXT-X-INDEPENDENT-SEGMENTS", f"{_OURS}; {_HLS} 4.4.2.1; {_APPLE} 9.11"),
    Rule("hls.attributes", "each variant has all attributes", f"{_OURS}; {_APPLE} 8.10, 9.1-9.4, 9.14-9.16"),
    Rule("hls.groups", "named groups exist, each with one default of its kind", f"{_HLS} 4.4.6.1"),
    Rule("hls.default", "H.264 comes first, with the variant nearest to 2,000 kb/s", f"{_APPLE} 1.32"),
    Rule("hls.bandwidth", "BANDWIDTH is within 10 % of the measured peak", f"{_OURS}; {_HLS} 4.4.6.2; {_APPLE} 1.27"),
    Rule("hls.average-bandwidth", "AVERAGE-BANDWIDTH is within 10 % of the measured average", f"{_OURS}; {_HLS} 4.4.6.2; {_APPLE} 1.26"),
    Rule(
        "hls.target",
        "no duration rounds to more than the target, which all lists share",
        f"{_HLS} 4.4.3.1, 6.2.4; {_APPLE} 7.7, 8.2",
    ),
    Rule("hls.times", "list times are the decode times of the segments", f"{_OURS}; {_APPLE} 8.1"),
    Rule("hls.ended", "all lists are VOD with ENDLIST, or all EVENT without", f"{_OURS}; {_HLS} 4.4.3.4, 4.4.3.5; {_APPLE} 8.6, 8.8"),
    Rule("hls.horizon", "while growing, sound and picture are listed equally far", _OURS),
    Rule(
        "hls.iframes",
        "each rung has an I-frame list whose ranges decode as one picture each",
        f"{_OURS}; {_HLS} 4.4.3.6; {_APPLE} 6.1, 6.8, 6.10",
    ),
    Rule("hls.text", "captions are WebVTT", f"{_HLS} 3.1.4; {_APPLE} 5.2"),
    Rule("dash.syntax", "the MPD is XML with what its schema requires", f"{_DASH} 5.3.1"),
    Rule("dash.static", "the MPD of a complete video is static and as long as it", f"{_OURS}; {_DASH} 5.3.1.2"),
    Rule("dash.attributes", "each representation has all attributes, and each set one codec", f"{_DASH} 5.3.7.2"),
    Rule("dash.timeline", "the timeline is the decode times and durations of the segments", f"{_OURS}; {_DASH} 5.3.9.6"),
    Rule("dash.bandwidth", "@bandwidth plays without stalling after minBufferTime, and is not over 10 % more", f"{_OURS}; {_DASH} 5.3.5.2"),
    Rule("both.same-files", "HLS and DASH name the same files", _OURS),
    Rule("http.type", "files come with their media type", f"{_OURS}; {_APPLE} 10.4"),
    Rule("http.gzip", "playlists come gzipped", f"{_OURS}; {_APPLE} 10.1"),
)

RULES = {rule.id: rule for rule in _TABLE}


def report(findings: list[Finding]) -> str:
    """The findings, one a line; for assertion messages."""
    return "\n".join(str(finding) for finding in findings)
