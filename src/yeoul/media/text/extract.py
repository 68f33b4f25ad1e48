"""Captions as WebVTT: extracts the captions of a source (SubRip, mov_text, ASS, WebVTT) and normalises uploaded WebVTT."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import av.error
from av.stream import Discard, Stream

from yeoul.base.errors import InvalidError, MediaError, TooLargeError
from yeoul.media.limits import AV_ERRORS, Limits, open_input
from yeoul.model.source import Source

MAX_TEXT_BYTES: Final = 2 * 2**20
MAX_CUES: Final = 50_000
MAX_TRACKS: Final = 64
_UNTIMED_CUE_S: Final = Fraction(5)  # a cue without an end is shown at most this long

_ASS_TEXT_FIELD: Final = 8  # ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text
_ASS_TOKEN: Final = re.compile(r"\{([^{}]*)\}|\\([Nnh{}\\])|([^{\\]+|.)", re.DOTALL)
_ASS_ESCAPES: Final[dict[str, str]] = {"N": "\n", "n": "\n", "h": "\u00a0"}
_ASS_SWITCH: Final = re.compile(r"\\(?:([biu])(\d+)|r)")

_SRT_TAG: Final = re.compile(r"<(/?)([biu])>", re.IGNORECASE)
# Neither pattern matches past the next bracket, otherwise a text of brackets would take quadratic time.
_SRT_FONT: Final = re.compile(r"</?font\b[^<>]*>", re.IGNORECASE)
_ASS_OVERRIDE: Final = re.compile(r"\{\\[^{}]*\}")

_TIME: Final = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+(.*))?")
_SETTING: Final = re.compile(r"(?:vertical|line|position|size|align):[\w.,%-]+")


@dataclass(frozen=True)
class _Cue:
    """A text shown from start_s to end_s, in seconds from the source's zero. text: WebVTT cue text. settings: its layout in WebVTT."""

    start_s: Fraction
    end_s: Fraction
    text: str
    settings: str = ""


@dataclass(frozen=True)
class ExtractedCaption:
    """A caption of a file. label: its name in players' menus. webvtt: its cues, with times from the first displayed frame."""

    language: str | None
    label: str
    webvtt: str


def extract_captions(path: Path, source: Source, limits: Limits) -> tuple[ExtractedCaption, ...]:
    """Returns the captions of a file as WebVTT, at most 64, in one pass over the file.

    Leaves out captions that cannot be read, or have more than 50,000 cues or 2 MiB, because a video without captions is better than none.
    """
    tracks = {track.stream_index: track for track in source.texts[:MAX_TRACKS]}
    if not tracks:
        return ()
    zero_s = source.start_pts * source.video.time_base.fraction
    cues: dict[int, list[_Cue]] = {index: [] for index in tracks}
    try:
        with open_input(path, limits) as container:
            for stream in container.streams:
                if stream.index not in tracks:
                    stream.discard = Discard.all
            for index, cue in _read_cues([stream for stream in container.streams if stream.index in tracks]):
                if len(cues[index]) <= MAX_CUES:
                    cues[index].append(cue)
    except (*AV_ERRORS, MediaError):
        return ()
    texts: list[ExtractedCaption] = []
    for position, (index, track) in enumerate(tracks.items()):
        if len(cues[index]) > MAX_CUES:
            continue
        try:
            webvtt = _write_webvtt(_set_missing_ends(_rebase_cues(cues[index], zero_s)))
        except TooLargeError:
            continue
        texts.append(ExtractedCaption(track.language, track.title or track.language or f"Text {position + 1}", webvtt))
    return tuple(texts)


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
    return _write_webvtt(cues)


# --- from a container ---


def _read_cues(streams: Sequence[Stream]) -> Iterator[tuple[int, _Cue]]:
    """Yields (stream index, cue) with the container's own times; a cue of unknown duration has end_s equal to start_s."""
    if not streams:
        return
    decoders = {stream.index: cast("Any", stream).decode for stream in streams}
    for packet in cast("Any", streams[0].container).demux(list(streams)):
        if packet.pts is None or packet.size == 0:
            continue
        stream = packet.stream
        tick = stream.time_base or Fraction(1, av.time_base)
        text = "\n".join(filter(None, map(_cue_text, _decode_packet(decoders[stream.index], packet))))
        yield stream.index, _Cue(packet.pts * tick, (packet.pts + (packet.duration or 0)) * tick, text)


def _decode_packet(decode: Any, packet: Any) -> list[Any]:
    try:
        return list(decode(packet))
    except av.error.InvalidDataError:
        return []  # one damaged cue


