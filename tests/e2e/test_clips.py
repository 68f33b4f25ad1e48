"""Every file of the collection through the real command line and server, held against an oracle that knows nothing of the product."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from bench.crowd import Crowd, upload_crowd
from bench.server import Server
from tests import oracle
from tests.clips.collection import BIG, GOOD, HEAVY, LONG, SILENT
from tests.e2e.clip import Clip, read_cues
from tests.e2e.clip_checks import (
    check_frames_and_times,
    check_pictures,
    check_same_bytes,
    check_silence,
    check_sizes,
    check_sound,
    check_stream_rules,
)
from tests.e2e.waiting import PATIENCE_S
from tests.harness.cut import leave_out

BAD = {
    "audio-only-two-tracks.mp4": "media.no_video",
    "bad-truncated-no-index.mp4": "media.truncated",
    "bad-truncated-index-first.mp4": "media.truncated",
    "bad-garbage.mp4": "media.unreadable",
}
PIECES, WHOLE = (), ("--whole",)
SENT_WHOLE = [name for name in GOOD if name not in HEAVY]
# What is sent in two ways by the same owner and as visible is encoded once, since results are reused by content. These are encoded twice.
ENCODED_TWICE = ("mpeg4-mp3.avi", "square-vp9.webm", "with-srt-subtitles.mkv", "fragmented-huge-duration.mp4", "no-initial-keyframe.ts")
# A crowd of all clips at once takes longer than a test may.
_USUAL = [name for name in GOOD if name not in LONG]
_PARTS = [*(_USUAL[start::3] for start in range(3)), list(LONG)]
CROWDS = {
    "pieces": _PARTS,
    "whole": [*([name for name in part if name in SENT_WHOLE and name not in ENCODED_TWICE] for part in _PARTS), list(ENCODED_TWICE)],
}

MEMORY_BYTES = 1536 * 2**20
LUMA_709 = np.array([0.2126, 0.7152, 0.0722], np.float32)
TILE_OFF = 8  # of 255, in mean brightness of each pixel of a small JPEG


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=PATIENCE_S) as client:
        yield client


Crowds = Callable[[str, str], Crowd]


@pytest.fixture(scope="module")
def crowds(yeoul_server: Server, media_dir: Path) -> Crowds:
    """Uploads the crowd that a clip belongs to, once; by way: "pieces" or "whole", for which results of the pieces are reused."""
    done: dict[tuple[str, int], Crowd] = {}

    def find(way: str, name: str) -> Crowd:
        number = next(number for number, names in enumerate(CROWDS[way]) if name in names)
        if (way, number) not in done:
            names = CROWDS[way][number]
            is_anew = way == "whole" and names[0] in ENCODED_TWICE
            if way == "whole" and not is_anew:
                find("pieces", name)
            options = (*(WHOLE if way == "whole" else PIECES), *(() if is_anew else ("--visibility", "public")))
            done[way, number] = upload_crowd(yeoul_server, [media_dir / one for one in names], *options)
        return done[way, number]

    return find


@pytest.fixture(scope="module")
def make_clip(
    crowds: Crowds, yeoul_server: Server, media_dir: Path, client: httpx.Client, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Clip]:
    """The clip as it was uploaded in a way; kept, since much about it is found by decoding it."""
    made: dict[tuple[str, str], Clip] = {}

    def make(way: str, name: str) -> Clip:
        result = crowds(way, name).results[name]
        assert result["state"] == "ready", result
        if (way, name) not in made:
            made[way, name] = Clip(media_dir / name, result, yeoul_server, client, tmp_path_factory.mktemp("clip"))
        return made[way, name]

    return make


@pytest.fixture(params=leave_out(GOOD, LONG))
def clip(request: pytest.FixtureRequest, make_clip: Callable[[str, str], Clip]) -> Clip:
    return make_clip("pieces", request.param)


def test_every_file_has_its_test(media_dir: Path) -> None:
    files = {path.name for path in media_dir.iterdir() if path.is_file()} - {"README.md"}
    assert files == {*GOOD, *BAD, *BIG}


@pytest.mark.parametrize("options", [PIECES, WHOLE], ids=["pieces", "whole"])
@pytest.mark.parametrize("name", BAD)
def test_bad_file_fails_with_its_reason(name: str, options: tuple[str, ...], yeoul_server: Server, media_dir: Path) -> None:
    result = yeoul_server.upload(media_dir / name, *options)
    assert (result["state"], result["error"]["code"], result["exit"]) == ("failed", BAD[name], 3)
    told = yeoul_server.get(f"/api/v1/videos/{result['id']}")["error"]
    assert told["code"] == BAD[name]
    if BAD[name] == "media.truncated":
        found, promised = told["facts"]["found"], told["facts"]["promised"]
        assert 0 < found < promised
        assert str(found) in result["error"]["message"] and str(promised) in result["error"]["message"]


def _crowds() -> Iterator[Any]:
    for way, crowds in CROWDS.items():
        for number, names in enumerate(crowds):
            marks = [pytest.mark.long] if set(names) & set(LONG) else []
            yield pytest.param(way, names, marks=marks, id=f"{way} {number}")


@pytest.mark.parametrize(("way", "names"), list(_crowds()))
def test_a_crowd_ends_ready_and_others_are_answered(way: str, names: Sequence[str], crowds: Crowds) -> None:
    crowd = crowds(way, names[0])
    print(f"{way}: {crowd.lasted_s:.1f} s; {crowd.load}")
    assert {name: result["state"] for name, result in crowd.results.items()} == dict.fromkeys(names, "ready")
    assert all(result["exit"] == 0 and result["error"] is None for result in crowd.results.values())
    assert crowd.load.pss_bytes and crowd.load.answers
    assert max(crowd.load.pss_bytes) < MEMORY_BYTES, str(crowd.load)
    assert {status for _, _, status in crowd.load.answers} == {200}


def test_frames_and_times(clip: Clip) -> None:
    check_frames_and_times(clip)


def test_sizes(clip: Clip) -> None:
    check_sizes(clip)


def test_pictures(clip: Clip) -> None:
    print(clip.path.name, check_pictures(clip))


def test_sound(clip: Clip) -> None:
    if clip.path.name in SILENT:
        check_silence(clip)
    else:
        print(clip.path.name, check_sound(clip))


def test_captions(media_dir: Path, make_clip: Callable[[str, str], Clip]) -> None:
    path = media_dir / "with-srt-subtitles.mkv"
    wanted = read_cues(oracle.find_cues(path))
    assert wanted
    for way in CROWDS:
        clip = make_clip(way, path.name)
        (caption,) = clip.video["playback"]["captions"]
        answer = clip.fetch(caption["url"])
        assert answer.headers["content-type"].startswith("text/vtt") and answer.text.startswith("WEBVTT")
        found = read_cues(answer.text)
        assert [text for _, _, text in found] == [text for _, _, text in wanted]
        zero_s = float(clip.source.times[0])
        assert [cue[:2] for cue in found] == [pytest.approx((start - zero_s, end - zero_s), abs=0.0015) for start, end, _ in wanted]
        assert len(clip.hls.texts) == 1


def test_storyboard_and_poster(clip: Clip) -> None:
    """Tiles show what the source shows at their times; the poster is one of the source's first pictures, and not a black one."""
    cues = read_cues(clip.fetch(f"{clip.base}/storyboard.vtt").text)
    times = [float(time - clip.source.times[0]) for time in clip.source.times]
    assert cues[0][0] == 0 and all(before[1] == after[0] for before, after in pairwise(cues))
    assert times[-1] <= cues[-1][1] <= float(clip.video["duration_s"]) + 0.1
    # A tile is the last IDR picture before its time.
    idr_times = sorted(
        float(Fraction(sample.pts - clip.rungs[-1].init.edit_media_time, clip.rungs[-1].init.timescale))
        for part in clip.rungs[-1].parts
        for sample in part.samples
        if sample.is_sync
    )
    tiles = [clip.tile(text) for _, _, text in cues]
    even = tiles[0].width // 2 * 2, tiles[0].height // 2 * 2
    pictures = oracle.decode_pictures(clip.path, None, even, clip.source.colour)
    shown = np.stack([oracle.full_range(picture.luma) for picture in pictures])
    for (start_s, _, _), tile in zip(cues, tiles, strict=True):
        off = np.abs(shown - np.asarray(tile.convert("RGB").resize(even), np.float32) @ LUMA_709).mean(axis=(1, 2))
        idr_s = max(time for time in idr_times if time <= start_s + 0.05)
        there = off[int(np.abs(np.array(times) - idr_s).argmin())]
        assert there < TILE_OFF and there <= off.min() + 1, (
            f"{start_s} s: {there:.1f} off, {times[int(off.argmin())]:.2f} s is nearest with {off.min():.1f}"
        )
    aspect = float(clip.source.aspect)
    assert tiles[0].width / tiles[0].height == pytest.approx(aspect, rel=0.05)
    poster = Image.open(io.BytesIO(clip.fetch(clip.video["poster"]).content))
    assert poster.width / poster.height == pytest.approx(aspect, rel=0.02)
    brightness = np.asarray(poster.convert("L"), float)
    assert brightness.max() > 100 and brightness.std() > 8, (brightness.max(), brightness.std())


@pytest.mark.parametrize("name", leave_out(SENT_WHOLE, {*LONG, "crystal-vp8.webm", "rabbit-480p-8s.mp4"}))
def test_whole_file_gives_the_same_bytes(name: str, make_clip: Callable[[str, str], Clip]) -> None:
    check_same_bytes(make_clip("pieces", name), make_clip("whole", name))


def test_stream_rules(clip: Clip) -> None:
    check_stream_rules(clip)
