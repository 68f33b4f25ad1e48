"""Audio tracks as owners and viewers meet them: sent with a file, added later, named, switched while the video plays, taken away."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from bench.server import Server
from tests.checker import Expect, check_streams, http_fetch, report
from tests.e2e.listening import HEAR_PITCHES, RECORD_BUFFERS
from tests.e2e.waiting import wait_for
from tests.e2e.watching import WatchPage, open_context
from tests.harness.cut import leave_out
from yeoul.media.binaries import ffmpeg_path

API = "/api/v1"
LENGTH_S = 10.0
# A beep of 0.1 s at each second and a half.
BEEP = "aevalsrc='if(between(mod(t,1),0.5,0.6),0.6*sin(2*PI*{hz}*t),0)':s=48000:d={length_s}"
PITCHES = {"audio": 1000, "audio-1": 500, "audio-2": 2000}


def run(*words: str | Path) -> None:
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *map(str, words)], check=True)


def beep(hz: int, length_s: float = LENGTH_S) -> tuple[str, ...]:
    return "-f", "lavfi", "-i", BEEP.format(hz=hz, length_s=length_s)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """English, a Korean dub and a commentary."""
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    flash = "color=black:s=320x180:r=25:d=10,drawbox=c=white:t=fill:enable='between(mod(t,1),0.499,0.599)'"
    sounds = [word for hz in PITCHES.values() for word in beep(hz)]
    maps = [word for number in range(4) for word in ("-map", str(number))]
    names = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=kor", "-metadata:s:a:1", "title=더빙"]
    names += ["-metadata:s:a:2", "language=eng", "-disposition:a:2", "comment"]
    run("-f", "lavfi", "-i", flash, *sounds, *maps, "-c:v", "libx264", "-preset", "veryfast", "-g", "50", "-c:a", "aac", *names, path)
    return path


@pytest.fixture(scope="module")
def surround(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A French dub in 5.1."""
    path = tmp_path_factory.mktemp("dub") / "dub.ac3"
    one = "if(between(mod(t,1),0.5,0.6),0.3*sin(2*PI*700*t),0)"
    run("-f", "lavfi", "-i", f"aevalsrc='{'|'.join([one] * 6)}':c=5.1:s=48000:d={LENGTH_S}", "-c:a", "ac3", "-b:a", "448k", path)
    return path


