"""What an owner sees of a run: timeline, drawings, history, the story of each task, and what Prometheus sees of the pipeline."""

from __future__ import annotations

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from bench.server import Server
from tests.e2e.waiting import wait_for
from yeoul.media.binaries import ffmpeg_path

API = "/api/v1"
_UNITS = ("seconds", "bytes", "cores")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine seconds of picture and sound: a few pieces."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    words = ["-f", "lavfi", "-i", "testsrc2=s=426x240:r=25:d=9", "-f", "lavfi", "-i", "sine=d=9"]
    words += ["-c:v", "libx264", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words, str(path)], check=True)
    return path


@pytest.fixture(scope="module")
def video(yeoul_server: Server, clip: Path) -> dict[str, Any]:
    result = yeoul_server.upload(clip)
    assert result["exit"] == 0, result
    return result


@pytest.fixture(scope="module")
def video_id(video: dict[str, Any]) -> str:
    return str(video["id"])


def test_the_timeline_says_where_the_time_went(yeoul_server: Server, video_id: str):
    dag = yeoul_server.get(f"{API}/videos/{video_id}/dag")
    timeline = yeoul_server.get(f"{API}/videos/{video_id}/dag/timeline")
    assert timeline["state"] == "done"
    assert {(bar["task"], bar["attempt"]) for bar in timeline["bars"]} == {(task["id"], task["attempt"]) for task in dag["tasks"]}
    for bar in timeline["bars"]:
        assert bar["outcome"] == "done"
        assert bar["wait_s"] >= 0 and bar["run_s"] > 0 and bar["cpu_s"] > 0 and bar["max_rss_bytes"] > 10**7, bar
        assert timeline["began_s"] <= bar["started_s"] <= bar["ended_s"] <= timeline["ended_s"]
    encoded = [bar for bar in timeline["bars"] if bar["op"] == "encode"]
    assert encoded and all(bar["read_bytes"] > 1000 and bar["written_bytes"] > 1000 for bar in encoded)
    path = [next(bar for bar in timeline["bars"] if bar["task"] == task) for task in timeline["critical"]]
    assert path[-1]["ended_s"] == max(bar["ended_s"] for bar in timeline["bars"])
    for one, other in pairwise(path):  # the path begins with inspect, or with a piece that landed later
        assert other["ready_s"] == pytest.approx(one["ended_s"], abs=0.001)
    assert timeline["cpu_s"] == pytest.approx(sum(bar["cpu_s"] for bar in timeline["bars"]), abs=0.01)


def test_the_bytes_of_the_sound_are_those_of_its_segments(yeoul_server: Server, video_id: str):
    """What the audio stage wrote is what its playlist offers; pieces that begin together may each have stored the one init segment."""
    timeline = yeoul_server.get(f"{API}/videos/{video_id}/dag/timeline")
    written = [bar["written_bytes"] for bar in timeline["bars"] if bar["op"] == "audio"]
    view = yeoul_server.get(f"{API}/videos/{video_id}")
    master = yeoul_server.url + view["playback"]["hls"]
    audio = master.rsplit("/", 1)[0] + "/" + re.findall(r'TYPE=AUDIO.*?URI="([^"]+)"', httpx.get(master).text)[0]
    playlist = httpx.get(audio).text

    def size_bytes(name: str) -> int:
        return len(httpx.get(f"{audio.rsplit('/', 1)[0]}/{name}").content)

    init = size_bytes(re.findall(r'EXT-X-MAP:URI="([^"]+)"', playlist)[0])
    segments = sum(map(size_bytes, re.findall(r"^[^#\s]\S*", playlist, re.MULTILINE)))
    assert sum(written) - segments in {init * times for times in range(1, len(written) + 1)}


def test_the_stages_are_those_that_took_part(yeoul_server: Server, video_id: str):
    stages = yeoul_server.get(f"{API}/videos/{video_id}/dag/stages")
    assert (stages["state"], stages["edition"], stages["is_shown"], stages["pipeline"]) == ("done", 1, True, "standard")
    tasks = yeoul_server.get(f"{API}/videos/{video_id}/dag")["tasks"]
    names = {node["name"] for node in stages["graph"]["nodes"]}
    assert {task["stage"] for task in tasks} <= names
    assert "encode_all" in names and "encode" not in names  # one rung: what would make the others takes no part
    assert next(node for node in stages["graph"]["nodes"] if node["name"] == "inspect")["layer"] == 0


