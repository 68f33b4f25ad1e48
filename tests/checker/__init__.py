"""A rule by rule checker of HLS and DASH streams, from the bytes that a player would fetch.

    findings = check_streams("http://host/stream/token/id/", http_fetch(client), Expect(display_size=(1280, 720), frames=1800))
    assert not findings, report(findings)

`check_hls` and `check_dash` check one protocol each; `check_streams` both, and that they name the same files.
"""

from tests.checker.dash import check_dash
from tests.checker.fetch import folder_fetch, http_fetch
from tests.checker.hls import check_hls
from tests.checker.rules import RULES, Expect, Finding, report
from tests.checker.streams import check_streams

__all__ = ["RULES", "Expect", "Finding", "check_dash", "check_hls", "check_streams", "folder_fetch", "http_fetch", "report"]
