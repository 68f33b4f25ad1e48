"""Both protocols at once, and that they name the same bytes."""

from __future__ import annotations

from tests.checker.dash import Representation, load_and_check_dash
from tests.checker.fetch import Fetch, Reader, folder_fetch
from tests.checker.hls import load_and_check_hls
from tests.checker.hls_load import Hls
from tests.checker.rules import Expect, Finding
from tests.checker.tracks import Track


def check_streams(
    base: str,
    fetch: Fetch = folder_fetch,
    expect: Expect | None = None,
    *,
    master: str = "master.m3u8",
    mpd: str = "manifest.mpd",
) -> list[Finding]:
    """All rules of a complete stream, each file fetched once; an empty list means that every one holds."""
    reader = Reader(base, fetch, expect or Expect())
    hls = load_and_check_hls(reader, master)
    representations = load_and_check_dash(reader, mpd)
    if hls is not None and representations:
        _check_same(reader, mpd, hls, representations)
    return reader.findings


def _check_same(reader: Reader, mpd: str, hls: Hls, representations: list[Representation]) -> None:
    by_hls = {_names(track) for track in hls.tracks}
    by_dash = {_names(rep.track) for rep in representations if rep.track is not None}
    for names in sorted(by_hls ^ by_dash):
        reader.add("both.same-files", mpd, f"only {'HLS' if names in by_hls else 'DASH'} names {names[0]} with {len(names) - 1} segments")


def _names(track: Track) -> tuple[str, ...]:
    return (track.name, *(part.uri for part in track.parts))
