"""Measured quality: what is the same looks best, less bits look worse, pictures are paired by number; sampling and choosing from it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bench.quality import compare
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.segment import EncodedSegment
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder
from yeoul.media.video.per_title import choose_rungs
from yeoul.media.video.sample import CRFS, sample_piece
from yeoul.media.video.vmaf import Metric, find_metric, measure_quality
from yeoul.model.piece import Piece
from yeoul.model.source import Source

LIMITS = Limits()
Cut = tuple[Source, Piece, Path]


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """The middle piece of three of a moving picture with detail, in a file that is turned, in a clock of its own."""
    folder = tmp_path_factory.mktemp("vmaf")
    made, turned = folder / "made.mp4", folder / "turned.mp4"
    picture = "testsrc2=s=480x360:r=24,gblur=sigma=0.8,noise=alls=3:allf=t:all_seed=5,transpose=cclock"
    words = [
        "-f",
        "lavfi",
        "-i",
        picture,
        "-t",
        "3",
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "12",
        "-g",
        "24",
        "-pix_fmt",
        "yuv420p",
    ]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words, str(made)], check=True)
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", "-display_rotation", "-90", "-i", str(made), "-c", "copy", str(turned)], check=True)
    plan = plan_split(turned, LIMITS, 1.0)
    assert plan.source.video.rotation_deg == 90 and plan.source.video.display_size == (480, 360)
    piece, file = next(found for found in cut_pieces(turned, plan, folder) if found[0].index == 1)
    return plan.source, piece, file


def whole(made: EncodedSegment) -> Path:
    file = made.path.with_suffix(".whole.mp4")
    file.write_bytes(made.init + made.path.read_bytes())
    return file


@pytest.mark.parametrize("metric", ["vmaf", "ssim-estimate"])
def test_fewer_bits_and_smaller_sizes_look_worse(cut: Cut, metric: Metric, tmp_path: Path):
    source, piece, file = cut
    top, small = make_ladder(source)[0], make_ladder(source)[-1]
    best = top.model_copy(update={"name": "best", "crf": 4.0, "maxrate_bps": 50_000_000})
    poor = top.model_copy(update={"name": "poor", "crf": 40.0})
    made = encode_piece(file, piece, source, [best, top, poor, small], tmp_path, LIMITS)
    files = [whole(one) for one in made]
    found = measure_quality(file, piece, source, top, files, tmp_path, LIMITS, metric=metric, every=5)
    assert found[0] > found[1] > found[2]
    assert found[1] > found[3]
    assert found[0] > 95
    assert found[2] < found[0] - 20


def test_this_machine_measures_vmaf():
    """The binary that comes with the package has it; what it gives is called what it is."""
    assert find_metric() == "vmaf"


def test_a_picture_late_is_seen(cut: Cut, tmp_path: Path):
    """Pairs are made by number: the same pictures one place off are not the same any more."""
    source, piece, file = cut
    top = make_ladder(source)[0].model_copy(update={"crf": 10.0, "maxrate_bps": 50_000_000})
    tick = round(1 / 24 / source.video.time_base.fraction)
    late = piece.model_copy(update={"start_pts": piece.start_pts + tick, "frames": None})
    (made,) = encode_piece(file, late, source, [top], tmp_path, LIMITS)
    right, wrong = (
        measure_quality(file, found, source, top, [whole(made)], tmp_path, LIMITS, metric="vmaf", every=1)[0] for found in (late, piece)
    )
    assert right > wrong + 5


def test_samples_have_every_size_at_every_crf(cut: Cut, tmp_path: Path):
    source, piece, file = cut
    ladder = make_ladder(source)
    shares: list[float] = []
    points = sample_piece(file, piece, source, ladder, tmp_path, LIMITS, seconds=0.5, metric="vmaf", progress=shares.append)
    wanted = {(rung.name, crf) for rung in ladder[:-1] for crf in CRFS} | {(ladder[-1].name, ladder[-1].crf)}
    assert {(point.rung, point.crf) for point in points} == wanted
    assert all(point.seconds == pytest.approx(0.5, abs=0.05) for point in points)
    top = sorted((point for point in points if point.rung == ladder[0].name), key=lambda point: point.crf)
    assert [point.bitrate_bps for point in top] == sorted((point.bitrate_bps for point in top), reverse=True)
    assert max(point.quality for point in top) > next(point.quality for point in points if point.rung == ladder[-1].name)
    assert shares[-1] == 1.0
    chosen = choose_rungs(ladder, points)
    assert {ladder[0].name, ladder[-1].name} <= set(chosen)


@pytest.mark.long
def test_no_more_bits_than_the_fixed_ladder_at_equal_quality(media_dir: Path):
    found = compare(media_dir / "square-vp9.webm")
    assert found.metric == "vmaf"
    assert found.ratio is not None and found.ratio < 1.0
