"""Tolerant readers for caption files that users upload: WebVTT, SubRip, SSA, ASS, TTML, SBV and LRC in any encoding.

A cue that cannot be read is skipped and reported with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from yeoul.base.errors import InvalidError
from yeoul.media.text.cue_text import ass_to_cue_text, srt_to_cue_text
from yeoul.media.text.encoding import decode_text
from yeoul.media.text.webvtt import MAX_CUES, MAX_TEXT_BYTES, header_length, normalise_webvtt

MAX_CUE_ERRORS: Final = 100
_LANGUAGE: Final = re.compile(r"\.([a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\.[a-z0-9]+$", re.IGNORECASE)
_CLOCK: Final = r"(\d{1,4}):([0-5]?\d):([0-5]?\d)[.,](\d{1,3})"
_WEBVTT_TIMES: Final = re.compile(
    r"\s*(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})\s*-->\s*(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})(?:\s+(.*))?"
)
_SRT_TIMES: Final = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?")
_SBV_TIMES: Final = re.compile(rf"\s*{_CLOCK}\s*,\s*{_CLOCK}\s*")
_ASS_CLOCK: Final = re.compile(r"\s*(\d{1,4}):([0-5]?\d):([0-5]?\d)[.:](\d{1,3})\s*")
_LRC_TIME: Final = re.compile(r"\[(\d{1,4}):([0-5]?\d)(?:[.:](\d{1,3}))?\]")
_LRC_LINE: Final = re.compile(r"(?:\[\d{1,4}:[0-5]?\d(?:[.:]\d{1,3})?\])+")
_OTHER_BLOCK: Final = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_TAG: Final = re.compile(r"<[^<>]*>")
_TTML_CLOCK: Final = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)(?:\.(\d{1,9})|:(\d{1,3}))?")
_TTML_OFFSET: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|m|s|ms|f|t)")
_OFFSETS: Final = {"h": 3_600_000.0, "m": 60_000.0, "s": 1000.0, "ms": 1.0}
_UNTIMED_MS: Final = 5000  # how long the last line of an LRC file is shown: LRC has start times only


@dataclass(frozen=True)
class CueError:
    """A cue that could not be read. line: counted from 1. message: why."""

    line: int
    message: str


@dataclass(frozen=True)
class CaptionFile:
    """Captions as WebVTT, the encoding of the file, and the cues that could not be read."""

    webvtt: str
    encoding: str
    slips: tuple[CueError, ...]


@dataclass(frozen=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


_Entries = Iterator[_Cue | CueError]


def read_caption_file(data: bytes, file_name: str, language: str | None = None, encoding: str | None = None) -> CaptionFile:
    """Reads a caption file of at most 2 MiB.

    language: a hint for the encoding; by default the language in a name like film.ko.srt. A cue that cannot be read is left out and
    reported in `slips`, which has at most 100 entries. Raises InvalidError if the file is too large, its encoding or format is unknown, or
    it has no readable cue.
    """
    if len(data) > MAX_TEXT_BYTES:
        raise InvalidError(f"captions may have at most {MAX_TEXT_BYTES} bytes", field="data", max_bytes=MAX_TEXT_BYTES)
    name_match = _LANGUAGE.search(file_name)
    text, used_encoding = decode_text(data, language or (name_match[1] if name_match else None), encoding)
    plain = text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    cues: list[_Cue] = []
    slips: list[CueError] = []
    size = 0
    for entry in _find_reader(plain)(plain):
        if isinstance(entry, CueError):
            slips.append(entry)
        elif entry.end_ms > entry.start_ms and _TAG.sub("", entry.text).strip():
            cues.append(entry)
        size += 0 if isinstance(entry, CueError) else len(entry.text)
        if size > MAX_TEXT_BYTES:  # a line of an LRC file may be repeated at many times
            raise InvalidError(f"captions may have at most {MAX_TEXT_BYTES} bytes", field="data", max_bytes=MAX_TEXT_BYTES)
        if len(cues) > MAX_CUES:
            raise InvalidError(f"captions may have at most {MAX_CUES} cues", field="data", most=MAX_CUES)
    if not cues:
        first = slips[0] if slips else CueError(1, "the file has no cues")
        raise InvalidError(f"line {first.line}: {first.message}", field="data", line=first.line)
    webvtt = "\n".join(["WEBVTT", "", *(_format_cue(cue) for cue in cues)])
    return CaptionFile(normalise_webvtt(webvtt), used_encoding, tuple(slips[:MAX_CUE_ERRORS]))


def _find_reader(text: str) -> Callable[[str], _Entries]:
    """Returns the reader for the format that the text starts with. Raises InvalidError if the format is unknown."""
    head = text.lstrip("\ufeff \n\t")[:4096]
    if re.match(r"WEBVTT(?:\s|$)", head):
        return _read_webvtt
    if head.startswith("<") and re.search(r"<(?:\w+:)?tt[\s>]", head):
        return _read_ttml
    if re.search(r"^\[(?:Script Info|V4\+? Styles|Events)\]", head, re.MULTILINE | re.IGNORECASE):
        return _read_ass
    for line in head.split("\n"):
        if "-->" in line:
            return _read_srt
        if _SBV_TIMES.fullmatch(line):
            return _read_sbv
        if _LRC_LINE.match(line):
            return _read_lrc
    raise InvalidError("this is not a caption file in a supported format: WebVTT, SubRip, SSA, ASS, TTML, SBV or LRC", field="data")


def _format_cue(cue: _Cue) -> str:
    lines = [line for line in cue.text.split("\n") if line.strip() and "-->" not in line]
    return "\n".join((f"{_format_time(cue.start_ms)} --> {_format_time(cue.end_ms)} {cue.settings}".rstrip(), *lines, ""))


def _format_time(millis: int) -> str:
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"


def _to_millis(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- blocks between blank lines ---


def _read_webvtt(text: str) -> _Entries:
    lines = text.lstrip("\ufeff").split("\n")
    for first_line, block in _split_blocks(lines, header_length(lines)):
        if not _OTHER_BLOCK.match(block[0]):
            yield _read_block(first_line, block, _WEBVTT_TIMES, lambda cue_text: cue_text)


def _read_srt(text: str) -> _Entries:
    for first_line, block in _split_blocks(text.lstrip("\ufeff").split("\n"), 0):
        yield _read_block(first_line, block, _SRT_TIMES, srt_to_cue_text)


def _read_sbv(text: str) -> _Entries:
    for first_line, block in _split_blocks(text.lstrip("\ufeff").split("\n"), 0):
        times = _SBV_TIMES.fullmatch(block[0])
        cue_text = _escape("\n".join(block[1:]).replace("[br]", "\n"))
        yield (
            CueError(first_line, "the times cannot be read")
            if times is None
            else _Cue(_to_millis(*times.groups()[:4]), _to_millis(*times.groups()[4:8]), cue_text)
        )


def _split_blocks(lines: list[str], start: int) -> Iterator[tuple[int, list[str]]]:
    block: list[str] = []
    for number, line in enumerate([*lines[start:], ""], start + 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _read_block(first_line: int, block: list[str], times: re.Pattern[str], to_cue_text: Callable[[str], str]) -> _Cue | CueError:
    position = next((index for index, line in enumerate(block[:2]) if "-->" in line), None)
    if position is None:
        return CueError(first_line, "the cue has no times")
    match = times.fullmatch(block[position])
    if match is None:
        return CueError(first_line + position, "the times cannot be read")
    start, end = _to_millis(*match.groups()[:4]), _to_millis(*match.groups()[4:8])
    if end <= start:
        return CueError(first_line + position, "the cue must end after it starts")
    cue_text = to_cue_text("\n".join(block[position + 1 :]))
    if not cue_text.strip():
        return CueError(first_line + position, "the cue has no text")
    settings = (match.group(9) or "") if match.re is _WEBVTT_TIMES else ""
    return _Cue(start, end, cue_text, settings)


# --- lines ---


def _read_ass(text: str) -> _Entries:
    fields = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    section = ""
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        kind, _, rest = line.partition(":")
        if line.strip().startswith("["):
            section = line.strip().lower()
        elif section == "[events]" and kind.strip().lower() == "format":
            fields = [name.strip().lower() for name in rest.split(",")][:50]
        elif section == "[events]" and kind.strip().lower() == "dialogue":
            yield _read_event(number, dict(zip(fields, rest.split(",", max(0, len(fields) - 1)), strict=False)))


def _read_event(number: int, event: Mapping[str, str]) -> _Cue | CueError:
    start, end = _ASS_CLOCK.fullmatch(event.get("start", "")), _ASS_CLOCK.fullmatch(event.get("end", ""))
    if start is None or end is None:
        return CueError(number, "the times cannot be read")
    return _Cue(_to_millis(*start.groups()), _to_millis(*end.groups()), ass_to_cue_text(event.get("text", "")))


def _read_lrc(text: str) -> _Entries:
    """Yields each line as a cue that ends when the next one starts; a line with several times is repeated at each of them."""
    cues: list[tuple[int, str]] = []
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        times = _LRC_LINE.match(line)
        if times is not None:
            cue_text = _escape(line[times.end() :].strip())
            cues += [(_to_millis(None, *time.groups()), cue_text) for time in _LRC_TIME.finditer(times[0])]
        elif line.strip() and not re.match(r"\[\w+:", line):
            yield CueError(number, "the line has no time")
    cues.sort(key=lambda cue: cue[0])
    for (start, cue_text), (end, _) in zip(cues, [*cues[1:], (cues[-1][0] + _UNTIMED_MS, "")] if cues else [], strict=True):
        yield _Cue(start, end, cue_text)


# --- TTML ---


def _read_ttml(text: str) -> _Entries:
    """Yields the paragraphs of a TTML document with their own times (W3C TTML2, 12.2).

    Raises InvalidError if it is not XML, or has a DTD.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InvalidError("line 1: a DTD is not allowed", field="data", line=1)
    try:
        root = ET.fromstring(text.lstrip("\ufeff").encode())  # noqa: S314 (without a DTD there are no entities to expand)
    except ET.ParseError as error:
        raise InvalidError(f"line {error.position[0]}: this is not valid XML", field="data", line=error.position[0]) from error
    parameters = {name.rpartition("}")[2]: value for name, value in root.attrib.items()}
    for number, paragraph in enumerate(_paragraphs(root), 1):
        start = _read_ttml_time(paragraph.get("begin"), parameters)
        end, duration = _read_ttml_time(paragraph.get("end"), parameters), _read_ttml_time(paragraph.get("dur"), parameters)
        if start is None or (end is None and duration is None):
            yield CueError(number, f"the times of paragraph {number} cannot be read")
            continue
        yield _Cue(start, end if end is not None else start + (duration or 0), _escape(_paragraph_text(paragraph)))


