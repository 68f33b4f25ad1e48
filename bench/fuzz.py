"""Fuzzes our parsers. Each gets valid inputs that Hypothesis has changed, and may raise only the errors that it documents.

    python -m bench.fuzz [--seconds 10] [--seed 1] [--only WORD]

An input may take at most two seconds of CPU time. A fault is printed with the smallest input that shows it.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, cast
from urllib.parse import parse_qsl

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from yeoul.api.page import read_cursor, read_text_cursor
from yeoul.base.errors import (
    ConditionError,
    InvalidError,
    LinkError,
    MediaToolError,
    NotFoundError,
    SignatureError,
    TooLargeError,
)
from yeoul.blob.signature import UrlSigner
from yeoul.blob.store import Bucket
from yeoul.bootstrap import read_definitions
from yeoul.delivery.access import StreamAccess
from yeoul.delivery.presentation import read_folder
from yeoul.engine.local.frame import FrameReader, pack
from yeoul.identity.links import read_account_id
from yeoul.identity.mail_text import make_safe_name
from yeoul.insight.visitor import find_device, is_robot
from yeoul.media.audio.loudness import read_report
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.mp4 import fragment
from yeoul.media.mp4.audio_box import make_audio_fragment, make_audio_init
from yeoul.media.mp4.codec_string import get_codecs
from yeoul.media.mp4.edit_list import add_edit_list, get_media_time
from yeoul.media.source.frame_start import make_frame_start_test
from yeoul.media.source.truncation import promised_end
from yeoul.media.text.caption import read_srt, read_webvtt
from yeoul.media.text.cue_text import ass_to_cue_text
from yeoul.media.text.webvtt import normalise_webvtt
from yeoul.media.video.filter import make_graph
from yeoul.media.video.ladder import make_ladder
from yeoul.model.gram import fold, make_queries, make_trigrams
from yeoul.model.piece import Piece
from yeoul.model.plain import clean_line, make_line
from yeoul.model.source import Source, TimeBase, VideoTrack
from yeoul.pipeline.dag.compile import compile_definition
from yeoul.pipeline.dag.condition import evaluate_condition, make_facts, parse_condition
from yeoul.pipeline.ops.registry import load_ops
from yeoul.pipeline.story.run_log import read_entry, read_place
from yeoul.upload.claim import check_source
from yeoul.webhook.address import check_url

_MOST_CPU_S: Final = 2.0
_BATCH: Final = 200
_SECRET: Final = b"s" * 32
_TRACK: Final = VideoTrack(codec="h264", width=640, height=360, time_base=TimeBase(num=1, den=90000), frame_rate=25.0)
_SOURCE: Final = Source(container="mov", duration_s=10.0, start_pts=0, video=_TRACK)
_TOKENS: Final = (
    *(b"\0", b"\xff" * 4, b"\x7f\xff\xff\xff", b"\r\n", b"\n\n", b"-->", b"<", b"{", b"[" * 300, b"..", b"/", b"%00", b":", b"\\"),
    *(
        b"moof",
        b"trun",
        b"mdat",
        b"moov",
        b"1e999",
        b"NaN",
        b"-1",
        b"9" * 400,
        b"&a",
        b"*a",
        b"<<: ",
        b"not " * 50,
        b"(" * 200,
        b"\xed\xa0\x80",
    ),
    *("٣".encode(), "\u202e".encode(), "\U0001f600".encode(), "\u0130".encode()),
)


@dataclass(frozen=True)
class Target:
    """A parser. seeds: inputs that it takes; raises: what it may raise for others."""

    name: str
    seeds: tuple[bytes, ...]
    parse: Callable[[bytes], object]
    raises: tuple[type[Exception], ...] = ()

    def check(self, data: bytes) -> None:
        """Raises AssertionError where the input takes too long, and what the parser must not raise."""
        began_s = time.process_time()
        try:
            self.parse(data)
        except self.raises:
            pass
        took_s = time.process_time() - began_s
        assert took_s < _MOST_CPU_S, f"{len(data)} bytes took {took_s:.1f} s of CPU time"


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds after up to six changes."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        until = min(len(data), at + draw(st.integers(0, 64)))
        match draw(st.sampled_from(("replace", "insert", "repeat", "delete", "flip", "number"))):
            case "replace":
                data[at:until] = draw(st.binary(max_size=32))
            case "insert":
                data[at:at] = draw(st.sampled_from(_TOKENS))
            case "repeat":
                data[at:at] = data[at:until] * draw(st.sampled_from((1, 10, 300)))
            case "flip" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "number":
                data[at : at + 4] = draw(st.integers(0, 2**32 - 1)).to_bytes(4, "big")
            case _:
                del data[at:until]
    return bytes(data)


def fuzz(target: Target, examples: int, seed: int) -> str:
    """Returns the smallest input that is wrong and why; empty where there was none. The same seed gives the same inputs."""
    found: list[str] = []

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.filter_too_much,
            HealthCheck.data_too_large,
            HealthCheck.large_base_example,
        ],
        report_multiple_bugs=False,
    )
    @given(mutated(target.seeds))
    def run(data: bytes) -> None:
        try:
            target.check(data)
        except Exception as error:
            found.append(f"{target.name}: {type(error).__name__}: {str(error)[:200]} for {data[:300]!r}")
            raise

    try:
        run()
    except Exception:  # noqa: BLE001 - it was written down
        return found[-1]
    return ""


def _text(data: bytes) -> str:
    """As a request brings it: without lone surrogates."""
    return data.decode(errors="replace")


def _read_media(data: bytes) -> None:
    init, media = fragment.split_init(data)
    get_codecs(init)
    if get_media_time(init) == 0:
        add_edit_list(init, 1000)
    fragment.get_timescale(init)
    found = fragment.list_fragments(media)
    fragment.list_pts(found)
    fragment.find_i_frames(found, get_media_time(init))
    fragment.retime(media, 10**6, 10**6)


def _read_sizes(data: bytes) -> None:
    for name in ("mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi"):
        promised_end(io.BytesIO(data), len(data), name)


def _count_pictures(data: bytes) -> None:
    for codec in ("h264", "hevc", "mpeg2video", "dirac", "vp8"):
        begins = make_frame_start_test(codec, data)
        assert begins is not None
        begins(data)
        begins(data[len(data) // 2 :])


def _read_cursors(data: bytes) -> None:
    for read in (read_cursor, read_text_cursor):
        try:
            read(_text(data))
        except InvalidError:
            continue


def _read_condition(data: bytes) -> None:
    text = _text(data)
    parse_condition(text)
    evaluate_condition(text, make_facts(_SOURCE, make_ladder(_SOURCE)))


def _read_address(data: bytes) -> None:
    path, _, query = _text(data).partition("?")
    _, _, bucket, key = f"{path}///".split("/", 3)
    UrlSigner("", _SECRET).check("PUT", bucket, key.rstrip("/"), dict(parse_qsl(query)), 0.0)


def _read_source(data: bytes) -> None:
    source = Source.model_validate_json(data)
    check_source(source)
    make_graph(Piece(index=0, start_pts=source.start_pts, end_pts=source.start_pts + 1000), source, make_ladder(source))


def _read_entry(data: bytes) -> None:
    try:
        entry: object = json.loads(data)
    except RecursionError:  # the database or pydantic parses what is read in earnest
        return
    if isinstance(entry, dict):
        read_entry(cast("dict[str, object]", entry))
    read_place(_text(data))


def _search(data: bytes) -> None:
    folded = fold(_text(data))
    make_queries(folded)
    make_trigrams(folded)


def _read_report(data: bytes) -> None:
    read_report(_text(data))


@cache
def _coded() -> tuple[bytes, ...]:
    """Fragments of each video codec that renditions have, and of sound."""
    made = [make_audio_init(2, 1024) + make_audio_fragment(1, 0, [b"\x21\x10\x04"] * 4)]
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.4", "-pix_fmt", "yuv420p"]
    flags = "+cmaf+frag_discont+empty_moov+frag_keyframe+skip_trailer"
    with tempfile.TemporaryDirectory(prefix="yeoul-fuzz-") as folder:
        for codec in (
            ["libx264"],
            ["libx265", "-tag:v", "hvc1", "-x265-params", "log-level=none"],
            ["libvpx-vp9"],
            ["libsvtav1", "-svtav1-params", "lp=1"],
        ):
            file = Path(folder) / f"{codec[0]}.mp4"
            environment = {**os.environ, "SVT_LOG": "1"}
            subprocess.run([*words, "-c:v", *codec, "-movflags", flags, "-f", "mp4", str(file)], check=True, env=environment)
            made.append(file.read_bytes())
    return tuple(made)


def make_targets() -> tuple[Target, ...]:
    """All parsers of bytes and texts that come from outside."""
    ops = load_ops()
    token = StreamAccess(_SECRET).make_token("v", "private", 0.0)
    link = f"0abc.99.{'ab' * 32}"
    address = UrlSigner("", _SECRET).sign_put(Bucket.TEMP, "v/u/part-00000-ab", 10, "ab" * 32, 99.0).url
    conditions = (b"height >= 720 and not (hdr or codec == 'hevc')", b"duration_s > 60 or has_audio == False")
    coded = _coded()
    return (
        Target("WebVTT that people send", (_WEBVTT,), lambda data: read_webvtt(_text(data)), (InvalidError,)),
        Target("WebVTT inside an upload", (_WEBVTT,), lambda data: normalise_webvtt(_text(data)), (InvalidError,)),
        Target("SubRip", (_SUBRIP, _SUBRIP.replace(b"\n", b"\r\n")), lambda data: read_srt(_text(data)), (InvalidError,)),
        Target("ASS text", (b"{\\i1}x{\\i0}\\Ny{\\b1\\fs20}z", b"{\\pos(1,2)}a\\hb"), lambda data: ass_to_cue_text(_text(data))),
        Target("fragments and codec records", coded, _read_media, (MediaToolError,)),
        Target("sizes that a container names", (*coded, _MATROSKA, _RIFF), _read_sizes),
        Target("pictures in packets", tuple(_H264), _count_pictures),
        Target("cursors", (b"WzEuNSwgImFiYyJd", b"WyJhIiwgImFiYyJd"), _read_cursors),
        Target("conditions", conditions, _read_condition, (ConditionError,)),
        Target(
            "definitions",
            tuple(text.encode() for text in read_definitions().values()),
            lambda data: compile_definition(_text(data), "own.yaml", ops),
        ),
        Target("signed addresses", (address.encode(),), _read_address, (SignatureError,)),
        Target(
            "stream tokens",
            (token.encode(),),
            lambda data: StreamAccess(_SECRET).check(_text(data), "v", "private", 0.0),
            (SignatureError,),
        ),
        Target("links in mails", (link.encode(),), lambda data: read_account_id(_text(data)), (LinkError,)),
        Target("folders of renditions", (b"720p-2", b"audio-en"), lambda data: read_folder(_text(data)), (NotFoundError,)),
        Target(
            "messages of the sandbox",
            (pack({"ask": "fetch", "bucket": "temp", "key": "v/k"}), pack({"progress": 0.5}) + pack({"ok": True}, b"body")),
            lambda data: list(FrameReader(2**20).feed(data)),
            (ValueError,),
        ),
        Target(
            "addresses of webhooks",
            (b"https://example.com/hook?a=1", b"http://[2606:4700::1111]:8080/", "https://한국.example/".encode()),
            lambda data: check_url(_text(data), allow_private=False),
            (InvalidError,),
        ),
        Target("searches", ("Yeoul 여울 video*".encode(), b'"a" OR b NEAR(c)'), _search),
        Target("lines of text", ("a\tb\u202ec \U0001f600".encode(),), lambda data: (clean_line(_text(data)), make_line(_text(data)))),
        Target("names in mails", (b"Min Kim",), lambda data: make_safe_name(_text(data), "min")),
        Target(
            "programs of viewers",
            (b"Mozilla/5.0 (iPad; Android) Mobile bot/1",),
            lambda data: (is_robot(_text(data)), find_device(_text(data))),
        ),
        Target("descriptions of sources", (_SOURCE.model_dump_json().encode(),), _read_source, (ValueError, InvalidError, TooLargeError)),
        Target(
            "events of runs", (b'{"event": "task_ended", "task": "encode.00001.720p", "ok": true}',), _read_entry, (KeyError, ValueError)
        ),
        Target("reports of loudness", (b"lavfi.r128.M=-23.1\nlavfi.r128.true_peak=0.5\n",), _read_report, (ValueError,)),
    )


# Parameter sets and slices with start codes, with lengths, and a record of them.
_H264: Final = (
    bytes.fromhex("0000000167640028acd940780227e5c044000003000400000300c83c60c6580000000168ebe3cb22c00000000165888400"),
    bytes.fromhex("01640028ffe1001867640028acd940780227e5c044000003000400000300c83c60c65801000668ebe3cb22c0"),
    bytes.fromhex("0000000665888400330100000004419a2104"),
    b"BBCD\xe8\0\0\0\0\0\0\0\0\0\0\1\0\0\x0f\xff\xf8\0\0\1\xb5\x8f\xff\xf1\x80",
)
# A segment of unknown size with a cluster, and a RIFF chunk with another after it.
_WEBVTT: Final = b"""WEBVTT - x

