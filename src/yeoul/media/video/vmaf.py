"""Measures the quality of encoded frames against the source: by VMAF, or by an estimate from SSIM if ffmpeg was built without VMAF.

Frames are compared at the size of the ladder's top rung, upright and in the colours of the rungs, as a full-screen player shows them.
VMAF: Li, Aaron, Katsavounidis, Moorthy, Manohara, "Toward a practical perceptual video quality metric", Netflix, 2016.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from yeoul.base.errors import MediaToolError
from yeoul.media.binaries import feed_ffmpeg_path
from yeoul.media.limits import Limits, ffmpeg_input_options, run_tool
from yeoul.media.video.filter import LUT_FILE, make_graph, needs_lut
from yeoul.media.video.tonemap import make_lut
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

Metric = Literal["vmaf", "ssim-estimate"]
_MODEL_4K_ABOVE = 1440  # shorter side in pixels; the 4K model assumes a distance of 1.5 screen heights instead of 3
_SSIM_FLOOR = 1e-4
_PIXELS_AT_ONCE = 8_500_000  # maximum over all files that one ffmpeg compares: VMAF needs about 100 bytes per pixel


@cache
def find_metric() -> Metric:
    """Returns the metric that this machine's ffmpeg can measure."""
    filters = subprocess.run(
        [feed_ffmpeg_path(), "-hide_banner", "-filters"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    return "vmaf" if re.search(r"^\s*\S+\s+libvmaf\s", filters, re.MULTILINE) else "ssim-estimate"


def measure_quality(
    piece_file: Path,
    piece: Piece,
    source: Source,
    top: Rung,
    encoded: Sequence[Path],
    out: Path,
    limits: Limits,
    *,
    metric: Metric,
    every: int,
) -> tuple[float, ...]:
    """Returns the mean quality (0 to 100) of each encoded file against the piece, from every `every`-th frame.

    encoded: files with init and the frames that the piece owns. out: a folder for the reports. Raises what `run_tool` raises, and
    MediaToolError if a report has no value.
    """
    if needs_lut(source.video):
        (out / LUT_FILE).write_text(make_lut(source.video))
    at_once = max(1, _PIXELS_AT_ONCE // (top.width * top.height))
    qualities: list[float] = []
    for first in range(0, len(encoded), at_once):
        batch = encoded[first : first + at_once]
        run_tool(make_quality_command(piece_file, piece, source, top, batch, limits, metric=metric, every=every), limits=limits, cwd=out)
        qualities += [_read_report(out / report_name(position), metric) for position in range(len(batch))]
    return tuple(qualities)


def make_quality_command(
    piece_file: Path, piece: Piece, source: Source, top: Rung, encoded: Sequence[Path], limits: Limits, *, metric: Metric, every: int
) -> list[str]:
    """Returns the ffmpeg command that decodes the piece once, compares all encoded files and writes reports to its working folder."""
    command = [feed_ffmpeg_path(), "-v", "error", "-nostdin", "-threads", "1", "-filter_complex_threads", "1", "-copyts", "-noautorotate"]
    for file in (piece_file, *encoded):
        command += [*ffmpeg_input_options(limits), "-i", f"file:{file}"]
    command += ["-filter_complex", _make_graph(piece, source, top, len(encoded), metric, every)]
    for position in range(len(encoded)):
        command += ["-map", f"[q{position}]", "-f", "null", "-"]
    return command


def report_name(position: int) -> str:
    """Returns the name of the report of the encoded file at a position."""
    return f"quality-{position}.txt"


def _make_graph(piece: Piece, source: Source, top: Rung, count: int, metric: Metric, every: int) -> str:
    # Frames are paired by number, because times of the encoded frames are rounded to another timescale.
    references = "".join(f"[r{position}]" for position in range(count))
    parts = [make_graph(piece, source, [top]), f"[o0]settb=1/1000,setpts=N,split={count}{references}"]
    for position in range(count):
        scale = f"scale={top.width}:{top.height}:flags=bicubic,format=yuv420p,setsar=1"
        parts.append(f"[{position + 1}:v:0]{scale},settb=1/1000,setpts=N[e{position}]")
        parts.append(_compare(position, top, metric, every))
    return ";".join(parts)


def _compare(position: int, top: Rung, metric: Metric, every: int) -> str:
    report, ends = report_name(position), "eof_action=endall:repeatlast=0"
    if metric == "vmaf":
        model = "vmaf_4k_v0.6.1" if min(top.width, top.height) > _MODEL_4K_ABOVE else "vmaf_v0.6.1"
        options = f"model=version={model}:n_subsample={every}:n_threads=1:log_fmt=json:log_path={report}:{ends}"
        return f"[e{position}][r{position}]libvmaf={options}[q{position}]"
    selection = f"select='not(mod(n\\,{every}))'"
    pair = f"[e{position}]{selection}[es{position}];[r{position}]{selection}[rs{position}]"
    return f"{pair};[es{position}][rs{position}]ssim=stats_file={report}:{ends}[q{position}]"


def _read_report(file: Path, metric: Metric) -> float:
    text = file.read_text() if file.exists() else ""
    if metric == "vmaf":
        quality = json.loads(text)["pooled_metrics"]["vmaf"]["mean"] if text else math.nan
    else:
        values = [float(value) for value in re.findall(r" Y:([\d.]+)", text)]
        quality = estimate_from_ssim(sum(values) / len(values)) if values else math.nan
    if not math.isfinite(quality):
        raise MediaToolError("the quality of an encoded piece could not be measured", metric=metric)
    return float(quality)


def estimate_from_ssim(ssim: float) -> float:
    """Estimates VMAF (0 to 100) from the mean SSIM of luma: linear in its decibels, fitted to 35 encodes of five clips.

    The error was 6 points on average and 35 at worst (a large video at 240 lines): good enough for ranking, but not comparable with VMAF.
    """
    decibels = -10 * math.log10(max(_SSIM_FLOOR, 1 - ssim))
    return min(100.0, max(0.0, 2.8 * decibels + 36.0))
