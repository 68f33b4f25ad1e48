"""Uploading by the real command to a real server: resuming, retrying, exit codes, and what the user sees meanwhile."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.evidence import read_made
from bench.server import Server, free_port
from tests.e2e.waiting import count_landed, find_upload, wait_for, wait_until_clean
from tests.harness.dolby import with_dolby_record
from tests.harness.pace import slowness
from tests.streams import make_source
from yeoul.client.source_file import fingerprint
from yeoul.media.binaries import ffmpeg_path

FRAMES = 10 * 30
PIECES = 3
SLOW = str(int(400_000 / slowness()))  # bytes per second, so that the clip takes some seconds


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10 s, three pieces, about 2 MB."""
    return make_source(tmp_path_factory.mktemp("clip") / "clip.mp4", size="256x144", duration_s=10.0)


@pytest.fixture
def own(clip: Path, tmp_path: Path) -> Path:
    """The clip as a file of the test's own, which no other test has uploaded."""
    file = tmp_path / "own.mp4"
    # A free box with the test's path makes another file of the same content.
    name = str(tmp_path).encode()
    file.write_bytes(clip.read_bytes() + (8 + len(name)).to_bytes(4, "big") + b"free" + name)
    return file


def assert_whole(server: Server, result: dict[str, Any]) -> None:
    """The result plays from its first frame to its last, once each."""
    assert (result["exit"], result["state"], result["error"]) == (0, "ready", None), result
    assert result["source"]["frames"] == FRAMES
    made = read_made(server.data, result["id"])
    assert made.samples["144p"] == FRAMES
    assert made.indexes == {"144p": list(range(PIECES)), "audio": list(range(PIECES))}


def kill_midway(server: Server, path: Path, *options: str, landed: int, **environ: str) -> dict[str, Any]:
    """Start an upload, kill -9 it when some pieces have landed; the upload as the server then knows it."""
    upload = server.start_upload(path, "--limit-rate", SLOW, *options, **environ)
    wait_for(lambda: count_landed(server, path) >= landed or upload.poll() is not None, "pieces to land")
    upload.send_signal(signal.SIGKILL)
    upload.communicate()
    wait_for(lambda: not any((server.data / "blob" / ".partial").iterdir()), "the server to drop what came of the last piece")
    known = find_upload(server, path)
    assert known is not None, "the upload was over before it could be killed"
    return known


def missing_bytes(server: Server, known: dict[str, Any]) -> int:
    """How many bytes the server did not have when the upload was killed."""
    had = {piece["index"] for piece in known["pieces"] if piece["landed"]}
    whole = server.get(f"/api/v1/uploads/{known['id']}")
    return sum(piece["size_bytes"] for piece in whole["pieces"] if piece["index"] not in had)


def test_killed_and_run_again_sends_only_what_is_missing(yeoul_server: Server, own: Path, tmp_path: Path):
    first, second = tmp_path / "tmp1", tmp_path / "tmp2"
    first.mkdir()
    second.mkdir()
    known = kill_midway(yeoul_server, own, landed=1, TMPDIR=str(first))
    shutil.rmtree(first)  # nothing that the killed process had is needed
    result = yeoul_server.upload(own, TMPDIR=str(second))
    assert result["id"] == known["video_id"]
    assert_whole(yeoul_server, result)
    missing = missing_bytes(yeoul_server, known)
    assert 0 < missing < own.stat().st_size
    assert result["sent_bytes"] == missing
    assert list(second.iterdir()) == []


def test_a_whole_file_resumes_too(make_server: Callable[..., Server], clip: Path):
    server = make_server(YEOUL_UPLOAD__PART_BYTES=str(256 * 1024))
    known = kill_midway(server, clip, "--whole", landed=2)
    result = server.upload(clip, "--whole")
    assert result["id"] == known["video_id"]
    assert_whole(server, result)
    assert result["sent_bytes"] == missing_bytes(server, known) < clip.stat().st_size - 2 * 256 * 1024 + 1
    wait_until_clean(server)


