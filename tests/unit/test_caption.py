"""Captions that people write: what is kept of them, and at which line they are wrong."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from yeoul.base.errors import InvalidError
from yeoul.media.text.caption import read_srt, read_webvtt
from yeoul.media.text.webvtt import MAX_CUES, MAX_TEXT_BYTES

SRT = """\ufeff1\r
00:00:01,000 --> 00:00:02,500\r
<i>Wasser</i> & <font color="red">Wind</font>\r
{\\an8}C:\\new {nothing}\r
\r
2\r
0:01:02,000-->0:01:03,000  X1:10\r
<b>never <script>closed\r
"""
VTT = """WEBVTT - made by hand
Kind: captions

STYLE
::cue { color: red }

NOTE 00:01 is no time here

one
00:01.000 --> 00:02.500 align:start onclick:evil
<v Ann>안녕</v>

100:00:03.000 --> 100:00:04.000
late
"""


def test_subrip_becomes_webvtt():
    assert read_srt(SRT).split("\n") == [
        "WEBVTT", "",
        "00:00:01.000 --> 00:00:02.500", "<i>Wasser</i> &amp; Wind", "C:\\new {nothing}", "",
        "00:01:02.000 --> 00:01:03.000", "<b>never &lt;script&gt;closed</b>", "",
    ]  # fmt: skip


def test_webvtt_is_kept_without_what_is_no_cue():
    assert read_webvtt(VTT).split("\n") == [
        "WEBVTT", "",
        "00:00:01.000 --> 00:00:02.500 align:start", "<v Ann>안녕</v>", "",
        "100:00:03.000 --> 100:00:04.000", "late", "",
    ]  # fmt: skip


def test_what_was_read_is_read_again_alike():
    for made in (read_srt(SRT), read_webvtt(VTT), read_webvtt("WEBVTT"), read_srt("")):
        assert read_webvtt(made) == made


CUE = "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "WEBVTT"),
        ("WEBVTTS\n", 1, "WEBVTT"),
        (CUE + "only text", 6, "no times"),
        (CUE + "name\n00:01 --> 00:02\nx", 7, "do not have the form"),
        (CUE + "00:03.000 --> 00:02.000\nx", 6, "must end after"),
        (CUE + "00:03.000 --> 00:03.000\nx", 6, "must end after"),
        (CUE + "00:03.000 --> 00:04.000\n\nx", 6, "no text"),
        (CUE + "00:03.000 --> 00:04.000\nx\n00:05.000 --> 00:06.000\ny", 8, "blank line"),
        (CUE + f"{'9' * 5000}:00:03.000 --> 00:04.000\nx", 6, "do not have the form"),
        (CUE + "00:61.000 --> 00:62.000\nx", 6, "do not have the form"),
    ],
)
def test_each_fault_is_told_with_its_line(text: str, line: int, said: str):
    with pytest.raises(InvalidError, match=said) as raised:
        read_webvtt(text)
    assert raised.value.facts["line"] == line


@pytest.mark.parametrize(
    ("text", "line"),
    [("1\n00:00:01,000 -> 00:00:02,000\nx", 1), ("1\n00:00:01,0 --> 00:00:02,000\nx", 2), ("1\n00:00:01,000 --> 00:00:02,000\n<i></i>", 2)],
)
def test_faults_of_subrip_too(text: str, line: int):
    with pytest.raises(InvalidError) as raised:
        read_srt(text)
    assert raised.value.facts["line"] == line


HOSTILE_TEXTS = {
    "angle brackets": "<",
    "braces": "{\\",
    "open fonts": "<font ",
    "open tags": "<i>",
    "backslashes": "\\",
    "spaces": " ",
    "arrows": "--> ",
    "times": "00:00:01,000 ",
}


@pytest.mark.parametrize("name", list(HOSTILE_TEXTS))
@pytest.mark.parametrize("read", [read_srt, read_webvtt])
def test_a_long_text_costs_what_it_weighs(read: Callable[[str], str], name: str):
    """Compared in CPU seconds: eight times the text takes about eight times as long, and not 64 times."""
    head = "WEBVTT\n\n00:01.000 --> 00:02.000\n" if read is read_webvtt else "1\n00:00:01,000 --> 00:00:02,000\n"
    part = HOSTILE_TEXTS[name]

    def cost_s(size: int) -> float:
        text = head + part * (size // len(part)) + "x\n"
        began_s = time.process_time()
        with contextlib.suppress(InvalidError):
            read(text)
        return time.process_time() - began_s

    cost_s(10_000)
    assert cost_s(320_000) < 24 * max(0.002, *(cost_s(40_000) for _ in range(2)))


def test_captions_have_an_end():
    cue = "00:01.000 --> 00:02.000\nx\n\n"
    with pytest.raises(InvalidError) as refused:
        read_webvtt("WEBVTT\n\n" + cue * (MAX_CUES + 1))
    assert refused.value.facts["most"] == MAX_CUES
    with pytest.raises(InvalidError) as refused:
        read_webvtt("WEBVTT\n\n" + "x" * MAX_TEXT_BYTES)
    assert refused.value.facts["max_bytes"] == MAX_TEXT_BYTES
