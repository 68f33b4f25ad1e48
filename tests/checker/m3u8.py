"""A reader of playlists: tags with attributes, segments with their tags (RFC 8216bis 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]*)(?:,|$)')


def attributes(text: str) -> dict[str, str]:
    """An attribute list; quotes are taken off. Raises ValueError where it is malformed."""
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _ATTRIBUTE.match(text, at)
        if match is None or match[1] in found:
            raise ValueError(f"attribute list {text!r} at {at}")
        found[match[1]] = match[2].strip('"')
        at = match.end()
    return found


@dataclass(frozen=True)
class Entry:
    """A segment: URI, seconds, byte range (offset, size) if any."""

    uri: str
    duration_s: float
    byte_range: tuple[int, int] | None = None


@dataclass
class Playlist:
    """tags: (name, value) of all lines that are not segments; variants: (attributes, URI)."""

    tags: list[tuple[str, str]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    variants: list[tuple[dict[str, str], str]] = field(default_factory=list)

    def value(self, name: str) -> str | None:
        return next((value for tag, value in self.tags if tag == name), None)

    def all(self, name: str) -> list[dict[str, str]]:
        return [attributes(value) for tag, value in self.tags if tag == name]

    @property
    def is_ended(self) -> bool:
        return self.value("EXT-X-ENDLIST") is not None


def parse(text: str) -> Playlist:
    found = Playlist()
    duration_s, byte_range, variant, follows = 0.0, None, None, 0
    lines = text.splitlines()
    if not lines or lines[0] != "#EXTM3U":
        raise ValueError("the first line is not #EXTM3U")
    for line in lines[1:]:
        name, _, value = line.removeprefix("#").partition(":")
        if line.startswith("#EXTINF"):
            duration_s = float(value.partition(",")[0])
        elif line.startswith("#EXT-X-BYTERANGE"):
            size, _, offset = value.partition("@")
            byte_range = (int(offset) if offset else follows, int(size))
        elif line.startswith("#EXT-X-STREAM-INF"):
            variant = attributes(value)
        elif line.startswith("#EXT"):
            found.tags.append((name, value))
        elif line and not line.startswith("#"):
            if variant is not None:
                found.variants.append((variant, line))
            else:
                found.entries.append(Entry(line, duration_s, byte_range))
            follows = sum(byte_range) if byte_range else 0
            byte_range = variant = None
    return found
