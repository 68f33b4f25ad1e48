"""Extracts the captions of a source (SubRip, mov_text, ASS, WebVTT) as WebVTT."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import av.error
from av.stream import Discard, Stream

from yeoul.base.errors import MediaError, TooLargeError
from yeoul.media.limits import AV_ERRORS, Limits, open_input
from yeoul.media.text.cue_text import ass_to_cue_text
from yeoul.media.text.webvtt import MAX_CUES, MAX_TRACKS, Cue, write_webvtt
from yeoul.model.source import Source

_UNTIMED_CUE_S: Final = Fraction(5)  # a cue without an end is shown at most this long

_ASS_TEXT_FIELD: Final = 8  # ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text


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
    cues: dict[int, list[Cue]] = {index: [] for index in tracks}
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
            webvtt = write_webvtt(_set_missing_ends(_rebase_cues(cues[index], zero_s)))
        except TooLargeError:
            continue
        texts.append(ExtractedCaption(track.language, track.title or track.language or f"Text {position + 1}", webvtt))
    return tuple(texts)


def _read_cues(streams: Sequence[Stream]) -> Iterator[tuple[int, Cue]]:
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
        yield stream.index, Cue(packet.pts * tick, (packet.pts + (packet.duration or 0)) * tick, text)


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


def _rebase_cues(cues: Iterable[Cue], zero_s: Fraction) -> Iterator[Cue]:
    """Yields cues with times from the source's zero, without what lies before it."""
    for cue in cues:
        if cue.end_s > zero_s or cue.start_s >= zero_s:
            yield Cue(max(Fraction(0), cue.start_s - zero_s), cue.end_s - zero_s, cue.text)


def _set_missing_ends(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Yields the cues that have text. A cue of unknown duration ends at the next event (in some formats an empty one) or after 5 s."""
    next_s: Fraction | None = None  # start of the next later event
    timed_cues: list[Cue] = []
    ordered = sorted(cues, key=lambda cue: cue.start_s, reverse=True)
    for _, group in itertools.groupby(ordered, key=lambda cue: cue.start_s):
        simultaneous = list(group)
        longest_s = simultaneous[0].start_s + _UNTIMED_CUE_S
        for cue in simultaneous:
            end_s = cue.end_s if cue.end_s > cue.start_s else min(longest_s, next_s or longest_s)
            if cue.text:
                timed_cues.append(Cue(cue.start_s, end_s, cue.text, cue.settings))
        next_s = simultaneous[0].start_s
    yield from reversed(timed_cues)
