"""`make bench`: fresh runs, a table on standard output, `bench/results.json` beside this file.

    python -m bench [P1 P5 crowd clips ...] [--pairs N]

Most figures are ratios of two things run in turn (A B A B ...); median and range are printed, with cores and load of the machine.
The file keeps the newest run of each figure. `clips` has no figure: it says what is wrong with the big clips, if anything is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.browser_upload import BrowserUpload, make_large, measure_browser_upload
from bench.clients import bench_clients
from bench.clips import print_findings
from bench.crowd import Crowd, upload_crowd
from bench.delivery import bench_delivery
from bench.evidence import find_encode_s
from bench.figure import Figure, save_figures
from bench.first_frame import bench_first_frame
from bench.growth import measure
from bench.process import Cost, own_cores, pinned, run_cost, tree_cpu_s, tree_memory_bytes
from bench.quality import compare
from bench.receiving import bench_receiving
from bench.reference import make_reference_command
from bench.server import Server
from bench.smooth import bench_smooth
from bench.throughput import measure_events, measure_tasks
from bench.worker_loss import bench_worker_loss
from tests.clips.collection import BIG, GOOD, HEAVY, find_clip
from tests.contract.databases import PostgresServer, running_postgres
from yeoul.media.limits import Limits
from yeoul.media.source.probe import probe
from yeoul.media.video.ladder import make_ladder

_REAL60 = "real60-720p.mp4"
_QUALITY_CLIPS = (
    *("bunny-480p-30s.mp4", "rabbit-480p-8s.mp4", "real60-720p.mp4", "cars-12fps-30s.mp4", "people-noaudio-139s.mp4"),
    *("hevc-1080p-10s.mp4", "crystal-vp8.webm", "square-vp9.webm", "pcm-50fps.mov", "mpeg2-mp2.ts", "hdr10-av1-portrait.mp4"),
)
_DAGS = ("standard", "premium")
_LARGE_BYTES = 2_000_000_000
_LARGE_RUNS = 2  # each writes 4 GB
_SETTLE_S = 5.0  # after the last upload
_IDLE_S = 60.0
_RESULTS = Path(__file__).parent / "results.json"


def _reference(source: Path) -> Cost:
    """The reference ffmpeg over a source, with the ladder that Yeoul gives it."""
    rungs = make_ladder(probe(source, Limits()))
    with tempfile.TemporaryDirectory() as folder:
        return run_cost(make_reference_command(source, rungs, Path(folder)))


def bench_fast_line(pairs: int) -> list[Figure]:
    """P1 and P2: real60 at local disk speed against the reference."""
    cpu, wall, rows = [], [], []
    for _ in range(pairs):
        # A server of its own for each: one that knows the bytes would take over what it made of them.
        with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "data") as server:
            reference = _reference(find_clip(_REAL60))
            ours = server.measure_upload(find_clip(_REAL60))
            cpu.append(ours.cost.cpu_s / reference.cpu_s)
            wall.append(ours.result["timings"]["ready_s"] / reference.wall_s)
            rows.append(
                {"reference": asdict(reference), "ours": asdict(ours.cost), "client_cpu_s": ours.client_cpu_s, **ours.result["timings"]}
            )
    detail: dict[str, object] = {"runs": rows}
    return [
        Figure("P1", "CPU, first byte to ready / one ffmpeg", "<= 1.00", cpu, detail, least=0.5),
        Figure("P2", "wall, local upload to ready / one ffmpeg on all cores", "<= 1.00", wall, detail, least=0.3),
    ]


def bench_slow_line(pairs: int) -> list[Figure]:
    """P3 and P4: an uplink on which the upload lasts as long as the reference's encode."""
    whole, playable, rows = [], [], []
    size_bytes = find_clip(_REAL60).stat().st_size
    for _ in range(pairs):
        with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "data") as server:
            reference = _reference(find_clip(_REAL60))
            rate = int(size_bytes / reference.wall_s)
            times = server.measure_upload(find_clip(_REAL60), "--limit-rate", str(rate)).result["timings"]
            whole.append(times["ready_s"] / (times["upload_s"] + reference.wall_s))
            playable.append(100 * min(1.0, times["playable_s"] / times["upload_s"]))
            rows.append({"reference": asdict(reference), **times})
    detail: dict[str, object] = {"runs": rows}
    return [
        Figure("P3", "start to ready / (upload, then one ffmpeg)", "<= 0.55", whole, detail, least=0.3),
        Figure("P4", "% of the upload's time (and bytes) gone when playable", "<= 5", playable, detail),
    ]


