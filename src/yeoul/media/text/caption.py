"""Strict readers for captions that users write as WebVTT or SubRip: each error names the line of the first bad cue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NoReturn

from yeoul.base.errors import InvalidError
from yeoul.media.text.cue_text import srt_to_cue_text
from yeoul.media.text.webvtt import MAX_TEXT_BYTES, header_length, normalise_webvtt

_CLOCK: Final = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_SRT_CLOCK: Final = r"(\d{1,4}):([0-5]\d):([0-5]\d)[,.](\d{3})"
_WEBVTT_TIMES: Final = re.compile(rf"\s*{_CLOCK}\s+-->\s+{_CLOCK}(?:\s.*)?")
_SRT_TIMES: Final = re.compile(rf"\s*{_SRT_CLOCK}\s*-->\s*{_SRT_CLOCK}(?:\s.*)?")
_OTHER_BLOCK: Final = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_TAG: Final = re.compile(r"<[^<>]*>")


def read_webvtt(text: str) -> str:
    """Returns WebVTT in the form that we serve, with cues only. Raises InvalidError, with the line, if a cue cannot be read."""
    lines = _split_lines(text)
    if not re.fullmatch(r"WEBVTT(?:\s.*)?", lines[0]):
        _refuse(1, "the file must start with WEBVTT")
    for first_line, block in _split_blocks(lines, header_length(lines)):
        if not _OTHER_BLOCK.match(block[0]):
            _find_times(first_line, block, _WEBVTT_TIMES, "00:01.000 --> 00:02.500")
    return normalise_webvtt("\n".join(lines))


def read_srt(text: str) -> str:
    """Converts SubRip to WebVTT; keeps bold, italic and underline, drops fonts and positions. Raises as `read_webvtt` does."""
    out = ["WEBVTT", ""]
    for first_line, block in _split_blocks(_split_lines(text), 0):
        position = _find_times(first_line, block, _SRT_TIMES, "00:00:01,000 --> 00:00:02,500")
        cue_text = srt_to_cue_text("\n".join(block[position + 1 :]))
        if not _TAG.sub("", cue_text).strip():
            _refuse(first_line + position, "the cue has no text")
        times = _SRT_TIMES.fullmatch(block[position])
        assert times is not None, "_find_times matched the line"
        out += ["{:0>2}:{}:{}.{} --> {:0>2}:{}:{}.{}".format(*times.groups()), cue_text, ""]
    return normalise_webvtt("\n".join(out))


def _split_lines(text: str) -> list[str]:
    if len(text) > MAX_TEXT_BYTES:  # the text has at least as many bytes as characters
        raise InvalidError(f"captions may have at most {MAX_TEXT_BYTES} bytes", field="captions", max_bytes=MAX_TEXT_BYTES)
    plain = text.removeprefix("\ufeff").replace("\0", "\ufffd")
    return [line if line.strip() else "" for line in plain.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def _split_blocks(lines: Sequence[str], start: int) -> Iterator[tuple[int, list[str]]]:
    """Yields (number of the first line, lines) of each block between blank lines."""
    block: list[str] = []
    for number, line in enumerate([*lines[start:], ""], start + 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _find_times(first_line: int, block: Sequence[str], times: re.Pattern[str], example: str) -> int:
    """Returns the position of the line with the cue's times in its block. Raises InvalidError if the cue is malformed."""
    position = next((index for index, line in enumerate(block[:2]) if "-->" in line), None)
    if position is None:
        _refuse(first_line, f"the cue has no times, as in {example}")
    match = times.fullmatch(block[position])
    if match is None:
        _refuse(first_line + position, f"the times do not have the form {example}")
    if _to_millis(match.groups()[4:8]) <= _to_millis(match.groups()[:4]):
        _refuse(first_line + position, "the cue must end after it starts")
    if position + 1 == len(block):
        _refuse(first_line + position, "the cue has no text")
    for number, line in enumerate(block[position + 1 :], first_line + position + 1):
        if "-->" in line:
            _refuse(number, "a blank line is missing before these times")
    return position


def _to_millis(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, millis = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis


def _refuse(line: int, message: str) -> NoReturn:
    raise InvalidError(f"line {line}: {message}", field="captions", line=line)
