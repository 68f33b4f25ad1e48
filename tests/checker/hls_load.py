"""What a multivariant playlist names, read: lists, tracks, captions."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate

from tests.checker.fetch import Reader, below
from tests.checker.m3u8 import Playlist, parse
from tests.checker.tracks import Reference, Track, load_track


@dataclass
class Media:
    """A media playlist and what it names."""

    uri: str
    playlist: Playlist
    track: Track | None = None


@dataclass
class Hls:
    """All that a master names; by URI from the base."""

    master: Playlist
    medias: dict[str, Media] = field(default_factory=dict)
    iframes: dict[str, Media] = field(default_factory=dict)
    texts: dict[str, Media] = field(default_factory=dict)

    @property
    def tracks(self) -> list[Track]:
        return [media.track for media in self.medias.values() if media.track is not None]


def load(reader: Reader, master_uri: str) -> Hls | None:
    """Read the master and every list that it names; None, with a finding, where it cannot be read."""
    master = _playlist(reader, master_uri)
    if master is None:
        return None
    hls = Hls(master)
    groups = hls.master.all("EXT-X-MEDIA")
    uris = [uri for _, uri in hls.master.variants] + [group["URI"] for group in groups if group.get("TYPE") == "AUDIO" and "URI" in group]
    for uri in dict.fromkeys(uris):
        playlist = _playlist(reader, uri)
        if playlist is not None:
            hls.medias[uri] = Media(uri, playlist, _load_media(reader, uri, playlist))
    for group in groups:
        playlist = _playlist(reader, group["URI"]) if group.get("TYPE") == "SUBTITLES" else None
        if playlist is not None:
            hls.texts[group["URI"]] = Media(group["URI"], playlist)
    for variant in hls.master.all("EXT-X-I-FRAME-STREAM-INF"):
        playlist = _playlist(reader, variant.get("URI", ""))
        if playlist is not None:
            hls.iframes[variant["URI"]] = Media(variant["URI"], playlist)
    return hls


def _playlist(reader: Reader, uri: str) -> Playlist | None:
    text = reader.text(uri)
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        reader.add("hls.syntax", uri, str(error))
        return None


def _load_media(reader: Reader, uri: str, playlist: Playlist) -> Track | None:
    maps = playlist.all("EXT-X-MAP")
    if not maps or not playlist.entries:
        reader.add("hls.syntax", uri, "no EXT-X-MAP" if not maps else "names no segment")
        return None
    starts = accumulate((entry.duration_s for entry in playlist.entries), initial=0.0)
    references = [
        Reference(below(uri, entry.uri), start, entry.duration_s, entry.byte_range)
        for entry, start in zip(playlist.entries, starts, strict=False)
    ]
    return load_track(reader, below(uri, maps[0]["URI"]), references)