@pytest.mark.parametrize(("options", "landed"), [((), 2), pytest.param(("--whole",), 8, marks=pytest.mark.long)])
def test_a_file_changed_in_the_middle_does_not_go_on_where_the_old_one_was(
    make_server: Callable[..., Server], tmp_path: Path, options: tuple[str, ...], landed: int
):
    """Both files have one length, one start and one end, and thereby one fingerprint."""
    server = make_server(YEOUL_UPLOAD__PART_BYTES=str(256 * 1024))
    old, new = make_source(tmp_path / "old.mp4", size="480x270", duration_s=10.0), tmp_path / "new.mp4"
    data = bytearray(old.read_bytes())
    middle = (1 << 20) + 500
    assert len(data) > (3 << 20)
    data[middle] ^= 1
    new.write_bytes(data)
    assert fingerprint(old) == fingerprint(new)
    known = kill_midway(server, old, *options, "--limit-rate", str(int(1_200_000 / slowness())), landed=landed)
    done = server.cli(*server.upload_words(new, *options, "--wait", "none"))
    assert (done.returncode, "is of another file" in done.stderr) == (0, True), done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["id"] != known["video_id"]
    resumed = server.upload(old, *options)
    assert (resumed["id"], resumed["state"]) == (known["video_id"], "ready")
    assert 0 < resumed["sent_bytes"] == missing_bytes(server, known), "the old file goes on with its own"


def test_long_pieces_keep_their_target_duration(make_server: Callable[..., Server], tmp_path: Path):
    """Half as long again as the setting says is what a piece may become; no list names less before."""
    server = make_server(YEOUL_MEDIA__PIECE_S="10")
    result = server.upload(make_source(tmp_path / "long.mp4", size="128x96", duration_s=18.0))
    assert (result["exit"], result["state"]) == (0, "ready")
    video = server.get(f"/api/v1/videos/{result['id']}")
    [rendition] = [one["name"] for one in video["renditions"] if one["kind"] == "video"]
    address = video["playback"]["hls"].replace("master.m3u8", f"{rendition}/index.m3u8")
    playlist = server.request("GET", address, token=None)[1]
    durations = [float(line.removeprefix("#EXTINF:").rstrip(",")) for line in playlist.splitlines() if line.startswith("#EXTINF")]
    assert max(durations) > 9.5, "a piece longer than the default allows"
    assert "#EXT-X-TARGETDURATION:15\n" in playlist


def test_a_file_of_far_keyframes_is_sent_once(yeoul_server: Server, tmp_path: Path):
    """In pieces it would be sent four times: each begins with the only keyframe."""
    film = tmp_path / "far.mp4"
    words = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=20", "-f", "lavfi", "-i", "sine=440:d=20", "-c:v", "libx264", "-g", "9999"]
    subprocess.run([ffmpeg_path(), "-v", "error", *words, "-sc_threshold", "0", "-c:a", "aac", str(film)], check=True)
    result = yeoul_server.upload(film)
    assert result["state"] == "ready" and result["sent_bytes"] <= 1.1 * film.stat().st_size
    assert result["source"] == {"frames": 500, "duration_s": pytest.approx(20.0, abs=0.03)}
    assert [one["code"] for one in result["notices"]] == []


def test_what_no_piece_can_hold_is_sent_whole_and_heard(yeoul_server: Server, tmp_path: Path):
    """Windows Media: its sound goes into pieces as FLAC, which the server makes."""
    source = tmp_path / "film.wmv"
    words = [
        ffmpeg_path(),
        "-v",
        "error",
        "-nostdin",
        "-f",
        "lavfi",
        "-i",
        "testsrc2=s=176x144:r=25:d=2",
        "-f",
        "lavfi",
        "-i",
        "sine=440:d=2",
    ]
    subprocess.run([*words, "-c:v", "wmv2", "-c:a", "wmav2", str(source)], check=True)
    done = yeoul_server.cli(*yeoul_server.upload_words(source, "--visibility", "unlisted"))
    assert "cannot split the file on this machine" in done.stderr, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["state"]) == (0, "ready"), result
    made = read_made(yeoul_server.data, result["id"])
    assert made.samples["240p" if "240p" in made.samples else "144p"] == 50
    audio = read_sound(yeoul_server, result["id"])
    assert 0.05 < audio < 0.2, "a sine of an eighth, loud or less loud"


