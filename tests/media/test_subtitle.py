"""Text tracks come out as WebVTT that a browser shows as the author meant; uploads are cleaned, and garbage is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yeoul.base.errors import InvalidError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.probe import probe
from yeoul.media.text.cue_text import ass_to_cue_text
from yeoul.media.text.extract import extract_captions
from yeoul.media.text.webvtt import MAX_TEXT_BYTES, MAX_TRACKS, normalise_webvtt

LIMITS = Limits()

SRT = """1
00:00:00,500 --> 00:00:01,500
Hello <i>there</i> & you

2
00:00:02,000 --> 00:00:03,000
first line
<script>alert(1)</script> 5 > 3
"""

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, \
ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\an8\\i1}Up, high{\\i0}\\Ntwo & <three>
"""


def film_with(tmp_path: Path, text: str, suffix: str, codec: str, container: str, *video: str) -> Path:
    words = tmp_path / f"words.{suffix}"
    words.write_text(text)
    film = tmp_path / f"film.{container}"
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=4")
    encode = ("-map", "0:v", "-map", "1:s", "-c:v", "libx264" if container != "webm" else "libvpx", "-c:s", codec)
    argv = [ffmpeg_path(), "-v", "error", "-nostdin", *picture, "-i", str(words), *encode, *video, str(film)]
    subprocess.run(argv, check=True)
    return film


def only_text(film: Path) -> str:
    (text,) = extract_captions(film, probe(film, LIMITS), LIMITS)
    return text.webvtt


@pytest.mark.parametrize(("codec", "container"), [("srt", "mkv"), ("mov_text", "mp4"), ("webvtt", "webm")])
def test_subrip_in_any_container(codec: str, container: str, tmp_path: Path) -> None:
    webvtt = only_text(film_with(tmp_path, SRT, "srt", codec, container))
    first, second = webvtt.removeprefix("WEBVTT\n\n").rstrip("\n").split("\n\n")
    assert first == "00:00:00.500 --> 00:00:01.500\nHello <i>there</i> &amp; you"
    assert second.startswith("00:00:02.000 --> 00:00:03.000\nfirst line\n")
    assert "<script" not in second
    assert second.endswith("5 &gt; 3")


@pytest.mark.parametrize(("codec", "container"), [("ass", "mkv"), ("mov_text", "mp4")])
def test_ass(codec: str, container: str, tmp_path: Path) -> None:
    assert only_text(film_with(tmp_path, ASS, "ass", codec, container)) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<i>Up, high</i>\ntwo &amp; &lt;three&gt;\n"
    )


def test_times_count_from_the_first_displayed_frame(tmp_path: Path) -> None:
    """The pictures begin at 1 s of the container's time; a cue that began before is cut off there."""
    film = film_with(tmp_path, SRT, "srt", "srt", "mkv", "-vf", "setpts=PTS+1/TB")
    assert [line for line in only_text(film).splitlines() if "-->" in line] == [
        "00:00:00.000 --> 00:00:00.500",
        "00:00:01.000 --> 00:00:02.000",
    ]


def test_the_clip_with_subtitles(media_dir: Path) -> None:
    webvtt = only_text(media_dir / "with-srt-subtitles.mkv")
    assert webvtt == "WEBVTT\n\n00:00:00.000 --> 00:00:01.234\nThis is the first subtitle.\n"


def test_many_tracks_and_cues_are_bounded_and_take_one_pass(tmp_path: Path) -> None:
    """A film of 70 tracks gives 64; a track of cues without a length takes no square of their number."""
    words = tmp_path / "words.srt"
    words.write_text(SRT)
    film = tmp_path / "film.mkv"
    argv = [ffmpeg_path(), "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=10:d=4", "-i", str(words), "-map", "0:v"]
    subprocess.run([*argv, *["-map", "1:s"] * 70, "-c:v", "libx264", "-c:s", "srt", str(film)], check=True)
    source = probe(film, LIMITS)
    assert len(source.texts) == 70
    found = extract_captions(film, source, LIMITS)
    assert len(found) == MAX_TRACKS and len({one.webvtt for one in found}) == 1
    assert [one.label for one in found[:2]] == ["Text 1", "Text 2"]


