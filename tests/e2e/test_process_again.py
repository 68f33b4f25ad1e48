"""A video is processed again after one parameter changed, and sent again: only what differs runs, and players notice nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.server import Server
from tests.e2e.waiting import wait_for
from tests.streams import make_source

_API = "/api/v1"
_OPS = '''
from yeoul.pipeline.ops import Context, Output, Piece, op

class Stamped(Output):
    text: str

@op(version="1")
def stamp(context: Context, piece: Piece, *, text: str = "") -> Stamped:
    """What a piece is called."""
    return Stamped(text=f"{text} {piece.piece.index}")

@op(version="1", publishes=True)
def list_stamps(context: Context, stamps: list[Stamped]) -> Output:
    """All of them as a sidecar."""
    context.put_sidecar("stamps.json", [stamp.text for stamp in stamps])
    return Output()
'''
# One small rung: what is counted here is tasks, not pixels.
_DAG = """
name: stamped
ladder: {max_height: 240}
stages:
  encode: {op: encode, scope: piece, latency_sensitive: true}
  audio: {op: audio, scope: piece, when: has_audio}
  poster: {op: poster, scope: video}
  tiles: {op: tiles, scope: piece, needs: [encode]}
  storyboard: {op: storyboard, scope: video, needs: [tiles]}
  stamp: {op: stamp, scope: piece, with: {text: FIRST}}
  stamps: {op: list_stamps, scope: video, needs: [stamp]}
  package: {op: package, scope: video, needs: [encode, audio]}
"""


def _segments(server: Server, video: dict[str, Any]) -> list[str]:
    """Addresses of all segments of the lowest rung, as its playlist has them."""
    master = server.url + video["playback"]["hls"]
    base = master.rsplit("/", 1)[0]
    media = next(line for line in httpx.get(master).text.splitlines() if line.endswith(".m3u8") and not line.startswith("#"))
    folder = f"{base}/{media}".rsplit("/", 1)[0]
    return [f"{folder}/{name}" for name in re.findall(r"^[^#\s]\S*", httpx.get(f"{base}/{media}").text, re.MULTILINE)]


def _ran(server: Server, video_id: str) -> tuple[Counter[str], Counter[str]]:
    """Tasks by stage that ran in the newest run, and those that only took what was there; some may have been tried twice."""
    bars = server.get(f"{_API}/videos/{video_id}/dag/timeline")["bars"]
    done = [bar for bar in bars if bar["outcome"] == "done"]
    odd = [bar for bar in bars if bar["outcome"] != "done"]
    assert len(done) == len({bar["task"] for bar in bars}), odd
    ran, reused = (Counter(bar["stage"] for bar in done if bar["reused"] == kind) for kind in (False, True))
    return ran, reused


def _process(server: Server, video_id: str) -> None:
    edition = server.get(f"{_API}/videos/{video_id}/dag")["edition"]
    assert server.request("POST", f"{_API}/videos/{video_id}/process", {})[0] == 202

    def is_shown() -> bool:
        dag = server.get(f"{_API}/videos/{video_id}/dag")
        assert dag["state"] != "failed", (dag, server.read_log())
        return (dag["edition"], dag["is_shown"]) == (edition + 1, True)

    wait_for(is_shown, "the new edition to be shown")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ops.py").write_text(_OPS)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "stamped.yaml").write_text(_DAG)
    return tmp_path


@pytest.mark.long
def test_only_what_differs_runs(folder: Path, make_server: Callable[..., Server]):
    settings = {"YEOUL_PIPELINE__OPS": str(folder / "ops.py"), "YEOUL_PIPELINE__DAGS": str(folder / "dags")}
    server = make_server(YEOUL_MEDIA__PIECE_S="2", **settings)
    clip = make_source(folder / "clip.mp4", size="256x144", duration_s=20.0)
    first = server.upload(clip, "--pipeline", "stamped")
    assert (first["state"], first["exit"]) == ("ready", 0), (first["error"], server.read_log())
    ran, reused = _ran(server, first["id"])
    pieces = ran["encode"]
    assert pieces >= 8 and reused == {}
    assert ran == {**dict.fromkeys(("encode", "audio", "tiles", "stamp"), pieces), **dict.fromkeys(_ONCE, 1)}
    before = server.get(f"{_API}/videos/{first['id']}")
    old = _segments(server, before)

    server.stop()
    (folder / "dags" / "stamped.yaml").write_text(_DAG.replace("FIRST", "SECOND"))
    server.start()
    _process(server, first["id"])
    ran, reused = _ran(server, first["id"])
    assert ran == {"inspect": 1, "stamp": pieces, "stamps": 1}
    assert sum(reused.values()) == 3 * pieces + 3

    after = server.get(f"{_API}/videos/{first['id']}")
    assert server.get(after["sidecars"]["stamps.json"]) == [f"SECOND {index}" for index in range(pieces)]
    new = _segments(server, after)
    assert not set(new) & set(old), "caches keep what was there under another address"
    for index in (0, pieces // 2, pieces - 1):
        assert httpx.get(new[index]).content == httpx.get(old[index]).content != b""

    # The same bytes once more: nothing is encoded, and neither video needs the other.
    second = server.upload(clip, "--pipeline", "stamped", "--title", "again")
    assert second["state"] == "ready" and second["id"] != first["id"]
    assert _ran(server, second["id"])[0] == {"inspect": 1}
    assert server.request("DELETE", f"{_API}/videos/{first['id']}?forever=true")[0] == 204
    view = server.get(f"{_API}/videos/{second['id']}")
    assert all(httpx.get(address).status_code == 200 for address in _segments(server, view))
    assert view["source"]["frames"] == 600


_ONCE = ("inspect", "poster", "storyboard", "stamps", "package")