def read_sound(server: Server, video_id: str) -> float:
    """The RMS of a video's sound, as ffmpeg hears it over HLS."""
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-i", f"{server.url}/stream/public/{video_id}/master.m3u8", "-map", "0:a:0"]
    samples = np.frombuffer(subprocess.run([*words, "-f", "f32le", "-"], check=True, capture_output=True).stdout, np.float32)
    return float(np.sqrt(np.square(samples).mean()))


def test_the_same_file_twice_is_two_videos(yeoul_server: Server, own: Path):
    one, two = yeoul_server.upload(own, "--title", "one"), yeoul_server.upload(own, "--title", "two")
    assert one["id"] != two["id"]
    assert_whole(yeoul_server, one)
    assert_whole(yeoul_server, two)
    assert yeoul_server.get(f"/api/v1/videos/{one['id']}")["title"] == "one"


def test_two_processes_may_upload_one_file_together(yeoul_server: Server, own: Path):
    first = yeoul_server.start_upload(own, "--limit-rate", SLOW)
    wait_for(lambda: find_upload(yeoul_server, own), "the first to open the upload")
    second = yeoul_server.upload(own)
    assert_whole(yeoul_server, second)
    result = yeoul_server.end_upload(first)
    assert result["id"] == second["id"]
    assert_whole(yeoul_server, result)


def test_the_client_goes_on_when_the_server_comes_back(make_server: Callable[..., Server], clip: Path):
    server = make_server()
    upload = server.start_upload(clip, "--limit-rate", SLOW)
    wait_for(lambda: count_landed(server, clip) >= 1, "a piece to land")
    server.kill()
    server.start()
    result = server.end_upload(upload)
    assert_whole(server, result)
    wait_until_clean(server)


def test_what_is_edited_while_uploading_stays(yeoul_server: Server, own: Path):
    upload = yeoul_server.start_upload(own, "--limit-rate", SLOW, "--title", "first thought")
    known = wait_for(lambda: find_upload(yeoul_server, own), "the upload")
    change = {"title": "second thought", "description": "written meanwhile", "visibility": "unlisted"}
    status, _ = yeoul_server.request("PATCH", f"/api/v1/videos/{known['video_id']}", change)
    assert status == 200
    result = yeoul_server.end_upload(upload)
    assert_whole(yeoul_server, result)
    video = yeoul_server.get(f"/api/v1/videos/{result['id']}")
    assert {name: video[name] for name in change} == change
    assert "/stream/public/" in result["hls"], "addresses of an unlisted video carry no secret"


def test_resuming_keeps_what_is_not_said_again_and_takes_what_is(yeoul_server: Server, own: Path):
    kill_midway(yeoul_server, own, "--title", "kept", "--visibility", "public", landed=1)
    result = yeoul_server.upload(own, "--visibility", "private")
    video = yeoul_server.get(f"/api/v1/videos/{result['id']}")
    assert (video["title"], video["visibility"]) == ("kept", "private")


# --- what it waits for, what it says ---


@pytest.mark.parametrize(("wait", "states"), [("none", None), ("playable", ("playable", "ready")), ("ready", ("ready",))])
def test_waiting(yeoul_server: Server, own: Path, wait: str, states: tuple[str, ...] | None):
    result = yeoul_server.upload(own, "--wait", wait)
    assert result["exit"] == 0 and result["error"] is None
    assert result["timings"]["upload_s"] > 0
    assert result["watch"] == f"{yeoul_server.url}/watch/{result['id']}"
    if states is None:
        assert result["state"] in ("uploading", "processing", "playable", "ready")
        return
    assert result["state"] in states
    assert result["timings"]["playable_s"] > 0
    status, playlist = yeoul_server.request("GET", result["hls"], token=None)
    assert status == 200 and playlist.startswith("#EXTM3U"), "the address plays as it is"
    if wait == "ready":
        assert result["timings"]["ready_s"] >= result["timings"]["playable_s"]
        assert yeoul_server.request("GET", result["dash"], token=None)[0] == 200