@pytest.mark.parametrize(
    ("ass", "cue"),
    [
        (r"plain", "plain"),
        (r"{\b1}bold{\i1} both{\b0} italic", "<b>bold<i> both</i></b><i> italic</i>"),
        (r"{\u1}under{\r} not", "<u>under</u> not"),
        (r"{\blur3\fscx200\c&HFF&}text", "text"),
        (r"\{curly\} back\\slash", r"{curly} back\slash"),
        (r"a\Nb\hc", "a\nb\u00a0c"),
        (r"a\N\N \Nb", "a\nb"),
        (r"x & <y> --> z", "x &amp; &lt;y&gt; --&gt; z"),
        (r"open { never closed", "open { never closed"),
        ("", ""),
    ],
)
def test_ass_text_as_cue_text(ass: str, cue: str) -> None:
    assert ass_to_cue_text(ass) == cue


@given(st.text(alphabet=st.sampled_from("ab{}\\NnhbiU01 <>&\n\r"), max_size=60))
def test_any_ass_text_makes_one_block(text: str) -> None:
    cue = ass_to_cue_text(text)
    assert "\n\n" not in f"{cue}\n".removesuffix("\n")
    assert "-->" not in cue
    assert cue.count("<") == cue.count("</") * 2


# --- uploads ---


def test_good_webvtt_keeps_its_cues_and_layout() -> None:
    uploaded = (
        "\ufeffWEBVTT - by hand\r\nKind: captions\r\n\r\nNOTE a remark\r\nof two lines\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n"
        "intro\r\n00:01.000 --> 00:02.500 line:0 align:start bad:%%\r\n<v Anna>Hello\r\nyou\r\n\r\n"
        "1:00:00.000 --> 01:00:01.000\r\nlate\r\n\r\n"
        "00:00:00.500 --> 00:00:00.900\r\nfirst"
    )
    assert normalise_webvtt(uploaded) == (
        "WEBVTT\n\n00:00:00.500 --> 00:00:00.900\nfirst\n\n00:00:01.000 --> 00:00:02.500 line:0 align:start\n<v Anna>Hello\nyou\n"
    )


def test_normal_form_is_stable() -> None:
    once = normalise_webvtt("WEBVTT\n\n01:00.000 --> 01:02.000\nb\n\n00:00.000 --> 00:02.000\na\n")
    assert normalise_webvtt(once) == once


def test_an_empty_file_of_captions_is_fine() -> None:
    assert normalise_webvtt("WEBVTT") == "WEBVTT\n"
    assert normalise_webvtt("WEBVTT\n\nNOTE nothing yet\n") == "WEBVTT\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        SRT,
        "WEBVTTX\n\n00:00.000 --> 00:01.000\na",
        "WEBVTT\n\nthis is no cue\nat all\n",
        "\0\0\0\0",
        "WEBVTT\n\n00:05.000 --> 00:04.000\nback",
    ],
)
def test_what_is_not_webvtt_is_refused(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        normalise_webvtt(text)
    assert caught.value.facts["field"] == "captions"


def test_too_large_captions_are_refused() -> None:
    with pytest.raises(InvalidError):
        normalise_webvtt("WEBVTT\n\n" + "x" * MAX_TEXT_BYTES)


@settings(max_examples=200)
@given(st.text(max_size=300), st.booleans())
def test_garbage_is_refused_or_made_clean(text: str, with_header: bool) -> None:
    try:
        clean = normalise_webvtt(("WEBVTT\n" if with_header else "") + text)
    except InvalidError:
        return
    assert clean.startswith("WEBVTT\n")
    assert "\r" not in clean and "\0" not in clean
    assert clean.encode()


def test_lone_surrogates_do_not_crash() -> None:
    assert "?" in normalise_webvtt("WEBVTT\n\n00:00.000 --> 00:01.000\na\ud800b")
