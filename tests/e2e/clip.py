"""An uploaded file as a viewer's program meets it: over HTTP, by the HLS playlists."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from bench.server import Server
from tests import oracle
from tests.checker import Expect, http_fetch, report
from tests.checker.fetch import Reader
from tests.checker.hls_load import Hls, load
from tests.checker.tracks import Track

_CUE = re.compile(r"((?:\d+:)?\d+:\d+\.\d+) --> ((?:\d+:)?\d+:\d+\.\d+)[^\n]*\n(.*?)(?:\n\n|\Z)", re.DOTALL)


@dataclass
class Clip:
    """An uploaded file: what the source is, and what came of it."""

    path: Path
    result: dict[str, Any]
    server: Server
    client: httpx.Client
    folder: Path

    @cached_property
    def source(self) -> oracle.Shown:
        return oracle.find_shown(self.path)

    @cached_property
    def video(self) -> dict[str, Any]:
        return self.server.get(f"/api/v1/videos/{self.result['id']}")

    @property
    def base(self) -> str:
        return self.result["hls"].rpartition("/")[0]

    @cached_property
    def hls(self) -> Hls:
        """All that the HLS playlists name, fetched."""
        reader = Reader(self.base, http_fetch(self.client), Expect())
        found = load(reader, "master.m3u8")
        assert found is not None and not reader.findings, report(reader.findings)
        return found

    @property
    def rungs(self) -> list[Track]:
        """The highest first."""
        videos = [track for track in self.hls.tracks if track.kind == "video"]
        return sorted(videos, key=lambda track: -track.init.width * track.init.height)

    @property
    def audios(self) -> list[Track]:
        return [track for track in self.hls.tracks if track.kind == "audio"]

    def save(self, track: Track) -> Path:
        """A track as one file."""
        path = self.folder / track.name.replace("/", "-")
        if not path.exists():
            path.write_bytes(track.init_data + b"".join(part.data for part in track.parts))
        return path

    def fetch(self, address: str) -> httpx.Response:
        answer = self.client.get(address if "://" in address else self.server.url + address)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[:300])
        return answer

    def tile(self, reference: str) -> Image.Image:
        """The picture that a storyboard's cue names: a sheet and a box of it."""
        name, _, box = reference.partition("#xywh=")
        x, y, width, height = (int(number) for number in box.split(","))
        return Image.open(io.BytesIO(self.fetch(f"{self.base}/{name}").content)).crop((x, y, x + width, y + height))


def read_cues(webvtt: str) -> list[tuple[float, float, str]]:
    """(start, end, text) of each cue, in seconds."""
    return [(_seconds(start), _seconds(end), text.strip()) for start, end, text in _CUE.findall(webvtt.replace("\r\n", "\n"))]


def _seconds(clock: str) -> float:
    return sum(float(part) * 60**power for power, part in enumerate(reversed(clock.split(":"))))


def find_digests(hls: Hls) -> dict[str, list[str]]:
    """SHA-256 of init and segments by track."""
    return {
        track.name: [hashlib.sha256(data).hexdigest() for data in (track.init_data, *(part.data for part in track.parts))]
        for track in hls.tracks
    }
