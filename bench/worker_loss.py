"""What it costs to lose workers: a video of 40 pieces of which every fifth piece's worker is killed once, against one that nothing hits.

Each attempt has a worker process of its own; 8 of them die by kill -9, at moments of their encodes that a seed draws.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

from bench.chaos import make_clip
from bench.evidence import count_done, read_made
from bench.figure import Figure
from bench.ground import Ground, hit
from bench.process import pinned
from bench.server import Server

PIECES = 40
SHARE = 0.2
_PIECE_S = 2
_SEED = 1
_LOOK_S = 0.1


def bench_worker_loss(pairs: int) -> list[Figure]:
    """Wall time with every fifth worker killed, in terms of the wall time without, in turn on two cores."""
    ratios: list[float] = []
    walls: list[tuple[float, float, int]] = []
    with tempfile.TemporaryDirectory() as folder, pinned(2):
        takes = (make_clip(Path(folder) / "clip.mp4", PIECES * _PIECE_S, take) for take in count())
        with Server(Path(folder) / "data", YEOUL_ENGINE__WORKERS="2", YEOUL_MEDIA__PIECE_S=str(_PIECE_S)) as server:
            _run(server, next(takes), "warm", [], armed=False)
            for pair in range(pairs):
                moments = sorted(random.Random(f"{_SEED} {pair}").sample(range(PIECES), round(SHARE * PIECES)))
                whole_s, _ = _run(server, next(takes), f"whole {pair}", moments, armed=False)
                killed_s, lost = _run(server, next(takes), f"killed {pair}", moments, armed=True)
                walls.append((whole_s, killed_s, lost))
                ratios.append(killed_s / whole_s)
    what = f"{SHARE:.0%} of workers killed in a run of {PIECES} pieces: wall time / that of a run unharmed"
    return [Figure("loss", what, f"<= {1 + SHARE}", ratios, {"wall_s, killed wall_s, attempts lost": walls})]


def _run(server: Server, clip: Path, title: str, moments: list[int], *, armed: bool) -> tuple[float, int]:
    """(seconds from an upload's start to ready, attempts more than tasks).

    When so many encodes have ended, for each of `moments`, a worker is killed. Unarmed, it is only looked for: that costs time too.
    """
    began_s = time.monotonic()
    upload = server.start_upload(clip, "--title", title)
    for moment in moments:
        while upload.poll() is None and count_done(server.data, title, "encode") < moment:
            time.sleep(_LOOK_S)
        _shoot(Ground(server), upload, armed=armed)
    result = server.end_upload(upload)
    took_s = time.monotonic() - began_s
    assert result["state"] == "ready", (result, server.read_log())
    made = read_made(server.data, result["id"])
    assert len(made.indexes["240p"]) == PIECES, made.indexes
    extra = sum(made.attempts.values()) - len(made.attempts)
    # Who is killed after its last word costs no attempt.
    assert armed or extra == 0, f"{extra} attempts too many where nothing was killed"
    return took_s, extra


def _shoot(ground: Ground, upload: subprocess.Popen[str], *, armed: bool) -> None:
    """kill -9 to the first worker that is seen to encode."""
    while upload.poll() is None:
        for worker in ground.workers():
            if ground.encoders_of(worker) and (not armed or hit(worker)):
                return
        time.sleep(_LOOK_S)
