"""Captions that people write, as WebVTT or SubRip: checked cue by cue, so that what is wrong is told with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NoReturn

from yeoul.base.errors import InvalidError
from yeoul.media.text.extract import MAX_TEXT_BYTES, header_length, normalise_webvtt, srt_to_cue_text

_CLOCK: Final = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_SRT_CLOCK: Final = r"(\d{1,4}):([0-5]\d):([0-5]\d)[,.](\d{3})"
_WEBVTT_TIMES: Final = re.compile(rf"\s*{_CLOCK}\s+-->\s+{_CLOCK}(?:\s.*)?")
_SRT_TIMES: Final = re.compile(rf"\s*{_SRT_CLOCK}\s*-->\s*{_SRT_CLOCK}(?:\s.*)?")
_NO_CUE: Final = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_TAG: Final = re.compile(r"<[^<>]*>")


def read_webvtt(text: str) -> str:
    """WebVTT as we serve it. Raises InvalidError, with the line, where a cue cannot be read; what is no cue is left out."""
    lines = _split(text)
    if not re.fullmatch(r"WEBVTT(?:\s.*)?", lines[0]):
        _refuse(1, "the file must begin with WEBVTT")
    for at, block in _blocks(lines, header_length(lines)):
        if not _NO_CUE.match(block[0]):
            _check(at, block, _WEBVTT_TIMES, "00:01.000 --> 00:02.500")
    return normalise_webvtt("\n".join(lines))


def read_srt(text: str) -> str:
    """SubRip as WebVTT: bold, italic and underline are kept, fonts and positions are not. Raises as `read_webvtt` does."""
    out = ["WEBVTT", ""]
    for at, block in _blocks(_split(text), 0):
        here = _check(at, block, _SRT_TIMES, "00:00:01,000 --> 00:00:02,500")
        said = srt_to_cue_text("\n".join(block[here + 1 :]))
        if not _TAG.sub("", said).strip():
            _refuse(at + here, "the cue has no text")
        times = _SRT_TIMES.fullmatch(block[here])
        assert times is not None, "it was checked"
        found = times.groups()
        out += ["{:0>2}:{}:{}.{} --> {:0>2}:{}:{}.{}".format(*found), said, ""]
    return normalise_webvtt("\n".join(out))


def _split(text: str) -> list[str]:
    if len(text) > MAX_TEXT_BYTES:  # in bytes it is longer still
        raise InvalidError(f"captions may have at most {MAX_TEXT_BYTES} bytes", field="captions", max_bytes=MAX_TEXT_BYTES)
    plain = text.removeprefix("\ufeff").replace("\0", "\ufffd")
    return [line if line.strip() else "" for line in plain.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def _blocks(lines: Sequence[str], begin: int) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, lines) of what stands between blank lines."""
    block: list[str] = []
    for number, line in enumerate([*lines[begin:], ""], begin + 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _check(at: int, block: Sequence[str], times: re.Pattern[str], example: str) -> int:
    """Which line of a cue has its times."""
    here = next((position for position, line in enumerate(block[:2]) if "-->" in line), None)
    if here is None:
        _refuse(at, f"there are no times, as in {example}")
    found = times.fullmatch(block[here])
    if found is None:
        _refuse(at + here, f"the times are not as in {example}")
    if _millis(found.groups()[4:8]) <= _millis(found.groups()[:4]):
        _refuse(at + here, "the cue does not end after it begins")
    if here + 1 == len(block):
        _refuse(at + here, "the cue has no text")
    for number, line in enumerate(block[here + 1 :], at + here + 1):
        if "-->" in line:
            _refuse(number, "a blank line is missing before these times")
    return here


def _millis(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, millis = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis


def _refuse(line: int, message: str) -> NoReturn:
    raise InvalidError(f"line {line}: {message}", field="captions", line=line)
