"""The definition per-title: playlists name the rungs that were chosen, streams keep every rule, sound is as loud as asked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.server import Server
from tests.checker import Expect, check_streams, http_fetch, report
from tests.media.test_loudness import measure_file
from yeoul.base.settings import Settings
from yeoul.bootstrap import read_definitions
from yeoul.media.binaries import ffmpeg_path


def run(definition: str, clip: Path, out: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """(report of the run, what was measured and chosen)."""
    words = ["dag", "run", definition, str(clip), "--out", str(out), "--json"]
    done = subprocess.run([sys.executable, "-m", "yeoul.cli.main", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout), json.loads((out / "per-title.json").read_text())


def variants(out: Path) -> set[str]:
    return set(re.findall(r"^([^#/]+)/index\.m3u8", (out / "master.m3u8").read_text(), re.MULTILINE))


def join(rendition: Path) -> Path:
    joined = rendition / "joined.mp4"
    segments = sorted(rendition.glob("*.m4s"), key=lambda path: int(path.stem))
    joined.write_bytes(b"".join(path.read_bytes() for path in (rendition / "init.mp4", *segments)))
    return joined


@pytest.mark.long
def test_a_film_is_ready_and_its_streams_are_right(media_dir: Path, tmp_path: Path):
    report_, story = run("per-title", media_dir / "rabbit-480p-8s.mp4", tmp_path / "out")
    out = tmp_path / "out"
    assert report_["state"] == "ready" and report_["dropped"] == []
    assert report_["sidecars"] == ["loudness.json", "per-title.json"]
    assert story["metric"] == "vmaf"
    assert variants(out) == set(story["rungs"])
    findings = check_streams(str(out), expect=Expect(has_audio=True))
    assert not findings, report(findings)
    # Sound: from what was measured to what is heard.
    sound = json.loads((out / "loudness.json").read_text())
    loudness, peak = measure_file(join(out / "audio"), mono=False)
    assert loudness == pytest.approx(sound["integrated_lufs"] + sound["gain_db"], abs=0.5)
    assert sound["integrated_lufs"] + sound["gain_db"] <= -22.99 and peak <= -0.9


@pytest.fixture
def soft(tmp_path: Path) -> Path:
    """A 480p film without detail: larger sizes show nothing that smaller ones do not."""
    path = tmp_path / "soft.mp4"
    picture = "testsrc2=s=214x120:r=25:d=3,noise=alls=10:allf=t:all_seed=3,scale=854:480:flags=bicubic"
    words = ["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "veryfast", "-crf", "16", "-g", "50", "-pix_fmt", "yuv420p"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words, str(path)], check=True)
    return path


@pytest.mark.long
def test_rungs_that_bring_nothing_are_not_made(soft: Path, make_server: Callable[..., Server], tmp_path: Path):
    """With a wide step between rungs; playlists, both manifests and the API agree about what there is."""
    text = read_definitions(Settings())["per-title"].replace("name: per-title", "name: wide")
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "wide.yaml").write_text(text.replace("needs: [sample],", "needs: [sample], with: {step: 40},"))
    server = make_server(YEOUL_PIPELINE__DAGS=str(tmp_path / "dags"))
    result = server.upload(soft, "--pipeline", "wide")
    assert (result["state"], result["exit"]) == ("ready", 0), result["error"]
    found = server.get(f"/api/v1/videos/{result['id']}")
    assert [one["name"] for one in found["renditions"]] == ["480p", "240p"]
    assert found["dropped"] == {}
    assert server.get(found["sidecars"]["per-title.json"])["left_out"] == ["360p"]
    with httpx.Client() as client:
        findings = check_streams(result["hls"].rpartition("/")[0], http_fetch(client), Expect(has_audio=False, frames=75))
    assert not findings, report(findings)
