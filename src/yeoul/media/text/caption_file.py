"""Caption files as people have them: WebVTT, SubRip, SSA and ASS, TTML, SBV and LRC in any encoding.

What cannot be read of them is told by its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from yeoul.base.errors import InvalidError
from yeoul.media.text.encoding import decode_text
from yeoul.media.text.extract import MAX_CUES, MAX_TEXT_BYTES, ass_to_cue_text, header_length, normalise_webvtt, srt_to_cue_text

MAX_SLIPS: Final = 100
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
_NO_CUE: Final = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_TAG: Final = re.compile(r"<[^<>]*>")
_TTML_CLOCK: Final = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)(?:\.(\d{1,9})|:(\d{1,3}))?")
_TTML_OFFSET: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|m|s|ms|f|t)")
_OFFSETS: Final = {"h": 3_600_000.0, "m": 60_000.0, "s": 1000.0, "ms": 1.0}
_UNTIMED_MS: Final = 5000  # of lyrics, of which only the beginning is told


@dataclass(frozen=True)
class Slip:
    """What could not be read: the number of its line, counted from 1, and why."""

    line: int
    message: str


@dataclass(frozen=True)
class CaptionFile:
    """Captions as WebVTT, the encoding that the file was in, and what of it could not be read."""

    webvtt: str
    encoding: str
    slips: tuple[Slip, ...]


@dataclass(frozen=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


_Found = Iterator[_Cue | Slip]


def read_caption_file(data: bytes, file_name: str, language: str | None = None, encoding: str | None = None) -> CaptionFile:
    """Read a file of captions of at most 2 MiB; language: a hint for its encoding, else the one in a name like film.ko.srt.

    A cue that cannot be read is left out and told of in slips, of which there are at most 100. Raises InvalidError where the file is too
    large, its encoding cannot be told, it is in no known format, or no cue of it can be read.
    """
    if len(data) > MAX_TEXT_BYTES:
        raise InvalidError(f"captions may have at most {MAX_TEXT_BYTES} bytes", field="data", max_bytes=MAX_TEXT_BYTES)
    named = _LANGUAGE.search(file_name)
    text, known = decode_text(data, language or (named[1] if named else None), encoding)
    plain = text.replace("\0", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    cues: list[_Cue] = []
    slips: list[Slip] = []
    size = 0
    for one in _find_reader(plain)(plain):
        if isinstance(one, Slip):
            slips.append(one)
        elif one.end_ms > one.start_ms and _TAG.sub("", one.text).strip():
            cues.append(one)
        size += 0 if isinstance(one, Slip) else len(one.text)
        if size > MAX_TEXT_BYTES:  # a line of lyrics may stand at many times
            raise InvalidError(f"captions may have at most {MAX_TEXT_BYTES} bytes", field="data", max_bytes=MAX_TEXT_BYTES)
        if len(cues) > MAX_CUES:
            raise InvalidError(f"there are more than {MAX_CUES} cues", field="data", most=MAX_CUES)
    if not cues:
        first = slips[0] if slips else Slip(1, "it holds no cue")
        raise InvalidError(f"line {first.line}: {first.message}", field="data", line=first.line)
    webvtt = "\n".join(["WEBVTT", "", *(_write(cue) for cue in cues)])
    return CaptionFile(normalise_webvtt(webvtt), known, tuple(slips[:MAX_SLIPS]))


def _find_reader(text: str) -> Callable[[str], _Found]:
    """By what the file begins with. Raises InvalidError."""
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
    raise InvalidError("this is no file of captions: WebVTT, SubRip, SSA, ASS, TTML, SBV or LRC", field="data")


def _write(cue: _Cue) -> str:
    lines = [line for line in cue.text.split("\n") if line.strip() and "-->" not in line]
    return "\n".join((f"{_clock(cue.start_ms)} --> {_clock(cue.end_ms)} {cue.settings}".rstrip(), *lines, ""))


def _clock(millis: int) -> str:
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"


def _millis(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> int:
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((fraction or "0").ljust(3, "0")[:3])


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- blocks between blank lines ---


def _read_webvtt(text: str) -> _Found:
    lines = text.lstrip("\ufeff").split("\n")
    for at, block in _list_blocks(lines, header_length(lines)):
        if not _NO_CUE.match(block[0]):
            yield _read_block(at, block, _WEBVTT_TIMES, lambda said: said)


def _read_srt(text: str) -> _Found:
    for at, block in _list_blocks(text.lstrip("\ufeff").split("\n"), 0):
        yield _read_block(at, block, _SRT_TIMES, srt_to_cue_text)


def _read_sbv(text: str) -> _Found:
    for at, block in _list_blocks(text.lstrip("\ufeff").split("\n"), 0):
        times = _SBV_TIMES.fullmatch(block[0])
        said = _escape("\n".join(block[1:]).replace("[br]", "\n"))
        yield (
            Slip(at, "the times cannot be read")
            if times is None
            else _Cue(_millis(*times.groups()[:4]), _millis(*times.groups()[4:8]), said)
        )


def _list_blocks(lines: list[str], begin: int) -> Iterator[tuple[int, list[str]]]:
    block: list[str] = []
    for number, line in enumerate([*lines[begin:], ""], begin + 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _read_block(at: int, block: list[str], times: re.Pattern[str], plain: Callable[[str], str]) -> _Cue | Slip:
    here = next((position for position, line in enumerate(block[:2]) if "-->" in line), None)
    if here is None:
        return Slip(at, "there are no times")
    found = times.fullmatch(block[here])
    if found is None:
        return Slip(at + here, "the times cannot be read")
    start, end = _millis(*found.groups()[:4]), _millis(*found.groups()[4:8])
    if end <= start:
        return Slip(at + here, "the cue does not end after it begins")
    said = plain("\n".join(block[here + 1 :]))
    if not said.strip():
        return Slip(at + here, "the cue has no text")
    settings = (found.group(9) or "") if found.re is _WEBVTT_TIMES else ""
    return _Cue(start, end, said, settings)


# --- lines ---


def _read_ass(text: str) -> _Found:
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


def _read_event(number: int, event: Mapping[str, str]) -> _Cue | Slip:
    start, end = _ASS_CLOCK.fullmatch(event.get("start", "")), _ASS_CLOCK.fullmatch(event.get("end", ""))
    if start is None or end is None:
        return Slip(number, "the times cannot be read")
    return _Cue(_millis(*start.groups()), _millis(*end.groups()), ass_to_cue_text(event.get("text", "")))


def _read_lrc(text: str) -> _Found:
    """Each line until the next; a line of several times stands at each of them."""
    begun: list[tuple[int, str]] = []
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        times = _LRC_LINE.match(line)
        if times is not None:
            said = _escape(line[times.end() :].strip())
            begun += [(_millis(None, *time.groups()), said) for time in _LRC_TIME.finditer(times[0])]
        elif line.strip() and not re.match(r"\[\w+:", line):
            yield Slip(number, "there are no times")
    begun.sort(key=lambda one: one[0])
    for (start, said), (after, _) in zip(begun, [*begun[1:], (begun[-1][0] + _UNTIMED_MS, "")] if begun else [], strict=True):
        yield _Cue(start, after, said)


# --- TTML ---


def _read_ttml(text: str) -> _Found:
    """The paragraphs of a TTML document with their own times (W3C TTML2, 12.2). Raises InvalidError for what is no XML, or has a DTD."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InvalidError("line 1: a DTD is not read", field="data", line=1)
    try:
        root = ET.fromstring(text.lstrip("\ufeff").encode())  # noqa: S314 (without a DTD there are no entities to blow up)
    except ET.ParseError as error:
        raise InvalidError(f"line {error.position[0]}: this is no XML", field="data", line=error.position[0]) from error
    parameters = {name.rpartition("}")[2]: value for name, value in root.attrib.items()}
    for number, one in enumerate(_paragraphs(root), 1):
        start = _read_ttml_time(one.get("begin"), parameters)
        end, lasts = _read_ttml_time(one.get("end"), parameters), _read_ttml_time(one.get("dur"), parameters)
        if start is None or (end is None and lasts is None):
            yield Slip(number, f"the times of paragraph {number} cannot be read")
            continue
        yield _Cue(start, end if end is not None else start + (lasts or 0), _escape(_text_of(one)))