NOTE y

STYLE
::cue{}

1
00:01.000 --> 00:02.500 align:start
<v A>x</v> &amp; <i>y</i>

00:03.000 --> 01:00:04.000
z
"""
_SUBRIP: Final = b"""1
00:00:01,000 --> 00:00:02,500
<font color=red><b>x</b></font>
{\\an8}y

2
00:00:03,000 --> 00:00:04,000
z
"""
_MATROSKA: Final = bytes.fromhex("1a45dfa3 84 42868101 18538067 01ffffffffffffff 1549a966 82 ec80 1f43b675 84 e7810000".replace(" ", ""))
_RIFF: Final = b"RIFF\x08\0\0\0AVI LIST" + b"RIFF\x04\0\0\0AVIX"


def run_fuzz(seconds: float, seed: int, only: str = "") -> tuple[int, list[str]]:
    """(how many inputs were tried, what is wrong); each parser gets so many seconds of CPU time."""
    tried, wrong = 0, list[str]()
    for target in make_targets():
        until_s, batch = time.process_time() + seconds, 0
        while only in target.name and time.process_time() < until_s:
            fault = fuzz(target, _BATCH, seed * 10_000 + batch)
            tried, batch = tried + _BATCH, batch + 1
            if fault:
                wrong.append(fault)
                break
    return tried, wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Print how many inputs were tried and what is wrong; 0 when nothing is."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description="Give our parsers what nobody would send by mistake.")
    parser.add_argument("--seconds", type=float, default=10.0, help="of CPU time for each parser (default: 10)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="WORD", default="", help="parsers whose name has this word in it")
    arguments = parser.parse_args(argv)
    tried, wrong = run_fuzz(arguments.seconds, arguments.seed, arguments.only)
    print(f"{tried} inputs for {len(make_targets())} parsers; wrong: {len(wrong)}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