class Told:
    """A video of the shared server, and what can be asked of it."""

    def __init__(self, server: Server, film: Path, *options: str) -> None:
        self.server = server
        self.result = server.upload(film, "--visibility", "public", *options)
        self.id = self.result["id"]

    def audio(self, *words: Any) -> list[dict[str, Any]]:
        """`yeoul audio`; words: the action, the video's id being put after it."""
        done = self.ask_audio(*words)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ask_audio(self, action: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        place = ("--server", self.server.url, "--data", str(self.server.data), "--json")
        return self.server.cli("audio", action, self.id, *map(str, words), *place)

    def until_ready(self) -> list[dict[str, Any]]:
        """The tracks, once none is being processed."""
        wait_for(lambda: all(track["state"] not in ("uploading", "processing") for track in self.audio("list")), "the tracks")
        return self.audio("list")

    def text(self, kind: str) -> str:
        return httpx.get(self.result[kind]).text

    def check(self) -> None:
        with httpx.Client() as client:
            findings = check_streams(self.result["hls"].rpartition("/")[0], http_fetch(client), Expect(has_audio=True))
        assert not findings, report(findings)

    def hear(self, name: str, folder: Path) -> tuple[list[float], float]:
        """(when the beeps of a rendition begin in seconds, pitch of the first in Hz)."""
        raw = folder / f"{name}.f32"
        run("-i", f"{self.result['hls'].rpartition('/')[0]}/{name}/index.m3u8", "-ac", "1", "-ar", "48000", "-f", "f32le", raw)
        samples = np.fromfile(raw, np.float32)
        loud = np.flatnonzero(np.abs(samples) > 0.05)
        begins = loud[np.diff(loud, prepend=-48_000) > 9600]
        part = samples[begins[0] + 480 : begins[0] + 3360]
        return [float(first) / 48_000 for first in begins], float(np.count_nonzero(np.diff(np.signbit(part))) / 2 / 0.06)


@pytest.mark.parametrize("options", leave_out([(), ("--whole",)], {("--whole",)}), ids=lambda options: "-".join(options) or "pieces")
def test_every_track_of_a_file_is_there_and_in_sync(yeoul_server: Server, film: Path, tmp_path: Path, options: tuple[str, ...]):
    video = Told(yeoul_server, film, *options)
    assert video.result["notices"] == [] and video.result["notice"] is None
    told = [(one["name"], one["language"], one["label"], one["role"], one["origin"], one["state"]) for one in video.audio("list")]
    assert told == [
        ("audio", "en", "", "main", "file", "ready"),
        ("audio-1", "ko", "더빙", "dub", "file", "ready"),
        ("audio-2", "en", "", "commentary", "file", "ready"),
    ]
    for name, hz in PITCHES.items():
        begins, pitch = video.hear(name, tmp_path)
        assert begins == pytest.approx([second + 0.5 for second in range(int(LENGTH_S))], abs=0.003)
        assert pitch == pytest.approx(hz, rel=0.03)
    assert 'NAME="더빙",LANGUAGE="ko"' in video.text(
        "hls"
    ) and '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="commentary"' in video.text("dash")
    video.check()


def test_a_track_is_added_named_and_taken_away(yeoul_server: Server, film: Path, surround: Path, tmp_path: Path):
    video = Told(yeoul_server, film)
    (added,) = video.audio("add", surround, "--language", "fra")
    assert (added["name"], added["language"], added["role"]) == ("audio-3", "fr", "dub")
    assert video.until_ready()[-1] | {"error": None} == added | {"state": "ready", "channels": 6}
    for name in ("audio-3", "audio-3-surround"):
        begins, pitch = video.hear(name, tmp_path)
        assert begins == pytest.approx([second + 0.5 + 256 / 48_000 for second in range(int(LENGTH_S))], abs=0.004)
        assert pitch == pytest.approx(700, rel=0.03)
    assert 'GROUP-ID="surround"' in video.text("hls")
    video.check()
    video.audio("edit", "audio-3", "--label", 'Version "française"', "--role", "description")
    wait_for(lambda: "NAME=\"Version 'française'\"" in video.text("hls"), "the new name")
    assert "describes-video" in video.text("hls")
    video.check()
    video.audio("delete", "audio-3")
    assert [one["name"] for one in video.audio("list")] == ["audio", "audio-1", "audio-2"]
    wait_for(lambda: "audio-3" not in video.text("hls") + video.text("dash"), "the track to go")
    video.check()
    refused = video.ask_audio("delete", "audio")
    assert refused.returncode != 0 and "cannot remove the original audio" in refused.stderr, refused


def test_what_holds_no_sound_fails_alone(yeoul_server: Server, film: Path, tmp_path: Path):
    video = Told(yeoul_server, film)
    text = tmp_path / "talk.mp3"
    text.write_text("This is no sound. " * 500)
    video.audio("add", text, "--language", "de")
    last = video.until_ready()[-1]
    assert (last["state"], last["error"]["code"]) == ("failed", "media.unreadable")
    shown = httpx.get(f"{yeoul_server.url}{API}/videos/{video.id}/audio").json()["items"]
    assert [one["name"] for one in shown] == list(PITCHES)  # others are told of what they can hear
    video.check()


def test_six_channels_are_kept_beside_two(yeoul_server: Server, surround: Path, tmp_path: Path):
    film = tmp_path / "film.mp4"
    run("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=10", "-i", surround, "-c:v", "libx264", "-preset", "veryfast", "-c:a", "copy", film)
    video = Told(yeoul_server, film)
    assert video.result["notices"] == [] and video.audio("list")[0]["channels"] == 6
    assert 'CHANNELS="6",URI="audio-surround/index.m3u8"' in video.text("hls")
    video.check()


# --- in the browser ---


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = open_context(browser, viewport={"width": 1280, "height": 800}, bypass_csp=True)
    context.add_init_script(RECORD_BUFFERS)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def told(yeoul_server: Server, film: Path, surround: Path) -> Told:
    """A video with four tracks, one of them in 5.1."""
    video = Told(yeoul_server, film)
    video.audio("add", surround, "--language", "fr")
    video.until_ready()
    return video


# What the player knows a sound by, and its pitch.
CHOICES = {"ko|더빙|1": 500, "en|en (commentary)|1": 2000, "fr|fr|6": 700}


@pytest.mark.parametrize("proto", ["hls", "dash"])
@pytest.mark.parametrize("choice", leave_out(CHOICES, {"en|en (commentary)|1"}))
def test_the_sound_changes_while_the_video_plays(page: Page, yeoul_server: Server, told: Told, proto: str, choice: str):
    watched = WatchPage(page, f"{yeoul_server.url}/watch/{told.id}").play(proto=proto)
    heard = page.evaluate(HEAR_PITCHES, choice)
    # The beep during which the sound changes has something of both.
    pitches = [min((1000, CHOICES[choice]), key=lambda hz: abs(hz - pitch)) for pitch in heard]
    assert [pitch for pitch, _ in groupby(pitches)] == [1000, CHOICES[choice]], heard
    assert len(pitches) > LENGTH_S - 3  # a busy machine may swallow one
    stats = watched.stats()
    assert stats["faults"] == [] and stats["currentTime"] == pytest.approx(LENGTH_S, abs=0.1)
    ranges = watched.media("Array.from({length: media.buffered.length}, (_, i) => [media.buffered.start(i), media.buffered.end(i)])")
    assert len(ranges) == 1 and ranges[0][0] == 0 and ranges[0][1] > LENGTH_S - 0.1
    assert page.evaluate("window.buffers.map((one) => one.timestampOffset)") == [0, 0]
    assert watched.troubles == []


def test_the_player_offers_the_sounds_and_remembers_the_language(page: Page, yeoul_server: Server, told: Told):
    watched = WatchPage(page, f"{yeoul_server.url}/watch/{told.id}").play()
    assert page.evaluate("document.querySelector('yeoul-player').playback.audioTracks.map((one) => one.words)") == [
        "English",
        "더빙",
        "English (commentary)",
        "French",
        "French · 5.1",
    ]
    watched.choose("Audio", "더빙")
    watched.until("player.playback.audioTracks.find((one) => one.active).words === '더빙'")
    watched.play()
    watched.until("player.playback.audioTracks.find((one) => one.active)?.words === '더빙'")
    assert watched.troubles == []


def test_one_sound_needs_no_menu(page: Page, yeoul_server: Server, tmp_path: Path):
    run("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3", *beep(1000, 3.0), "-c:v", "libx264", "-c:a", "aac", tmp_path / "one.mp4")
    video = yeoul_server.upload(tmp_path / "one.mp4", "--visibility", "public")
    WatchPage(page, f"{yeoul_server.url}/watch/{video['id']}").play()
    expect(page.locator(".sounds-item")).to_be_hidden()


def test_owners_add_and_name_tracks_in_the_studio(page: Page, yeoul_server: Server, film: Path, tmp_path: Path):
    words = {"handle": "dubber", "email": "dubber@example.org", "password": "a long password"}
    assert yeoul_server.request("POST", f"{API}/accounts", words, token=None)[0] == 201
    session = str(yeoul_server.request("POST", f"{API}/sessions", words, token=None)[1]["token"])
    video = yeoul_server.upload(film, YEOUL_TOKEN=session)["id"]
    dub = tmp_path / "dub.es.m4a"
    run(*beep(600), dub)
    page.context.add_cookies([{"name": "yeoul_session", "value": session, "url": yeoul_server.url}])
    page.goto(f"{yeoul_server.url}/studio/video/{video}")
    page.get_by_role("tab", name="Audio").click()
    page.get_by_label("Add audio track").set_input_files(dub)
    expect(page.get_by_label("Language")).to_have_value("es")
    page.get_by_role("button", name="Add audio track").click()
    row = page.get_by_role("listitem").filter(has_text="Spanish")
    expect(row).to_have_text("SpanishOther languageEdit")  # and no word of its being processed
    row.get_by_role("button", name="Edit").click()
    page.get_by_label("Name in the player's menu").fill("Castellano")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("listitem").filter(has_text="Castellano")).to_contain_text("Spanish")
    tracks = yeoul_server.request("GET", f"{API}/videos/{video}/audio", None)[1]["items"]
    assert [tracks[-1][name] for name in ("language", "label", "state")] == ["es", "Castellano", "ready"]
