"""WebVTT: reads what was uploaded, and writes the form that we serve; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from yeoul.base.errors import InvalidError, TooLargeError

MAX_TEXT_BYTES: Final = 2 * 2**20
MAX_CUES: Final = 50_000
MAX_TRACKS: Final = 64

_TIME: Final = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+(.*))?")
_SETTING: Final = re.compile(r"(?:vertical|line|position|size|align):[\w.,%-]+")


@dataclass(frozen=True)
class Cue:
    """A text shown from start_s to end_s, in seconds from the source's zero. text: WebVTT cue text. settings: its layout in WebVTT."""

    start_s: Fraction
    end_s: Fraction
    text: str
    settings: str = ""


def header_length(lines: Sequence[str]) -> int:
    """Returns the number of lines in a WebVTT header, which ends at a blank line or at the first cue's times (WebVTT, 6.1)."""
    return next((position for position, line in enumerate(lines) if position > 0 and (not line.strip() or "-->" in line)), len(lines))


def normalise_webvtt(text: str) -> str:
    """Returns uploaded WebVTT in the form that we serve: a header and the cues in order, without comments, styles, regions and bad cues.

    Raises InvalidError if it is too large, has no WEBVTT header, or has blocks but no cue (WebVTT, W3C, 4.1).
    """
    if len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        raise InvalidError("the captions are too large", field="captions", max_bytes=MAX_TEXT_BYTES)
    plain = text.encode("utf-8", "replace").decode().removeprefix("\ufeff").replace("\0", "\ufffd")
    lines = plain.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        raise InvalidError("captions must start with WEBVTT", field="captions")
    blocks = list(_split_blocks(lines[header_length(lines) :]))
    cues = [cue for block in blocks if (cue := _parse_cue(block)) is not None]
    if len(cues) > MAX_CUES:
        raise InvalidError(f"captions may have at most {MAX_CUES} cues", field="captions", most=MAX_CUES)
    if not cues and any(not re.match(r"NOTE|STYLE|REGION", block[0]) for block in blocks):
        raise InvalidError("the captions have no readable cue", field="captions")
    return write_webvtt(cues)


def _split_blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _parse_cue(block: list[str]) -> Cue | None:
    """Returns the cue of a block, or None if the block is a comment, a style, a region or cannot be read."""
    for position in range(min(2, len(block))):  # an identifier may precede the times
        timing = _TIMING.fullmatch(block[position])
        if timing is not None:
            start_s, end_s = _parse_time(timing.groups()[:4]), _parse_time(timing.groups()[4:8])
            lines = [line for line in block[position + 1 :] if "-->" not in line]
            settings = " ".join(_SETTING.findall(timing.group(9) or ""))
            return Cue(start_s, end_s, "\n".join(lines), settings) if lines and end_s > start_s else None
    return None


def _parse_time(parts: tuple[str | None, ...]) -> Fraction:
    hours, minutes, seconds, millis = (int(part or 0) for part in parts)
    return Fraction(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis, 1000)


def write_webvtt(cues: Iterable[Cue]) -> str:
    lines = ["WEBVTT", ""]
    size = 0
    for cue in sorted(cues, key=lambda cue: (cue.start_s, cue.end_s)):
        start, end = _to_millis(cue.start_s), _to_millis(cue.end_s)
        lines += [f"{_format_time(start)} --> {_format_time(max(end, start + 1))} {cue.settings}".rstrip(), cue.text, ""]
        size += len(cue.text)
        if size > MAX_TEXT_BYTES:
            raise TooLargeError("the caption is larger than allowed", max_bytes=MAX_TEXT_BYTES)
    return "\n".join(lines)


def _to_millis(at_s: Fraction) -> int:
    return round(at_s * 1000)


def _format_time(millis: int) -> str:
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"