def bench_tail(pairs: int) -> list[Figure]:
    """P5: from the last byte to ready, when workers keep up: a 30 s and a 363 s clip on lines slower than their encode."""
    bunny, long = find_clip("bunny-480p-30s.mp4"), find_clip("long-1080p-363s.mp4")
    runs: dict[Path, list[Tail]] = {bunny: [], long: []}
    costs = {clip: _reference(clip).wall_s for clip in runs}
    for _ in range(pairs):
        with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "data") as server:
            for clip, tails in runs.items():
                tails.append(_measure_tail(server, clip, int(clip.stat().st_size / (2.0 * costs[clip]))))
    ratios = [late.tail_s / early.tail_s for early, late in zip(*runs.values(), strict=True)]
    detail: dict[str, object] = {clip.name: [asdict(tail) for tail in tails] for clip, tails in runs.items()}
    return [
        Figure("P5", "last byte to ready, 363 s clip / 30 s clip", "<= 1.5", ratios, detail),
        _tail_figure("P5s", "30 s clip", runs[bunny]),
        _tail_figure("P5l", "363 s clip", runs[long]),
    ]


@dataclass(frozen=True)
class Tail:
    """From the last byte to ready; piece_s: the encode of one piece to all rungs (median of the run), slowest_s: of the slowest."""

    tail_s: float
    piece_s: float
    slowest_s: float


def _measure_tail(server: Server, clip: Path, rate: int) -> Tail:
    result = server.measure_upload(clip, "--limit-rate", str(rate)).result
    pieces_s = find_encode_s(server.data, result["id"])
    times = result["timings"]
    return Tail(times["ready_s"] - times["upload_s"], statistics.median(pieces_s), max(pieces_s))


def _tail_figure(name: str, clip: str, tails: Sequence[Tail]) -> Figure:
    most_s = statistics.median(tail.piece_s for tail in tails) + 1
    what = f"last byte to ready, {clip}, seconds (target: one piece's encode + 1)"
    return Figure(name, what, f"<= {most_s:.2f}", [tail.tail_s for tail in tails])


def bench_throughput(pairs: int) -> list[Figure]:
    """P6: events of the pure scheduler, and tasks that do nothing through the durable queue, each second."""
    events, sqlite, postgres, rows = [], [], [], []
    with running_postgres(is_durable=True) as server:
        for _ in range(pairs):
            by_size = {f"{name}, {pieces} pieces": measure_events(name, pieces) for name in _DAGS for pieces in (100, 1000)}
            found = {f"{kind}, {cpu} at a time": measure_tasks(cpu, url()) for cpu in (64, 4) for kind, url in _urls(server).items()}
            events.append(min(by_size.values()))
            sqlite.append(found["sqlite, 64 at a time"].per_s)
            postgres.append(found["postgresql, 64 at a time"].per_s)
            rows.append({"events_per_s": by_size, "tasks": {name: asdict(one) for name, one in found.items()}})
    detail: dict[str, object] = {"runs": rows}
    return [
        Figure("P6", "events a second, pure scheduler, slowest of the definitions", ">= 50000", events, detail),
        Figure("P6s", "tasks claimed and finished a second, SQLite FULL", ">= 1000", sqlite),
        Figure("P6p", "tasks claimed and finished a second, PostgreSQL", ">= 1500", postgres),
    ]


def _urls(server: PostgresServer) -> dict[str, Callable[[], str]]:
    return {"sqlite": lambda: "", "postgresql": server.empty}


def bench_growth(pairs: int) -> list[Figure]:
    """P7: milliseconds for each task as runs grow and wait."""
    longer, more, rows = [], [], []
    for _ in range(pairs):
        by_pieces = {pieces: measure(pieces, 1) for pieces in (10, 100, 1000)}
        by_runs = {runs: measure(4, runs, tasks=80) for runs in (10, 100, 1000)}
        longer.append(max(by_pieces[100], by_pieces[1000]) / by_pieces[10])
        more.append(max(by_runs[100], by_runs[1000]) / by_runs[10])
        rows.append({"ms_per_task_by_pieces": by_pieces, "ms_per_task_by_waiting_runs": by_runs})
    detail: dict[str, object] = {"runs": rows}
    return [
        Figure("P7", "cost of a task: up to 1,000 pieces / 10 pieces", "<= 1.3", longer, detail),
        Figure("P7w", "cost of a task: up to 1,000 runs waiting / 10 runs", "<= 1.3", more, detail),
    ]


def bench_start(pairs: int) -> list[Figure]:
    """P14 and P17: second start to healthy, memory of the idle tree, and the share of a core that it uses."""
    starts, memory, idle = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        with Server(Path(folder) / "data"):
            pass
        for _ in range(pairs):
            server = Server(Path(folder) / "data")
            starts.append(server.start().started_s)
            server.measure_upload(find_clip("rabbit-480p-8s.mp4"))
            memory.append(tree_memory_bytes(server.pid) / 2**20)
            time.sleep(_SETTLE_S)
            before_s = tree_cpu_s(server.pid)
            time.sleep(_IDLE_S)
            idle.append(100 * (tree_cpu_s(server.pid) - before_s) / _IDLE_S)
            server.stop()
    return [
        Figure("P14", "second start to healthy, seconds", "<= 3", starts),
        Figure("P14m", "memory of the idle tree, MiB (PSS)", "<= 400", memory),
        Figure("P17", "CPU of the idle tree, % of a core", "<= 0.3", idle),
    ]


