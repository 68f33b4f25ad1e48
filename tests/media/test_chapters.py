"""Chapters of a source: from containers, by the video's own clock, as plain text; and as a WebVTT track."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from yeoul.base.errors import InvalidError
from yeoul.delivery.presentation import make_chapters
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.chapter import shift_chapters
from yeoul.media.source.probe import probe
from yeoul.media.source.split import plan_split
from yeoul.model.plain import make_line
from yeoul.model.source import Chapter, Source
from yeoul.upload.claim import check_source

LIMITS = Limits()
HOSTILE = "<script>alert(1)</script> & --> 00:00"


def make_clip(folder: Path, suffix: str, *chapters: tuple[int, int, str], options: tuple[str, ...] = ()) -> Path:
    """Five seconds with chapters in milliseconds."""
    plain, described, path = folder / f"plain.{suffix}", folder / "chapters.txt", folder / f"clip.{suffix}"
    lines = [";FFMETADATA1"]
    for start, end, title in chapters:
        escaped = "".join(f"\\{letter}" if letter in "=;#\\\n" else letter for letter in title)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}", *([f"title={escaped}"] if title else [])]
    described.write_text("\n".join(lines) + "\n")
    picture = ["-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=5", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", str(plain)]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *picture], check=True)
    words = ["-i", str(plain), "-i", str(described), "-map", "0", "-map_chapters", "1", "-c", "copy", *options, str(path)]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words], check=True)
    return path


def told(source: Source) -> list[tuple[float, float, str]]:
    return [(round(one.start_s, 2), round(one.end_s, 2), one.title) for one in source.chapters]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_chapters_are_found(suffix: str, tmp_path: Path):
    clip = make_clip(tmp_path, suffix, (0, 2000, "Beginning"), (2000, 3500, HOSTILE), (3500, 5000, "Überraschung 結末"))
    wanted = [(0.0, 2.0, "Beginning"), (2.0, 3.5, HOSTILE), (3.5, 5.0, "Überraschung 結末")]
    assert told(plan_split(clip, LIMITS).source) == wanted
    assert told(probe(clip, LIMITS)) == wanted


def test_times_count_from_the_first_picture_and_end_with_the_last(tmp_path: Path):
    """A file whose picture begins 1 s late, with a chapter that is over by then and one that claims to last for hours."""
    clip = make_clip(tmp_path, "mkv", (0, 900, "Gone"), (1500, 3000, "One"), (3000, 9_000_000, "Two"), options=("-output_ts_offset", "1"))
    source = plan_split(clip, LIMITS).source
    assert source.start_pts * source.video.time_base.fraction == 1
    found = told(source)
    assert [title for _, _, title in found][-2:] == ["One", "Two"]
    assert found[-1][1] == pytest.approx(5.0, abs=0.05)
    assert all(0 <= start < end for start, end, _ in found)


def test_a_file_without_chapters_has_none(tmp_path: Path):
    assert plan_split(make_clip(tmp_path, "mp4"), LIMITS).source.chapters == ()


def test_titles_are_lines_of_text(tmp_path: Path):
    """Line ends and control characters become spaces, what turns the reading direction goes, no title becomes a number."""
    clip = make_clip(tmp_path, "mkv", (0, 1000, "a\nb\x1b[2Jc\u202eevil"), (1000, 2000, ""), (2000, 5000, "x" * 5000))
    titles = [title for _, _, title in told(plan_split(clip, LIMITS).source)]
    assert titles == ["a b [2Jcevil", "Chapter 2", "x" * 200]


def test_what_a_client_claims_is_checked(tmp_path: Path):
    source = plan_split(make_clip(tmp_path, "mkv", (0, 5000, "One")), LIMITS).source
    check_source(source)
    one: dict[str, Any] = {"start_s": 0, "end_s": 1, "title": "x"}
    for odd in ({"start_s": -1}, {"end_s": float("nan")}, {"title": "x" * 2000}, {"title": "two\nlines"}, {"end_s": 1e9}):
        with pytest.raises(ValidationError):
            Chapter(**{**one, **odd})
    with pytest.raises(ValidationError):
        source.with_values(chapters=(Chapter(**one),) * 1001)
    for odd in ({"start_s": 3, "end_s": 2}, {"end_s": 1e7}):
        with pytest.raises(InvalidError):
            check_source(source.with_values(chapters=(Chapter(**{**one, **odd}),)))


def test_the_track_escapes_what_would_be_markup():
    text = make_chapters([Chapter(start_s=0, end_s=2, title=HOSTILE), Chapter(start_s=2, end_s=3723.5, title="Two")])
    assert text == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n&lt;script&gt;alert(1)&lt;/script&gt; &amp; --&gt; 00:00\n\n"
        "00:00:02.000 --> 01:02:03.500\nTwo\n"
    )


@given(st.lists(st.text(max_size=40).map(make_line), max_size=5))
def test_any_title_is_one_cue(titles: list[str]):
    text = make_chapters([Chapter(start_s=index, end_s=index + 1, title=title) for index, title in enumerate(titles)])
    assert text.count(" --> ") == len(titles)
    assert len([block for block in text.split("\n\n") if block.strip()]) == len(titles) + 1
    assert "<" not in text


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100))), st.floats(-5, 5), st.floats(0, 50))
def test_placed_chapters_lie_in_the_video(times: list[tuple[float, float]], shift_s: float, duration_s: float):
    found = shift_chapters([Chapter(start_s=start, end_s=end, title="x") for start, end in times], shift_s, duration_s)
    assert all(0 <= one.start_s <= one.end_s <= duration_s + 1e-6 for one in found)