@pytest.mark.parametrize("name", ["timeline.svg", "stages.svg"])
def test_drawings_are_served_and_can_do_nothing(yeoul_server: Server, video_id: str, name: str):
    headers = {"Authorization": f"Bearer {yeoul_server.token}"}
    answer = httpx.get(f"{yeoul_server.url}{API}/videos/{video_id}/dag/{name}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert ET.fromstring(answer.text).tag.endswith("svg")
    assert "encode_low" in answer.text


def test_the_story_of_a_task(yeoul_server: Server, video_id: str):
    dag = yeoul_server.get(f"{API}/videos/{video_id}/dag")
    package = next(task for task in dag["tasks"] if task["stage"] == "package")
    story = yeoul_server.get(f"{API}/videos/{video_id}/dag/tasks/{package['id']}")
    assert story["task"] == package
    assert {need.split(".")[1] for need in story["needs"]} >= {"encode_low", "audio"}
    (attempt,) = story["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["error"]) == (1, "done", None)
    assert attempt["ready_at"] <= attempt["started_at"] <= attempt["ended_at"]
    assert yeoul_server.request("GET", f"{API}/videos/{video_id}/dag/tasks/no.such")[0] == 404


def test_a_task_that_did_not_fail_is_not_tried_again(yeoul_server: Server, video_id: str):
    task = yeoul_server.get(f"{API}/videos/{video_id}/dag")["tasks"][0]["id"]
    path = f"{API}/videos/{video_id}/dag/tasks"
    assert yeoul_server.request("POST", f"{path}/{task}/retry")[0] == 409
    assert yeoul_server.request("POST", f"{path}/no.such/retry")[0] == 404
    assert yeoul_server.request("POST", f"{path}/{task}/retry", token=None)[0] == 401


@pytest.mark.parametrize("path", ["stages", "timeline", "timeline.svg", "stages.svg", "history", "tasks/x"])
def test_runs_are_their_owners_business(yeoul_server: Server, video_id: str, path: str):
    url = f"{API}/videos/{video_id}/dag/{path}"
    assert yeoul_server.request("GET", url, token=None)[0] == 401
    account = {"handle": f"other-{path.replace('/', '-').replace('.', '-')}", "password": "a long password"}
    account["email"] = f"{account['handle']}@example.org"
    assert yeoul_server.request("POST", f"{API}/accounts", account, token=None)[0] == 201
    status, session = yeoul_server.request("POST", f"{API}/sessions", account, token=None)
    assert status in (200, 201), session
    assert yeoul_server.request("GET", url, token=session["token"])[0] in (403, 404)


# --- the command line ---


def test_a_run_replays_from_the_database_and_from_a_file(yeoul_server: Server, video_id: str, tmp_path: Path):
    words = ["--server", yeoul_server.url, "--data", str(yeoul_server.data)]
    exported = yeoul_server.cli("dag", "history", video_id, "--json", *words, check=True).stdout
    file = tmp_path / "history.json"
    file.write_text(exported)
    from_file = yeoul_server.cli("dag", "replay", str(file), check=True).stdout
    from_rows = yeoul_server.cli("dag", "replay", video_id, "--data", str(yeoul_server.data), check=True).stdout
    instructions = sum(len(step["gave"]) for step in json.loads(exported)["steps"])
    assert from_file == from_rows
    assert from_file.startswith(f"same {instructions} instructions from ")
    read = yeoul_server.cli("dag", "history", video_id, *words, check=True).stdout
    assert "piece_landed 0" in read and "end: done" in read


def test_a_run_is_drawn_from_the_command_line(yeoul_server: Server, video_id: str, tmp_path: Path):
    words = ["--server", yeoul_server.url, "--data", str(yeoul_server.data)]
    stages, timeline = tmp_path / "stages.svg", tmp_path / "timeline.svg"
    shown = yeoul_server.cli("dag", "show", video_id, "--svg", str(stages), *words, check=True).stdout
    assert re.search(r"package +1/1 done, 1 attempts", shown) and "critical" in shown
    yeoul_server.cli("dag", "timeline", video_id, "--svg", str(timeline), *words, check=True)
    assert all(ET.fromstring(file.read_text()).tag.endswith("svg") for file in (stages, timeline))
    missing = yeoul_server.cli("dag", "show", "0" * 20, *words)
    assert (missing.returncode, "there is no video" in missing.stderr) == (2, True), missing


# --- Prometheus ---


def scrape(server: Server) -> dict[str, Metric]:
    text = httpx.get(f"{server.url}/metrics").text
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "a family is told twice"
    return {family.name: family for family in families}


def total(metric: Metric, suffix: str, **labels: str) -> float:
    named = [sample for sample in metric.samples if sample.name == metric.name + suffix]
    return sum(sample.value for sample in named if labels.items() <= sample.labels.items())


def test_what_a_video_did_is_counted_once(yeoul_server: Server, video_id: str, clip: Path):
    before = scrape(yeoul_server)
    result = yeoul_server.upload(clip, "--title", "counted")

    def grown(name: str, suffix: str, **labels: str) -> float:
        return total(after[name], suffix, **labels) - (total(before[name], suffix, **labels) if name in before else 0)

    def all_counted() -> tuple[dict[str, Metric], list[dict[str, Any]]] | None:
        """Optional tasks may end after the video is ready; looking often counts nothing twice."""
        nonlocal after
        after = scrape(yeoul_server)
        bars = yeoul_server.get(f"{API}/videos/{result['id']}/dag/timeline")["bars"]
        return (after, bars) if grown("yeoul_task_attempts", "_total", outcome="done") == len(bars) else None

    after = before
    after, bars = wait_for(all_counted, "every attempt in the metrics")
    assert grown("yeoul_task_attempts", "_total", outcome="done") == len(bars)
    assert grown("yeoul_task_duration_seconds", "_count") == len(bars)
    assert grown("yeoul_task_duration_seconds", "_sum") == pytest.approx(sum(bar["run_s"] for bar in bars), abs=0.01)
    assert grown("yeoul_task_queue_wait_seconds", "_sum") == pytest.approx(sum(bar["wait_s"] for bar in bars), abs=0.01)
    assert grown("yeoul_task_cpu_seconds", "_total", stage="encode_low") == pytest.approx(
        sum(bar["cpu_s"] for bar in bars if bar["stage"] == "encode_low"), abs=0.01
    )
    assert grown("yeoul_task_written_bytes", "_total") == sum(bar["written_bytes"] for bar in bars)
    assert grown("yeoul_uploads_completed", "_total", mode="pieces") == 1
    assert grown("yeoul_uploads_completed_bytes", "_total") == clip.stat().st_size
    assert grown("yeoul_video_playable_delay_seconds", "_count") == grown("yeoul_video_ready_delay_seconds", "_count") == 1
    assert 0 < grown("yeoul_video_playable_delay_seconds", "_sum") <= grown("yeoul_video_ready_delay_seconds", "_sum")
    assert total(after["yeoul_running_cpu_cores"], "") == total(after["yeoul_outbox_events"], "") == 0
    assert total(after["yeoul_database_up"], "") == 1


def test_metrics_are_named_by_the_convention(yeoul_server: Server, video_id: str):
    """The rules of `promtool check metrics` and prometheus.io/docs/practices/naming, for what is ours."""
    ours = {name: family for name, family in scrape(yeoul_server).items() if name.startswith("yeoul_")}
    manual = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text()
    assert {re.sub("_total$", "", name) for name in re.findall(r"^\| `(yeoul_\w+)`", manual, re.MULTILINE)} == ours.keys()
    for name, family in ours.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name
        assert family.documentation.endswith("."), name
        assert not re.search(r"_(milliseconds|ms|minutes|kilobytes|mb|percent|info|gauge|counter|histogram)\b", name), name
        assert not name.endswith(("_total", "_count", "_sum", "_bucket")), name
        if family.type == "counter":
            assert all(sample.name.endswith(("_total", "_created")) for sample in family.samples), name
        if family.type == "histogram":
            assert name.endswith(_UNITS), name
        for sample in family.samples:
            assert not {"le", "quantile"} & sample.labels.keys() or family.type == "histogram", name
            assert all(re.fullmatch(r"[a-z_]+", label) and label not in name.split("_") for label in sample.labels), (name, sample.labels)
