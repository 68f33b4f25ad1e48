"""Text tracks as WebVTT: extracted from a source (SubRip, mov_text, ASS, WebVTT) or checked as uploaded."""

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
from yeoul.media.limits import BROKEN, Limits, open_input
from yeoul.model.source import Source

MAX_TEXT_BYTES: Final = 2 * 2**20
MAX_CUES: Final = 50_000
MAX_TRACKS: Final = 64
_UNTIMED_CUE_S: Final = Fraction(5)  # a cue without an end is shown so long at most

_ASS_TEXT_FIELD: Final = 8  # ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text
_ASS_TOKEN: Final = re.compile(r"\{([^{}]*)\}|\\([Nnh{}\\])|([^{\\]+|.)", re.DOTALL)
_ASS_ESCAPES: Final[dict[str, str]] = {"N": "\n", "n": "\n", "h": "\u00a0"}
_ASS_SWITCH: Final = re.compile(r"\\(?:([biu])(\d+)|r)")

_SRT_TAG: Final = re.compile(r"<(/?)([biu])>", re.IGNORECASE)
# Neither looks further than the next bracket, or a text of brackets would take the square of its length.
_SRT_FONT: Final = re.compile(r"</?font\b[^<>]*>", re.IGNORECASE)
_ASS_OVERRIDE: Final = re.compile(r"\{\\[^{}]*\}")

_TIME: Final = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING: Final = re.compile(rf"[ \t]*{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+(.*))?")
_SETTING: Final = re.compile(r"(?:vertical|line|position|size|align):[\w.,%-]+")


@dataclass(frozen=True)
class _Cue:
    """A text shown from start_s to end_s, both after the source's zero; text is WebVTT cue text, settings its layout."""

    start_s: Fraction
    end_s: Fraction
    text: str
    settings: str = ""


@dataclass(frozen=True)
class Text:
    """A text track of a file. label: as viewers read it in menus; webvtt: times count from the first displayed picture."""

    language: str | None
    label: str
    webvtt: str


def extract_texts(path: Path, source: Source, limits: Limits) -> tuple[Text, ...]:
    """Returns the text tracks of a file as WebVTT, at most 64, by one pass over the file.

    Those that cannot be read, or have more than 50,000 cues or 2 MiB, are left out: the video is worth more than its captions.
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
            for index, cue in _cues([stream for stream in container.streams if stream.index in tracks]):
                if len(cues[index]) <= MAX_CUES:
                    cues[index].append(cue)
    except (*BROKEN, MediaError):
        return ()
    found: list[Text] = []
    for position, (index, track) in enumerate(tracks.items()):
        if len(cues[index]) > MAX_CUES:
            continue
        try:
            webvtt = _written(_ended(_shown(cues[index], zero_s)))
        except TooLargeError:
            continue
        found.append(Text(track.language, track.title or track.language or f"Text {position + 1}", webvtt))
    return tuple(found)


def header_length(lines: Sequence[str]) -> int:
    """Returns how many lines belong to the header of WebVTT: it ends with a blank one, or before the first times (WebVTT, 6.1)."""
    return next((at for at, line in enumerate(lines) if at > 0 and (not line.strip() or "-->" in line)), len(lines))


def normalise_webvtt(text: str) -> str:
    """Uploaded WebVTT as we serve it: header, then its cues in order; comments, styles, regions and broken cues are left out.

    Raises InvalidError where it is too large, has no WEBVTT header, or has blocks of which none is a cue (WebVTT, W3C, 4.1).
    """
    if len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        raise InvalidError("the captions are too large", field="captions", max_bytes=MAX_TEXT_BYTES)
    plain = text.encode("utf-8", "replace").decode().removeprefix("\ufeff").replace("\0", "\ufffd")
    lines = plain.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        raise InvalidError("captions must begin with WEBVTT", field="captions")
    blocks = list(_blocks(lines[header_length(lines) :]))
    cues = [cue for block in blocks if (cue := _parsed(block)) is not None]
    if len(cues) > MAX_CUES:
        raise InvalidError(f"there are more than {MAX_CUES} cues", field="captions", most=MAX_CUES)
    if not cues and any(not re.match(r"NOTE|STYLE|REGION", block[0]) for block in blocks):
        raise InvalidError("the captions hold no readable cue", field="captions")
    return _written(cues)


# --- from a container ---


def _cues(streams: Sequence[Stream]) -> Iterator[tuple[int, _Cue]]:
    """Yields (stream index, cue) with the container's own times; a cue without a length ends where it begins."""
    if not streams:
        return
    decoders = {stream.index: cast("Any", stream).decode for stream in streams}
    for packet in cast("Any", streams[0].container).demux(list(streams)):
        if packet.pts is None or packet.size == 0:
            continue
        stream = packet.stream
        tick = stream.time_base or Fraction(1, av.time_base)
        text = "\n".join(filter(None, map(_cue_text, _decoded(decoders[stream.index], packet))))
        yield stream.index, _Cue(packet.pts * tick, (packet.pts + (packet.duration or 0)) * tick, text)


def _decoded(decode: Any, packet: Any) -> list[Any]:
    try:
        return list(decode(packet))
    except av.error.InvalidDataError:
        return []  # one damaged cue


