"""`yeoul serve edge`: streams alone, from the same database and store, also while the API is down."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.server import Server, free_port
from tests.e2e.waiting import wait_for

_YEOUL = (sys.executable, "-m", "yeoul.cli.main")


@pytest.fixture
def edge(yeoul_server: Server) -> Iterator[str]:
    """The address of an edge beside the shared server."""
    port = free_port()
    process = subprocess.Popen([*_YEOUL, "serve", "edge", "--data", str(yeoul_server.data), "--port", str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: process.poll() is not None or _is_healthy(address), "the edge answers")
        assert process.poll() is None
        yield address
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def _is_healthy(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_an_edge_delivers_what_the_server_does(yeoul_server: Server, edge: str, media_dir: Path):
    """The same bytes and headers; segments of more than 1 MiB go another way than small ones."""
    result = yeoul_server.upload(media_dir / "pcm-50fps.mov", "--visibility", "public")
    base = result["hls"].rpartition("/")[0].removeprefix(yeoul_server.url)
    master = httpx.get(f"{edge}{base}/master.m3u8").text
    folders = sorted({line.rpartition("/")[0] for line in re.findall(r"[\w./~-]+\.m3u8", master) if "/" in line})
    assert len(folders) > 3
    sizes: list[int] = []
    for path in (
        "master.m3u8",
        "manifest.mpd",
        *(f"{folder}/{name}" for folder in folders for name in ("index.m3u8", "init.mp4", "0.m4s")),
    ):
        here, there = (httpx.get(f"{address}{base}/{path}") for address in (edge, yeoul_server.url))
        assert (here.status_code, here.content) == (200, there.content), path
        assert {name: here.headers[name] for name in ("etag", "content-type", "cache-control", "content-length")} == {
            name: there.headers[name] for name in ("etag", "content-type", "cache-control", "content-length")
        }
        sizes.append(len(here.content))
    assert max(sizes) > 2**20 > min(sizes)
    large = next(f"{folder}/0.m4s" for folder in folders if len(httpx.get(f"{edge}{base}/{folder}/0.m4s").content) > 2**20)
    whole = httpx.get(f"{edge}{base}/{large}").content
    part = httpx.get(f"{edge}{base}/{large}", headers={"range": "bytes=1000-1999"})
    assert (part.status_code, part.content) == (206, whole[1000:2000])
    rest = httpx.get(f"{edge}{base}/{large}", headers={"range": "bytes=1-"})
    assert (rest.status_code, rest.content) == (200, whole)  # larger ranges are not held in memory
    for path in ("/", "/api/v1/feed", "/watch/x", "/blob/encoded/x"):
        assert httpx.get(f"{edge}{path}").status_code == 404
    assert b"yeoul_http_requests_total" in httpx.get(f"{edge}/metrics").content


def test_an_edge_asks_for_the_token_of_a_private_video(yeoul_server: Server, edge: str, media_dir: Path):
    result = yeoul_server.upload(media_dir / "rabbit-480p-8s.mp4", "--visibility", "private")
    path = result["hls"].removeprefix(yeoul_server.url)
    assert httpx.get(f"{edge}{path}").status_code == 200
    assert httpx.get(f"{edge}/stream/public/{result['id']}/master.m3u8").status_code == 403
    assert httpx.get(f"{edge}/stream/9999999999-0000/{result['id']}/master.m3u8").status_code == 403
    status, _ = yeoul_server.request("PATCH", f"/api/v1/videos/{result['id']}", {"visibility": "public"})
    assert status == 200
    wait_for(lambda: httpx.get(f"{edge}/stream/public/{result['id']}/master.m3u8").status_code == 200, "the edge knows of the change")
