"""Chapters from the file to the API and the stream, whichever way the file was sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.server import Server
from tests.media.test_chapters import HOSTILE, make_clip


@pytest.mark.parametrize("options", [(), ("--whole",)], ids=["pieces", "whole"])
def test_chapters_are_told_and_served(options: tuple[str, ...], yeoul_server: Server, tmp_path: Path):
    clip = make_clip(tmp_path, "mp4", (0, 2000, "Beginning"), (2000, 5000, HOSTILE))
    result = yeoul_server.upload(clip, *options)
    assert (result["state"], result["exit"]) == ("ready", 0), result["error"]
    found = yeoul_server.get(f"/api/v1/videos/{result['id']}")
    assert found["chapters"] == [
        {"start_s": 0.0, "end_s": 2.0, "title": "Beginning"},
        {"start_s": 2.0, "end_s": 5.0, "title": HOSTILE},
    ]
    status, track = yeoul_server.request("GET", found["playback"]["chapters"], token=None)
    assert status == 200 and track.startswith("WEBVTT")
    assert "00:00:02.000 --> 00:00:05.000\n&lt;script&gt;" in track


def test_a_video_without_chapters_has_no_track(yeoul_server: Server, tmp_path: Path):
    result = yeoul_server.upload(make_clip(tmp_path, "mp4"))
    found = yeoul_server.get(f"/api/v1/videos/{result['id']}")
    assert found["chapters"] == [] and found["playback"]["chapters"] is None
    status, _ = yeoul_server.request("GET", f"{found['playback']['hls'].rpartition('/')[0]}/chapters.vtt")
    assert status == 404
