"""docs/dags.md as a reader follows it: its ops and its definition, from its own text, without a server and with one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bench.server import Server, free_port
from yeoul.media.binaries import ffmpeg_path

MANUAL = Path(__file__).parents[2] / "docs" / "dags.md"
BLACK_S, WHOLE_S, RATE = 1.2, 8, 25
BLACK = round(BLACK_S * RATE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the manual says to save."""
    made = tmp_path_factory.mktemp("manual")
    text = MANUAL.read_text()
    (made / "dags").mkdir()
    for name, kind in (("lecture_ops.py", "python"), ("dags/lecture.yaml", "yaml")):
        found = re.search(rf"Save this as `{re.escape(name)}`:\n\n```{kind}\n(.*?)```", text, re.DOTALL)
        assert found is not None, name
        (made / name).write_text(found[1])
    return made


@pytest.fixture(scope="module")
def environ(folder: Path) -> dict[str, str]:
    """What the manual says to export."""
    words = dict(re.findall(r"(YEOUL_\w+)=(\S+)", MANUAL.read_text()))
    assert set(words) == {"YEOUL_PIPELINE__OPS", "YEOUL_PIPELINE__DAGS"}
    return {name: str(folder / value) for name, value in words.items()}


@pytest.fixture(scope="module")
def talk(folder: Path) -> Path:
    """A talk that begins with black: a moving picture, and a tone that begins with it."""
    path = folder / "talk.mp4"
    picture = f"testsrc2=s=426x240:r={RATE}:d={WHOLE_S},drawbox=enable='lt(t,{BLACK_S - 0.001})':color=black:t=fill"
    sound = f"aevalsrc='if(gte(t,{BLACK_S}),0.5*sin(2*PI*880*t),0)':s=48000:d={WHOLE_S}"
    words = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:v", "libx264", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words, str(path)], check=True)
    return path


def yeoul(folder: Path, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "yeoul.cli.main", *words]
    return subprocess.run(command, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False)


def test_the_definition_is_right_and_shows(folder: Path, environ: dict[str, str]):
    assert yeoul(folder, environ, "dag", "lint", "dags/lecture.yaml").stdout == "lecture: 7 stages\n"
    shown = yeoul(folder, environ, "dag", "show", "lecture").stdout
    assert re.search(r"encode +encode +per piece +after begin", shown)


def test_a_mistake_is_told_with_its_line(folder: Path, environ: dict[str, str]):
    text = (folder / "dags" / "lecture.yaml").read_text().replace("darkest: 30", "darkness: 30")
    (folder / "wrong.yaml").write_text(text)
    done = yeoul(folder, environ, "dag", "lint", "wrong.yaml")
    line = next(number for number, found in enumerate(text.splitlines(), 1) if "darkness" in found)
    assert done.returncode == 2
    assert f"wrong.yaml:{line}: stage begin, parameter darkness: Extra inputs are not permitted; trim_black takes darkest" in done.stderr


def decode(rendition: Path, kind: str) -> Any:
    """All of a rendition, decoded: frames of pictures, or samples of sound."""
    joined = rendition / "joined.mp4"
    segments = sorted(rendition.glob("*.m4s"), key=lambda path: int(path.stem))
    joined.write_bytes(b"".join(path.read_bytes() for path in (rendition / "init.mp4", *segments)))
    with av.open(str(joined)) as file:
        return list(file.decode(video=0) if kind == "video" else file.decode(audio=0))


def test_it_runs_without_a_server(folder: Path, environ: dict[str, str], talk: Path):
    done = yeoul(folder, environ, "dag", "run", "lecture", "talk.mp4", "--out", "out", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["state"], report["sidecars"]) == (0, "ready", ["blur.json"]), done.stderr
    pictures = decode(folder / "out" / "240p", "video")
    assert len(pictures) == WHOLE_S * RATE - BLACK
    assert pictures[0].to_ndarray(format="gray").mean() > 60
    lengths = re.findall(r"#EXTINF:([\d.]+)", (folder / "out" / "240p" / "index.m3u8").read_text())
    assert sum(map(float, lengths)) == pytest.approx(WHOLE_S - BLACK_S, abs=0.001)
    # The tone begins with the picture: the cut took the same from both.
    sound = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in decode(folder / "out" / "audio", "audio")])
    loud = np.abs(sound[:4800])
    assert loud[960:].max() > 0.3 and np.argmax(loud > 0.1) / 48_000 < 0.01 + 1024 / 48_000
    assert json.loads((folder / "out" / "blur.json").read_text())["frames"] == WHOLE_S * RATE


def test_a_server_runs_it_and_publishes_the_sidecar(folder: Path, environ: dict[str, str], talk: Path, make_server: Callable[..., Server]):
    server = make_server(**environ)
    result = server.upload(talk, "--pipeline", "lecture")
    assert (result["state"], result["exit"]) == ("ready", 0), f"{result}\n{server.read_log()}"
    found = server.get(f"/api/v1/videos/{result['id']}")
    assert found["pipeline"] == "lecture"
    blur = server.get(found["sidecars"]["blur.json"])
    assert blur["frames"] == WHOLE_S * RATE
    # What is not sharp by the definition's own measure.
    assert BLACK <= blur["blurred"] < WHOLE_S * RATE


def test_a_server_does_not_start_with_a_wrong_definition(folder: Path, environ: dict[str, str], tmp_path: Path):
    (tmp_path / "broken.yaml").write_text("name: broken\nstages:\n  a: {op: bake, scope: video}\n")
    words = ("up", "--data", str(tmp_path / "data"), "--port", str(free_port()), "--no-demo")
    done = yeoul(folder, {**environ, "YEOUL_PIPELINE__DAGS": str(tmp_path)}, *words)
    assert done.returncode == 4
    assert "yeoul: pipeline exited with status 2" in done.stderr
    assert "broken.yaml:3: stage a: there is no op bake" in done.stderr