def _paragraphs(root: ET.Element) -> Iterator[ET.Element]:
    """Yields the outermost paragraphs in document order; reading nested ones again would take quadratic time."""
    stack = [root]
    while stack:
        element = stack.pop()
        if element.tag.rpartition("}")[2] == "p":
            yield element
        else:
            stack.extend(reversed(element))


def _paragraph_text(paragraph: ET.Element) -> str:
    parts: list[str] = []
    for element in paragraph.iter():
        if element.tag.rpartition("}")[2] == "br":
            parts.append("\n")
        elif element.text:
            parts.append(re.sub(r"\s+", " ", element.text))
        if element is not paragraph and element.tail:
            parts.append(re.sub(r"\s+", " ", element.tail))
    return "\n".join(line.strip() for line in "".join(parts).split("\n"))


def _read_ttml_time(value: str | None, parameters: Mapping[str, str]) -> int | None:
    if value is None:
        return None
    rate = _parse_number(parameters.get("frameRate"), 30)
    if (clock := _TTML_CLOCK.fullmatch(value.strip())) is not None:
        hours, minutes, seconds, fraction, frames = clock.groups()
        return _to_millis(hours, minutes, seconds, fraction) + (round(int(frames) * 1000 / rate) if frames else 0)
    if (offset := _TTML_OFFSET.fullmatch(value.strip())) is not None:
        ticks = {"f": 1000 / rate, "t": 1000 / _parse_number(parameters.get("tickRate"), 1)}
        return round(float(offset[1]) * {**_OFFSETS, **ticks}[offset[2]])
    return None


def _parse_number(value: str | None, default: int) -> int:
    return int(value) if value is not None and re.fullmatch(r"[1-9]\d{0,8}", value) else default