def test_json_is_one_object_on_the_last_line(yeoul_server: Server, clip: Path):
    done = yeoul_server.cli(*yeoul_server.upload_words(clip, "--wait", "none"))
    (line,) = done.stdout.splitlines()
    assert set(json.loads(line)) == {"id", "state", "watch", "hls", "dash", "source", "timings", "sent_bytes", "error", "notice", "notices"}
    assert done.stderr == ""


def test_without_json_it_says_where_to_watch(yeoul_server: Server, clip: Path):
    words = [word for word in yeoul_server.upload_words(clip) if word != "--json"]
    done = yeoul_server.cli(*words)
    assert done.returncode == 0
    assert done.stdout.startswith(f"ready: {yeoul_server.url}/watch/")


def test_a_terminal_gets_a_progress_bar(yeoul_server: Server, clip: Path):
    master, slave = pty.openpty()
    words = [word for word in yeoul_server.upload_words(clip) if word != "--json"]
    upload = subprocess.Popen(
        [sys.executable, "-m", "yeoul.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "140"},
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(master)
    upload.communicate()
    assert upload.returncode == 0
    text = shown.decode(errors="replace")
    assert "━" in text and "MB" in text and "encoded" in text and "ready" in text, text[-500:]


def test_limit_rate_holds(yeoul_server: Server, own: Path):
    result = yeoul_server.upload(own, "--limit-rate", SLOW, "--wait", "none")
    wanted_s = result["sent_bytes"] / int(SLOW)
    assert wanted_s > 3, "long enough for starting up to count little"
    # A busy machine may be slower than the line, and never faster.
    assert wanted_s * 0.9 <= result["timings"]["upload_s"]


# --- exit codes ---


def test_exit_2_for_wrong_usage(yeoul_server: Server, tmp_path: Path):
    assert yeoul_server.upload(tmp_path / "none.mp4")["exit"] == 2
    assert yeoul_server.upload(tmp_path)["exit"] == 2
    assert yeoul_server.cli("upload").returncode == 2
    assert yeoul_server.cli("upload", "x", "--wait", "for ever").returncode == 2
    wrong = yeoul_server.cli("upload", str(tmp_path / "x"), "--server", "nonsense")
    assert wrong.returncode == 2 and "Traceback" not in wrong.stderr


def test_exit_2_for_an_unknown_pipeline(yeoul_server: Server, clip: Path):
    result = yeoul_server.upload(clip, "--pipeline", "none")
    assert (result["exit"], result["error"]["code"]) == (2, "request.invalid")


def test_exit_3_when_the_video_fails(yeoul_server: Server, tmp_path: Path):
    file = tmp_path / "garbage.mp4"
    file.write_bytes(os.urandom(100_000))
    result = yeoul_server.upload(file)
    assert (result["exit"], result["state"], result["error"]["code"]) == (3, "failed", "media.unreadable")


def test_exit_3_when_somebody_deletes_it(yeoul_server: Server, own: Path):
    upload = yeoul_server.start_upload(own, "--limit-rate", SLOW)
    known = wait_for(lambda: find_upload(yeoul_server, own), "the upload")
    assert yeoul_server.request("DELETE", f"/api/v1/videos/{known['video_id']}?forever=true")[0] == 204
    result = yeoul_server.end_upload(upload)
    assert (result["exit"], result["error"]["code"]) == (3, "request.not_found")
    wait_for(lambda: not list((yeoul_server.data / "blob" / "original").glob(f"{known['video_id']}/**/*.nut")), "its files to be freed")


def test_exit_4_when_there_is_no_server(yeoul_server: Server, clip: Path):
    done = yeoul_server.cli("upload", str(clip), "--server", f"http://127.0.0.1:{free_port()}", "--json")
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["error"]["code"]) == (4, "server.unavailable")


@pytest.mark.parametrize("environ", [{"YEOUL_TOKEN": "forged"}, {"YEOUL_TOKEN": "", "XDG_CONFIG_HOME": "/nonexistent"}])
def test_exit_5_when_it_is_not_allowed(yeoul_server: Server, clip: Path, environ: dict[str, str]):
    done = yeoul_server.cli("upload", str(clip), "--server", yeoul_server.url, "--json", environ=environ)
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["error"]["code"]) == (5, "account.unauthenticated")