def _cue_text(rect: Any) -> str:
    """The WebVTT text of one ASS event as ffmpeg's text decoders make it."""
    event = getattr(rect, "ass", b"").decode("utf-8", "replace")
    fields = event.split(",", _ASS_TEXT_FIELD)
    return ass_to_cue_text(fields[_ASS_TEXT_FIELD]) if len(fields) > _ASS_TEXT_FIELD else ""


def ass_to_cue_text(text: str) -> str:
    """ASS dialogue text as WebVTT cue text: bold, italic and underline kept, other overrides dropped, the rest escaped."""
    out: list[str] = []
    open_tags: list[str] = []
    for override, escape, plain in cast("list[tuple[str, str, str]]", _ASS_TOKEN.findall(text)):
        if override:
            for tag, value in _ASS_SWITCH.findall(override):
                out.append(_switched(open_tags, tag, on=value != "0") if tag else _closed(open_tags))
        elif escape:
            out.append(_ASS_ESCAPES.get(escape, escape))
        else:
            out.append(plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    out.append(_closed(open_tags))
    # A blank line would end the cue.
    return "\n".join(line for line in "".join(out).replace("\r", "\n").split("\n") if line.strip())


def srt_to_cue_text(text: str) -> str:
    """Returns SubRip's text as WebVTT cue text, by way of ASS, of which all but SubRip's own tags is escaped."""
    bare = _ASS_OVERRIDE.sub("", _SRT_FONT.sub("", text)).replace("\\", "\\\\").replace("{", "\\{")
    return ass_to_cue_text(_SRT_TAG.sub(lambda tag: f"{{\\{tag[2].lower()}{0 if tag[1] else 1}}}", bare))


def _closed(open_tags: list[str]) -> str:
    closing = "".join(f"</{tag}>" for tag in reversed(open_tags))
    open_tags.clear()
    return closing


def _switched(open_tags: list[str], tag: str, *, on: bool) -> str:
    """Open a tag, or close it with those opened inside it, which are opened again."""
    if on == (tag in open_tags):
        return ""
    if on:
        open_tags.append(tag)
        return f"<{tag}>"
    inner = open_tags[open_tags.index(tag) + 1 :]
    open_tags.remove(tag)
    return "".join(f"</{t}>" for t in reversed(inner)) + f"</{tag}>" + "".join(f"<{t}>" for t in inner)


def _shown(cues: Iterable[_Cue], zero_s: Fraction) -> Iterator[_Cue]:
    """Cues counted from the source's zero, cut off before it."""
    for cue in cues:
        if cue.end_s > zero_s or cue.start_s >= zero_s:
            yield _Cue(max(Fraction(0), cue.start_s - zero_s), cue.end_s - zero_s, cue.text)


def _ended(cues: Iterable[_Cue]) -> Iterator[_Cue]:
    """Yields cues with text; those without a length end with the next event (an empty one, in some formats) or after five seconds."""
    next_s: Fraction | None = None  # when the next event begins that is later than this one
    ended: list[_Cue] = []
    ordered = sorted(cues, key=lambda cue: cue.start_s, reverse=True)
    for _, together in itertools.groupby(ordered, key=lambda cue: cue.start_s):
        same = list(together)
        longest_s = same[0].start_s + _UNTIMED_CUE_S
        for cue in same:
            end_s = cue.end_s if cue.end_s > cue.start_s else min(longest_s, next_s or longest_s)
            if cue.text:
                ended.append(_Cue(cue.start_s, end_s, cue.text, cue.settings))
        next_s = same[0].start_s
    yield from reversed(ended)


# --- WebVTT ---


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _parsed(block: list[str]) -> _Cue | None:
    """The cue of a block; None for a comment, a style, a region, or what cannot be read."""
    for position in range(min(2, len(block))):  # an identifier may stand before the times
        timing = _TIMING.fullmatch(block[position])
        if timing is not None:
            start_s, end_s = _seconds(timing.groups()[:4]), _seconds(timing.groups()[4:8])
            lines = [line for line in block[position + 1 :] if "-->" not in line]
            settings = " ".join(_SETTING.findall(timing.group(9) or ""))
            return _Cue(start_s, end_s, "\n".join(lines), settings) if lines and end_s > start_s else None
    return None


def _seconds(parts: tuple[str | None, ...]) -> Fraction:
    hours, minutes, seconds, millis = (int(part or 0) for part in parts)
    return Fraction(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis, 1000)


def _written(cues: Iterable[_Cue]) -> str:
    lines = ["WEBVTT", ""]
    size = 0
    for cue in sorted(cues, key=lambda cue: (cue.start_s, cue.end_s)):
        begin, end = _millis(cue.start_s), _millis(cue.end_s)
        lines += [f"{_timestamp(begin)} --> {_timestamp(max(end, begin + 1))} {cue.settings}".rstrip(), cue.text, ""]
        size += len(cue.text)
        if size > MAX_TEXT_BYTES:
            raise TooLargeError("the text track is larger than allowed", max_bytes=MAX_TEXT_BYTES)
    return "\n".join(lines)


def _millis(at_s: Fraction) -> int:
    return round(at_s * 1000)


def _timestamp(millis: int) -> str:
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"
