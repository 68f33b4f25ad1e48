"""HLS, rule by rule: from the multivariant playlist down to the bytes."""

from __future__ import annotations

from tests.checker.fetch import Fetch, Reader, folder_fetch
from tests.checker.hls_iframe import check_iframes
from tests.checker.hls_list import check_list, check_states, check_text
from tests.checker.hls_load import Hls, load
from tests.checker.hls_master import check_master
from tests.checker.media import check_media
from tests.checker.rules import Expect, Finding


def check_hls(base: str, fetch: Fetch = folder_fetch, expect: Expect | None = None, *, master: str = "master.m3u8") -> list[Finding]:
    """All HLS rules on `base` (a URL or a folder) / `master`; an empty list means that every one holds."""
    reader = Reader(base, fetch, expect or Expect())
    load_and_check_hls(reader, master)
    return reader.findings


def load_and_check_hls(reader: Reader, master_uri: str) -> Hls | None:
    hls = load(reader, master_uri)
    if hls is None:
        return None
    check_master(reader, hls, master_uri)
    for media in [*hls.medias.values(), *hls.iframes.values(), *hls.texts.values()]:
        check_list(reader, hls, media)
    check_states(reader, hls)
    for variant in hls.master.all("EXT-X-I-FRAME-STREAM-INF"):
        check_iframes(reader, hls, variant)
    for media in hls.texts.values():
        check_text(reader, media)
    check_media(reader, hls.tracks)
    return hls