def _paragraphs(root: ET.Element) -> Iterator[ET.Element]:
    """Those that stand in no other, in their order: nested ones are not looked at again and again."""
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if one.tag.rpartition("}")[2] == "p":
            yield one
        else:
            waiting.extend(reversed(one))


def _text_of(paragraph: ET.Element) -> str:
    parts: list[str] = []
    for one in paragraph.iter():
        if one.tag.rpartition("}")[2] == "br":
            parts.append("\n")
        elif one.text:
            parts.append(re.sub(r"\s+", " ", one.text))
        if one is not paragraph and one.tail:
            parts.append(re.sub(r"\s+", " ", one.tail))
    return "\n".join(line.strip() for line in "".join(parts).split("\n"))


def _read_ttml_time(value: str | None, parameters: Mapping[str, str]) -> int | None:
    if value is None:
        return None
    rate = _number(parameters.get("frameRate"), 30)
    if (clock := _TTML_CLOCK.fullmatch(value.strip())) is not None:
        hours, minutes, seconds, fraction, frames = clock.groups()
        return _millis(hours, minutes, seconds, fraction) + (round(int(frames) * 1000 / rate) if frames else 0)
    if (offset := _TTML_OFFSET.fullmatch(value.strip())) is not None:
        ticks = {"f": 1000 / rate, "t": 1000 / _number(parameters.get("tickRate"), 1)}
        return round(float(offset[1]) * {**_OFFSETS, **ticks}[offset[2]])
    return None


def _number(value: str | None, otherwise: int) -> int:
    return int(value) if value is not None and re.fullmatch(r"[1-9]\d{0,8}", value) else otherwise
