"""`make bench`: fresh runs, a table on standard output, `bench/results.json` beside this file.

    python -m bench [P1 P5 ...] [--pairs N]

Each figure is a ratio of two things run in turn (A B A B ...); median and range are printed, with the load of the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.growth import measure
from bench.process import Cost, run_cost, tree_memory_bytes
from bench.quality import compare
from bench.reference import make_reference_command
from bench.server import BenchServer
from yeoul.media.ladder import make_ladder
from yeoul.media.limits import Limits
from yeoul.media.probe import probe

_MEDIA = Path(os.environ.get("YEOUL_MEDIA") or Path(__file__).parents[2] / "shared" / "media")
_REAL60 = _MEDIA / "real60-720p.mp4"
_BUNNY = _MEDIA / "bunny-480p-30s.mp4"
_QUALITY_CLIPS = (
    *("bunny-480p-30s.mp4", "rabbit-480p-8s.mp4", "real60-720p.mp4", "cars-12fps-30s.mp4", "people-noaudio-139s.mp4"),
    *("hevc-1080p-10s.mp4", "crystal-vp8.webm", "square-vp9.webm", "pcm-50fps.mov", "mpeg2-mp2.ts", "hdr10-av1-portrait.mp4"),
)
_LONG = _MEDIA / "long-1080p-363s.mp4"


@dataclass
class Figure:
    """One line of the table. values: one for each pair; detail: what they were made of."""

    id: str
    what: str
    target: str
    values: list[float]
    detail: dict[str, object] = field(default_factory=dict)

    def line(self) -> str:
        middle = statistics.median(self.values)
        return f"{self.id:<4} {middle:8.3f}  [{min(self.values):.3f} .. {max(self.values):.3f}]  target {self.target:<10} {self.what}"


def _reference(source: Path) -> Cost:
    """The reference ffmpeg over a source, with the ladder that Yeoul gives it."""
    rungs = make_ladder(probe(source, Limits()))
    with tempfile.TemporaryDirectory() as folder:
        return run_cost(make_reference_command(source, rungs, Path(folder)))


def bench_fast_line(pairs: int) -> list[Figure]:
    """P1 and P2: real60 at local disk speed against the reference."""
    cpu, wall, rows = [], [], []
    with tempfile.TemporaryDirectory() as folder, BenchServer(Path(folder) / "data") as server:
        for _ in range(pairs):
            reference = _reference(_REAL60)
            ours = server.upload(_REAL60)
            cpu.append(ours.cost.cpu_s / reference.cpu_s)
            wall.append(ours.result["timings"]["ready_s"] / reference.wall_s)
            rows.append(
                {"reference": asdict(reference), "ours": asdict(ours.cost), "client_cpu_s": ours.client_cpu_s, **ours.result["timings"]}
            )
    detail: dict[str, object] = {"runs": rows}
    return [
        Figure("P1", "CPU, first byte to ready / one ffmpeg", "<= 1.10", cpu, detail),
        Figure("P2", "wall, local upload to ready / one ffmpeg on all cores", "<= 1.10", wall, detail),
    ]


def bench_slow_line(pairs: int) -> list[Figure]:
    """P3 and P4: an uplink on which the upload lasts as long as the reference's encode."""
    whole, playable, rows = [], [], []
    size_bytes = _REAL60.stat().st_size
    with tempfile.TemporaryDirectory() as folder, BenchServer(Path(folder) / "data") as server:
        for _ in range(pairs):
            reference = _reference(_REAL60)
            rate = int(size_bytes / reference.wall_s)
            times = server.upload(_REAL60, "--limit-rate", str(rate)).result["timings"]
            whole.append(times["ready_s"] / (times["upload_s"] + reference.wall_s))
            playable.append(100 * min(1.0, times["playable_s"] / times["upload_s"]))
            rows.append({"reference": asdict(reference), **times})
    detail: dict[str, object] = {"runs": rows}
    return [
        Figure("P3", "start to ready / (upload, then one ffmpeg)", "<= 0.60", whole, detail),
        Figure("P4", "% of the upload's time (and bytes) gone when playable", "<= 15", playable, detail),
    ]


def bench_tail(pairs: int) -> list[Figure]:
    """P5: from the last byte to ready, when workers keep up: a 30 s and a 363 s clip on lines slower than their encode."""
    ratios, rows = [], []
    with tempfile.TemporaryDirectory() as folder, BenchServer(Path(folder) / "data") as server:
        costs = {clip: _reference(clip).wall_s for clip in (_BUNNY, _LONG)}
        for _ in range(pairs):
            tails = {}
            for clip in (_BUNNY, _LONG):
                rate = int(clip.stat().st_size / (2.0 * costs[clip]))
                times = server.upload(clip, "--limit-rate", str(rate)).result["timings"]
                tails[clip.name] = times["ready_s"] - times["upload_s"]
            ratios.append(tails[_LONG.name] / tails[_BUNNY.name])
            rows.append(tails)
    return [Figure("P5", "last byte to ready, 363 s clip / 30 s clip", "<= 1.5", ratios, {"seconds": rows})]


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
    """P14: second start to healthy, and memory of the idle tree."""
    starts, memory = [], []
    with tempfile.TemporaryDirectory() as folder:
        with BenchServer(Path(folder) / "data"):
            pass
        for _ in range(pairs):
            server = BenchServer(Path(folder) / "data")
            starts.append(server.start())
            server.upload(_MEDIA / "rabbit-480p-8s.mp4")
            memory.append(tree_memory_bytes(server.pid) / 2**20)
            server.stop()
    return [
        Figure("P14", "second start to healthy, seconds", "<= 3", starts),
        Figure("P14m", "memory of the idle tree, MiB (PSS)", "<= 400", memory),
    ]


def bench_quality(_pairs: int) -> list[Figure]:
    """P12: nothing is timed, so that each clip is encoded once; a table of each, whatever it says."""
    ratios, rows = [], []
    for clip in _QUALITY_CLIPS:
        found = compare(_MEDIA / clip)
        print(found.table(), flush=True)
        rows.append(asdict(found))
        ratios += [] if found.ratio is None else [found.ratio]
    return [Figure("P12", "bits at equal VMAF, per-title / fixed ladder, a value for each clip", "<= 0.75", ratios, {"clips": rows})]


_BENCHES: dict[str, Callable[[int], list[Figure]]] = {
    "P1": bench_fast_line,
    "P3": bench_slow_line,
    "P5": bench_tail,
    "P7": bench_growth,
    "P12": bench_quality,
    "P14": bench_start,
}


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("which", nargs="*", metavar="P", help=f"of {', '.join(_BENCHES)} (P1 brings P2, P3 brings P4); default: all")
    parser.add_argument("--pairs", type=int, default=5)
    arguments = parser.parse_args(argv)
    unknown = [name for name in arguments.which if name not in _BENCHES]
    if unknown:
        parser.error(f"there is no bench {unknown[0]}")
    figures: list[Figure] = []
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start", flush=True)
    for name, bench in _BENCHES.items():
        if not arguments.which or name in arguments.which:
            for figure in bench(arguments.pairs):
                figures.append(figure)
                print(figure.line(), flush=True)
    results = {"cores": os.cpu_count(), "load_at_end": os.getloadavg(), "figures": [asdict(figure) for figure in figures]}
    (Path(__file__).parent / "results.json").write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