def bench_browser(pairs: int) -> list[Figure]:
    """P11: 2 GB sent by the upload page in Chromium."""
    runs: list[BrowserUpload] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "large.mp4"
        make_large(_LARGE_BYTES, file)
        for number in range(min(pairs, _LARGE_RUNS)):
            at = Path(folder) / str(number)
            at.mkdir()
            runs.append(measure_browser_upload(file, at))
            shutil.rmtree(at)
    detail: dict[str, object] = {"runs": [asdict(run) for run in runs]}
    speeds, heaps = [run.page_bps / run.raw_bps for run in runs], [max(run.heap_bytes) / 1e6 for run in runs]
    return [
        Figure("P11", "browser upload of 2 GB: bytes a second / one PUT of the same file", ">= 0.8", speeds, detail),
        Figure("P11h", "browser upload of 2 GB: JS heap of page and worker at most, MB", "< 200", heaps),
    ]


def bench_quality(_pairs: int) -> list[Figure]:
    """P12: nothing is timed, so that each clip is encoded once; a table of each, whatever it says."""
    ratios, rows = [], []
    for clip in _QUALITY_CLIPS:
        found = compare(find_clip(clip))
        print(found.table(), flush=True)
        rows.append(asdict(found))
        ratios += [] if found.ratio is None else [found.ratio]
    return [Figure("P12", "bits at equal VMAF, per-title / fixed ladder, a value for each clip", "<= 0.70", ratios, {"clips": rows})]


def bench_crowd(pairs: int) -> list[Figure]:
    """All good clips at once on two cores, by pieces and again as whole files: memory of the tree, and what a visitor notices."""
    crowds: list[Crowd] = []
    clips = [find_clip(name) for name in GOOD]
    with tempfile.TemporaryDirectory() as folder, pinned(2):
        with Server(Path(folder) / "data", YEOUL_ENGINE__WORKERS="2") as server:
            for _ in range(pairs):
                crowds += [upload_crowd(server, clips, *way, "--visibility", "public") for way in ((), ("--whole",))]
        return _crowd_figures(crowds)


def _crowd_figures(crowds: Sequence[Crowd]) -> list[Figure]:
    """One value for each crowd, by pieces and as whole files in turn."""
    wrong = [_count_wrong(crowd) for crowd in crowds]
    detail: dict[str, object] = {"in turn": ["pieces", "whole"], "loads": [str(crowd.load) for crowd in crowds]}
    return [
        Figure("crowdM", "crowd: memory of the tree at most, MiB (PSS)", "< 1536", [max(c.load.pss_bytes) / 2**20 for c in crowds], detail),
        Figure("crowd50", "crowd: interactive pages, p50, ms", "< 250", [1000 * crowd.load.slow_s(50) for crowd in crowds]),
        Figure("crowd99", "crowd: interactive pages, p99, ms", "< 250", [1000 * crowd.load.slow_s(99) for crowd in crowds]),
        Figure("crowdX", f"crowd: of {len(GOOD)} clips not ready, and pages not answered", "0", wrong),
        Figure("crowdW", "crowd: from the first byte to the last ready, seconds", "(told)", [crowd.lasted_s for crowd in crowds]),
    ]


def _count_wrong(crowd: Crowd) -> float:
    unready = sum(result["state"] != "ready" for result in crowd.results.values())
    return unready + sum(status != 200 for _, _, status in crowd.load.answers)


_BENCHES: dict[str, Callable[[int], list[Figure]]] = {
    "P1": bench_fast_line,
    "P3": bench_slow_line,
    "P5": bench_tail,
    "P6": bench_throughput,
    "P7": bench_growth,
    "P9": bench_delivery,
    "P10": bench_first_frame,
    "P11": bench_browser,
    "P12": bench_quality,
    "P14": bench_start,
    "P15": bench_receiving,
    "crowd": bench_crowd,
    "loss": bench_worker_loss,
    "smooth": bench_smooth,
    "clients": bench_clients,
}
_CLIPS = "clips"


def main(argv: Sequence[str]) -> int:
    names = [*_BENCHES, _CLIPS]
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("which", nargs="*", metavar="NAME", help=f"of {', '.join(names)} (P1 brings P2, P3 brings P4); default: all")
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args(argv)
    if unknown := [name for name in arguments.which if name not in names]:
        parser.error(f"there is no bench {unknown[0]}")
    chosen = arguments.which or names
    print(f"{len(own_cores())} of {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start", flush=True)
    for name, bench in _BENCHES.items():
        if name in chosen:
            figures = bench(arguments.pairs)
            save_figures(figures, _RESULTS)
            print("\n".join(figure.line() for figure in figures), flush=True)
    return print_findings((*BIG, *HEAVY)) if _CLIPS in chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
