"""Caption files of people: formats, encodings, and what cannot be read of them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yeoul.base.errors import InvalidError
from yeoul.media.text.caption import read_webvtt
from yeoul.media.text.caption_file import read_caption_file
from yeoul.media.text.encoding import ENCODINGS, decode_text

TWO = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nfirst\n\n00:00:03.500 --> 00:00:04.250\nsecond\nline\n"
FORMATS = {
    "webvtt": TWO,
    "webvtt without a blank line": TWO.replace("WEBVTT\n\n", "WEBVTT\n"),
    "webvtt with less digits": "WEBVTT\n\n0:01.0 --> 0:02.0\nfirst\n\n00:03.5 --> 00:04.25\nsecond\nline\n",
    "srt": "1\n00:00:01,000 --> 00:00:02,000\nfirst\n\n2\n00:00:03,500 --> 00:00:04,250\n<font color=red>second</font>\nline\n",
    "srt of old machines": "1\r00:00:01,000 --> 00:00:02,000\rfirst\r\r2\r00:00:03.500 --> 00:00:04.250\rsecond\rline\r",
    "ass": "[Script Info]\nTitle: x\n\n[Events]\nFormat: Layer, Start, End, Style, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.00,Default,{\\an8}first\nComment: 0,0:00:01.00,0:00:02.00,Default,no\n"
    "Dialogue: 0,0:00:03.50,0:00:04.25,Default,second\\Nline\n",
    "ssa": "[Script Info]\n\n[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Default,,0,0,0,,first\n"
    "Dialogue: Marked=0,0:00:03.50,0:00:04.25,Default,,0,0,0,,second\\Nline\n",
    "ttml": '<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="20">'
    '<body><div><p begin="00:00:01:00" end="2s"><span>first</span></p>'
    '<p begin="3500ms" dur="750ms">second<br/>line</p></div></body></tt>',
    "sbv": "0:00:01.000,0:00:02.000\nfirst\n\n0:00:03.500,0:00:04.250\nsecond\nline\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(name: str) -> None:
    found = read_caption_file(FORMATS[name].encode(), "captions")
    assert (found.webvtt.strip(), found.slips, found.encoding) == (TWO.strip(), (), "utf-8")


def test_lyrics_stand_until_the_next_line() -> None:
    found = read_caption_file(b"[ti:Song]\n[00:01.00]first\n[00:03.50][00:10.00]again\n", "song.lrc")
    assert [line for line in found.webvtt.split("\n") if "-->" in line] == [
        *("00:00:01.000 --> 00:00:03.500", "00:00:03.500 --> 00:00:10.000", "00:00:10.000 --> 00:00:15.000")
    ]


TEXTS = {
    "ko": ("안녕하세요 여러분 반갑습니다", ["cp949", "utf-16", "utf-8"]),
    "ja": ("こんにちは、世界のみなさん", ["cp932", "euc_jp", "iso2022_jp"]),
    "zh": ("大家好欢迎收看节目", ["gb18030"]),
    "zh-Hant": ("大家好歡迎收看節目", ["big5"]),
    "ru": ("Здравствуйте, дорогие друзья", ["cp1251"]),
    "pl": ("Zażółć gęślą jaźń", ["cp1250"]),
    "fr": ("Voilà l'été à la française", ["cp1252", "utf-32"]),
    "el": ("Καλημέρα σε όλους", ["cp1253"]),
    "tr": ("Günaydın arkadaşlar ığşç", ["cp1254"]),  # noqa: RUF001
    "he": ("שלום לכולם", ["cp1255"]),
    "ar": ("مرحبا بالجميع", ["cp1256"]),
    "th": ("สวัสดีทุกคน", ["cp874"]),
}


@pytest.mark.parametrize(("language", "encoding"), [(language, encoding) for language, (_, all_of) in TEXTS.items() for encoding in all_of])
def test_encodings_are_found_out(language: str, encoding: str) -> None:
    said = TEXTS[language][0]
    data = f"1\n00:00:01,000 --> 00:00:02,000\n{said}\n".encode(encoding)
    if encoding != "big5":  # which GB 18030 can read, too
        found = read_caption_file(data, f"film.{language}.srt")
        assert said in found.webvtt and "\ufffd" not in found.webvtt
        assert read_caption_file(data, "film.srt", language=language).encoding == found.encoding == encoding
    assert said in read_caption_file(data, "film.srt", encoding=encoding).webvtt


def test_another_encoding_than_the_one_given_is_told() -> None:
    with pytest.raises(InvalidError, match="not encoded in utf-8") as caught:
        decode_text("안녕".encode("cp949"), encoding="utf-8")
    assert caught.value.facts["encodings"] == list(ENCODINGS)


def test_what_has_no_encoding_is_asked_for() -> None:
    with pytest.raises(InvalidError, match=r"encoding of this file is unknown|not a caption file"):
        read_caption_file(bytes(range(128, 160)) * 3, "film.srt")


def test_one_bad_cue_is_told_and_the_others_stay() -> None:
    text = TWO + "\n00:00:09.000 --> 00:00:08.000\nbackwards\n\nno times\n\n00:00:10.000 --> 00:00:11.000\nlast\n"
    found = read_caption_file(text.encode(), "film.vtt")
    assert found.webvtt.count("-->") == 3
    assert [(slip.line, slip.message) for slip in found.slips] == [(10, "the cue must end after it starts"), (13, "the cue has no times")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a caption file"),
        (b"just words", "not a caption file"),
        (b"WEBVTT\n", "has no cues"),
        (b"1\n00:00:02,000 --> 00:00:01,000\nx\n", "line 2"),
        (b"x" * (2 * 2**20 + 1), "at most"),
        (b'<!DOCTYPE tt [<!ENTITY a "aaaa">]><tt>&a;</tt>', "DTD"),
        (b"<tt><p begin='1s'", "not valid XML"),
        (b"".join(b"[%02d:%02d]" % divmod(at, 60) for at in range(5000)) + b"x" * 100_000, "at most"),
        (b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\nx\n\n" * 50_001, "at most 50000"),
    ],
)
def test_what_is_no_captions_is_told(data: bytes, says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        read_caption_file(data, "film")


def test_nested_paragraphs_are_read_once() -> None:
    """30,000 in each other: looking at each from each other one would take minutes."""
    count = 30_000
    data = b"<tt>" + b'<p begin="1s" end="2s">x' * count + b"</p>" * count + b"</tt>"
    before = time.process_time()
    assert read_caption_file(data, "film.ttml").webvtt.count("-->") == 1
    assert time.process_time() - before < 5, "CPU seconds"


def test_webvtt_sent_as_text_may_begin_with_a_cue_at_once() -> None:
    assert read_webvtt(FORMATS["webvtt without a blank line"]).strip() == TWO.strip()


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.sampled_from(["a.srt", "a.ko.srt", "a.ja.vtt", "a.xyz.txt"]))
def test_any_bytes_are_captions_or_told(data: bytes, name: str) -> None:
    for head in (b"", b"WEBVTT\n\n", b"1\n00:00:01,000 --> ", b"[Script Info]\n[Events]\n", b"<tt>", b"[00:01.00]"):
        try:
            found = read_caption_file(head + data, name)
        except InvalidError:
            continue
        assert found.webvtt.startswith("WEBVTT\n") and len(found.slips) <= 100