def _cue_text(rect: Any) -> str:
    """Returns the WebVTT cue text of one ASS event from ffmpeg's caption decoders."""
    event = getattr(rect, "ass", b"").decode("utf-8", "replace")
    fields = event.split(",", _ASS_TEXT_FIELD)
    return ass_to_cue_text(fields[_ASS_TEXT_FIELD]) if len(fields) > _ASS_TEXT_FIELD else ""


def ass_to_cue_text(text: str) -> str:
    """Converts ASS dialogue text to WebVTT cue text; keeps bold, italic and underline, drops other overrides and escapes the text."""
    parts: list[str] = []
    open_tags: list[str] = []
    for override, escape, plain in cast("list[tuple[str, str, str]]", _ASS_TOKEN.findall(text)):
        if override:
            for tag, value in _ASS_SWITCH.findall(override):
                parts.append(_switch_tag(open_tags, tag, on=value != "0") if tag else _close_tags(open_tags))
        elif escape:
            parts.append(_ASS_ESCAPES.get(escape, escape))
        else:
            parts.append(plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    parts.append(_close_tags(open_tags))
    # A blank line would end the cue.
    return "\n".join(line for line in "".join(parts).replace("\r", "\n").split("\n") if line.strip())


def srt_to_cue_text(text: str) -> str:
    """Converts SubRip text to WebVTT cue text; keeps bold, italic and underline. Converts to ASS first, with ASS syntax escaped."""
    escaped = _ASS_OVERRIDE.sub("", _SRT_FONT.sub("", text)).replace("\\", "\\\\").replace("{", "\\{")
    return ass_to_cue_text(_SRT_TAG.sub(lambda tag: f"{{\\{tag[2].lower()}{0 if tag[1] else 1}}}", escaped))


def _close_tags(open_tags: list[str]) -> str:
    closing = "".join(f"</{tag}>" for tag in reversed(open_tags))
    open_tags.clear()
    return closing


def _switch_tag(open_tags: list[str], tag: str, *, on: bool) -> str:
    """Opens a tag, or closes it; then closes the tags inside it first and opens them again. Returns the markup."""
    if on == (tag in open_tags):
        return ""
    if on:
        open_tags.append(tag)
        return f"<{tag}>"
    inner = open_tags[open_tags.index(tag) + 1 :]
    open_tags.remove(tag)
    return "".join(f"</{t}>" for t in reversed(inner)) + f"</{tag}>" + "".join(f"<{t}>" for t in inner)


def _rebase_cues(cues: Iterable[_Cue], zero_s: Fraction) -> Iterator[_Cue]:
    """Yields cues with times from the source's zero, without what lies before it."""
    for cue in cues:
        if cue.end_s > zero_s or cue.start_s >= zero_s:
            yield _Cue(max(Fraction(0), cue.start_s - zero_s), cue.end_s - zero_s, cue.text)


def _set_missing_ends(cues: Iterable[_Cue]) -> Iterator[_Cue]:
    """Yields the cues that have text. A cue of unknown duration ends at the next event (in some formats an empty one) or after 5 s."""
    next_s: Fraction | None = None  # start of the next later event
    timed_cues: list[_Cue] = []
    ordered = sorted(cues, key=lambda cue: cue.start_s, reverse=True)
    for _, group in itertools.groupby(ordered, key=lambda cue: cue.start_s):
        simultaneous = list(group)
        longest_s = simultaneous[0].start_s + _UNTIMED_CUE_S
        for cue in simultaneous:
            end_s = cue.end_s if cue.end_s > cue.start_s else min(longest_s, next_s or longest_s)
            if cue.text:
                timed_cues.append(_Cue(cue.start_s, end_s, cue.text, cue.settings))
        next_s = simultaneous[0].start_s
    yield from reversed(timed_cues)


# --- WebVTT ---


def _split_blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _parse_cue(block: list[str]) -> _Cue | None:
    """Returns the cue of a block, or None if the block is a comment, a style, a region or cannot be read."""
    for position in range(min(2, len(block))):  # an identifier may precede the times
        timing = _TIMING.fullmatch(block[position])
        if timing is not None:
            start_s, end_s = _parse_time(timing.groups()[:4]), _parse_time(timing.groups()[4:8])
            lines = [line for line in block[position + 1 :] if "-->" not in line]
            settings = " ".join(_SETTING.findall(timing.group(9) or ""))
            return _Cue(start_s, end_s, "\n".join(lines), settings) if lines and end_s > start_s else None
    return None


def _parse_time(parts: tuple[str | None, ...]) -> Fraction:
    hours, minutes, seconds, millis = (int(part or 0) for part in parts)
    return Fraction(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis, 1000)


def _write_webvtt(cues: Iterable[_Cue]) -> str:
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