# --- Idempotency-Key ---


def test_a_write_with_the_same_key_is_done_once(yeoul_server: Server):
    key = {"Idempotency-Key": "test-once"}
    body = {"title": "made once"}
    answers = [yeoul_server.request("POST", "/api/v1/videos", body, headers=key) for _ in range(3)]
    assert [status for status, _ in answers] == [201, 201, 201]
    assert len({video["id"] for _, video in answers}) == 1
    status, problem = yeoul_server.request("POST", "/api/v1/videos", {"title": "another"}, headers=key)
    assert (status, problem["code"]) == (409, "request.idempotency_mismatch")
    titles = [item["title"] for item in yeoul_server.get("/api/v1/videos?limit=100")["items"]]
    assert titles.count("made once") == 1 and "another" not in titles


@pytest.mark.parametrize(
    "name", [b"caf\xe9 \xff.mp4", "\u202ename\u202d \U0001f3ac.mp4".encode(), b"-v error; $(x) 'a\"b.mp4", b"new\nline.mp4"]
)
def test_names_of_any_bytes(name: bytes, yeoul_server: Server, clip: Path, tmp_path: Path):
    """Names that are no UTF-8, that look like options or hold line breaks: sent, and said as far as they can be."""
    path = os.fsencode(tmp_path) + b"/" + name
    os.link(clip, path)
    done = yeoul_server.cli("upload", os.fsdecode(path), "--server", yeoul_server.url, "--data", str(yeoul_server.data), "--json")
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    title = yeoul_server.get(f"/api/v1/videos/{json.loads(done.stdout)['id']}")["title"]
    assert "\n" not in title and title.split()[0] in name.decode("utf-8", "replace")


@pytest.mark.parametrize("name", ["gone.mp4", "."])
def test_what_is_no_file_is_told_without_a_traceback(name: str, yeoul_server: Server, tmp_path: Path):
    done = yeoul_server.cli("upload", str(tmp_path / name), "--server", yeoul_server.url, "--data", str(yeoul_server.data))
    assert done.returncode == 2 and "Traceback" not in done.stderr and "yeoul: " in done.stderr


@pytest.mark.parametrize("options", [(), ("--whole",)], ids=["pieces", "whole"])
def test_what_no_server_can_decode_is_refused_before_it_is_sent(options: tuple[str, ...], yeoul_server: Server, tmp_path: Path):
    """Dolby Vision without base colours: nothing is sent, and the code says why."""
    source = tmp_path / "plain.mp4"
    words = ["-f", "lavfi", "-i", "testsrc2=s=96x54:r=25:d=1", "-c:v", "libx265", "-x265-params", "log-level=error", "-tag:v", "hvc1"]
    subprocess.run([ffmpeg_path(), "-v", "error", *words, str(source)], check=True)
    (tmp_path / "dolby.mp4").write_bytes(with_dolby_record(source.read_bytes(), profile=5))
    before = len(yeoul_server.get("/api/v1/videos")["items"])
    common = ("--server", yeoul_server.url, "--data", str(yeoul_server.data), *options)
    done = yeoul_server.cli("upload", str(tmp_path / "dolby.mp4"), *common)
    assert done.returncode not in (0, 1) and "media.unsupported_codec" in done.stderr and "Dolby Vision profile 5" in done.stderr
    assert len(yeoul_server.get("/api/v1/videos")["items"]) == before
