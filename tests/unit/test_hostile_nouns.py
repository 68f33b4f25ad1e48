"""Every string and number of what clients and files say, one after the other with hostile values: it is refused, or it stays harmless.

Harmless means: numbers are finite and fit everywhere, texts are one line, and the words of all commands made from them are those that
this project writes itself.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from yeoul.api.video.captions import NewCaptions
from yeoul.base.errors import InvalidError, TooLargeError, YeoulError
from yeoul.delivery.presentation import make_chapters
from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.video.encode import make_encode_command, make_feed_command
from yeoul.media.video.ladder import convert_rungs, make_ladder
from yeoul.media.video.vmaf import make_quality_command
from yeoul.model.piece import LandedPiece
from yeoul.model.rendition import Codec, Rendition, Rung, Segment, Storyboard
from yeoul.model.sound import LandedSound
from yeoul.model.source import Source
from yeoul.pipeline.dag.compile import parse_definition
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.ops.registry import BUILT_IN
from yeoul.upload.claim import check_piece, check_source
from yeoul.upload.service import OpenUpload
from yeoul.upload.session import Declared
from yeoul.upload.track_service import NewTrack

TEXTS = (
    *(
        "",
        " ",
        "x" * 5000,
        "a\nb",
        "a\r\nb",
        "a\x00b",
        "a\x1bb",
        "\u2028",
        "\u202e",
        "\ud800",
        "../../secret.key",
        "/etc/passwd",
        "file:/etc/passwd",
    ),
    *(
        "bt709,movie=/etc/passwd",
        "[a];[a]metadata=print:file=/tmp/x",
        "a:b=c",
        "a\\,b",
        "'",
        '"',
        "<b>",
        "]]>",
        "%s",
        "{0}",
        "-vf",
        "$(id)",
        "`id`",
    ),
    *("http://127.0.0.1/", "concat:a|b", "NaN", "1e9", "٣", "日本", "a;b", "#EXTM3U", "URI=x", "en,ko", "\ufeff"),
)
NUMBERS = (
    math.nan,
    math.inf,
    -math.inf,
    -1,
    0,
    1,
    2**31,
    2**53,
    2**53 + 2,
    2**63,
    2**64,
    10**30,
    -(2**63),
    1e308,
    1e-308,
    0.5,
    "5px",
    True,
    None,
    [],
    {},
)
BASE = {"num": 1, "den": 90000}
SOURCE: dict[str, Any] = {
    "container": "mov",
    "duration_s": 60.0,
    "start_pts": 1024,
    "video": {
        "codec": "h264",
        "width": 1280,
        "height": 720,
        "time_base": BASE,
        "sar": {"num": 1, "den": 1},
        "rotation_deg": 90,
        "pix_fmt": "yuv420p",
        "bit_depth": 8,
        "colour_primaries": "bt709",
        "colour_transfer": "bt709",
        "colour_matrix": "bt709",
        "colour_range": "tv",
        "frame_rate": 30.0,
        "frames": 1800,
    },
    "audio": {
        "codec": "aac",
        "sample_rate": 48000,
        "channels": 2,
        "time_base": {"num": 1, "den": 48000},
        "profile": "LC",
        "bitrate_bps": 128000,
        "language": "eng",
        "title": "Original",
        "role": "main",
    },
    "texts": [{"stream_index": 2, "codec": "subrip", "language": "ko", "title": "한국어"}],
    "chapters": [{"start_s": 0.0, "end_s": 10.0, "title": "One"}],
}
PIECE: dict[str, Any] = {
    "index": 1,
    "container": "nut",
    "start_pts": 31744,
    "end_pts": 93184,
    "base": 30720,
    "audio_base": 5,
    "frames": 120,
    "audio": {"anchor_sample": -1024, "end_sample": 2880000},
}
SHA = "0" * 64
NOUNS: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
    "upload": (
        OpenUpload,
        {
            "mode": "pieces",
            "file_name": "clip.mp4",
            "size_bytes": 1000,
            "fingerprint": SHA,
            "source": SOURCE,
            "captions": [{"language": "ko", "label": "한국어", "webvtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nx\n"}],
        },
    ),
    "declared": (Declared, {"index": 1, "size_bytes": 1000, "sha256": SHA, "piece": PIECE}),
    "landed": (LandedPiece, {"piece": PIECE, "bucket": "original", "key": "v/u/piece-1.nut", "size_bytes": 1000, "sha256": SHA}),
    "track": (
        NewTrack,
        {
            "language": "ko",
            "label": "더빙",
            "role": "dub",
            "size_bytes": 1000,
            "sha256": SHA,
            "sound": {"tick": {"num": 1, "den": 1000}, "start_ns": -7_000_000, "end_sample": 48_000},
        },
    ),
    "landed track": (
        LandedSound,
        {"name": "audio-1", "sound": {}, "bucket": "original", "key": "v/audio/audio-1-00", "size_bytes": 1000, "sha256": SHA},
    ),
    "captions": (NewCaptions, {"language": "ko", "label": "한국어", "webvtt": "WEBVTT\n"}),
    "rung": (Rung, {"name": "720p", "width": 1280, "height": 720, "crf": 23.0, "maxrate_bps": 2_800_000, "codec": "h264"}),
    "rendition": (
        Rendition,
        {
            "name": "720p",
            "kind": "video",
            "codecs": "avc1.64001f",
            "timescale": 90000,
            "init_key": "v/init/a.mp4",
            "init_size_bytes": 800,
            "width": 1280,
            "height": 720,
            "frame_rate": 30.0,
            "channels": 0,
            "sample_rate": 0,
            "language": "en",
        },
    ),
    "segment": (
        Segment,
        {
            "index": 0,
            "key": "v/t/720p.m4s",
            "size_bytes": 1000,
            "start_ticks": 0,
            "duration_ticks": 1000,
            "samples": 60,
            "i_frames": [{"offset": 0, "size_bytes": 100, "duration_ticks": 10, "start_ticks": 0}],
        },
    ),
    "storyboard": (
        Storyboard,
        {"keys": ["v/s.jpg"], "columns": 5, "rows": 5, "tile_width": 160, "tile_height": 90, "interval_s": 2.0, "tiles": 25},
    ),
}
# What people write goes into no command; where it is shown, it is escaped.
FREE_TEXT = {"title", "label", "file_name", "webvtt", "srt"}
WORD = re.compile(r"[\w./:+=,;\[\]()<>*'%\\-]+")


def leaves(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all strings and numbers, in `tree` as it is on the wire."""
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, key))
    else:
        yield path


def changed(tree: Any, path: tuple[str | int, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(tree))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


def read(model: type[BaseModel], tree: Any) -> BaseModel | None:
    """The noun as the border takes it in; None where it is refused."""
    try:
        noun = model.model_validate_json(json.dumps(tree))
        if isinstance(noun, OpenUpload) and noun.source is not None:
            check_source(noun.source)
        if isinstance(noun, Declared) and noun.piece is not None:
            check_piece(noun.piece, Source.model_validate(SOURCE))
    except (ValidationError, InvalidError, TooLargeError):
        return None
    return noun


def find_odd(name: str, value: Any) -> list[str]:
    """What is wrong with the values of a noun that was taken in."""
    if isinstance(value, dict):
        return [odd for key, one in value.items() for odd in find_odd(str(key), one)]
    if isinstance(value, list | tuple):
        return [odd for one in value for odd in find_odd(name, one)]
    if isinstance(value, str):
        is_plain = name in FREE_TEXT or re.fullmatch(r"[\w./ ,:+()-]*", value, re.ASCII)
        is_line = name in {"webvtt", "srt"} or not re.search(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]", value)
        return [] if is_plain and is_line and len(value) <= 5000 else [f"{name}: {value!r}"]
    if isinstance(value, int | float):
        return [] if math.isfinite(value) and abs(value) <= 2**53 else [f"{name}: {value!r}"]
    return []


def make_commands(noun: BaseModel) -> list[list[str]]:
    """All commands that a noun takes part in."""
    source = OpenUpload.model_validate(NOUNS["upload"][1]).source
    piece = Declared.model_validate(NOUNS["declared"][1]).piece
    assert source is not None and piece is not None
    rungs = make_ladder(source)
    if isinstance(noun, OpenUpload) and noun.source is not None:
        source = noun.source
        rungs = make_ladder(source)
        make_chapters(source.chapters)
    if isinstance(noun, Declared) and noun.piece is not None:
        piece = noun.piece
    if isinstance(noun, Rung):
        rungs = (noun,)
    file, out, limits = Path("piece.nut"), Path("out"), Limits()
    codecs: tuple[Codec, ...] = ("h264", "hevc", "vp9", "av1")
    made = [make_encode_command(file, piece, source, convert_rungs(rungs, codec), out, limits) for codec in codecs]
    made.append(make_feed_command(file, source, limits))
    made.append(make_quality_command(file, piece, source, rungs[0], [Path("out/a.mp4")], limits, metric="vmaf", every=5))
    return made


@pytest.mark.parametrize("name", list(NOUNS))
def test_what_a_border_lets_in_is_harmless(name: str):
    model, tree = NOUNS[name]
    assert read(model, tree) is not None, "the plain one passes"
    wrong: list[str] = []
    for path in leaves(tree):
        for value in (*TEXTS, *NUMBERS):
            noun = read(model, changed(tree, path, value))
            if noun is None:
                continue
            wrong += [f"{path} = {value!r}: {odd}" for odd in find_odd(str(path[-1]), noun.model_dump())]
            try:
                words = [word for command in make_commands(noun) for word in command]
            except YeoulError:
                continue
            named = {ffmpeg_path(), feed_ffmpeg_path()}
            wrong += [f"{path} = {value!r}: {word}" for word in words if word not in named and not WORD.fullmatch(word)]
            if isinstance(value, str) and len(value) > 3:
                wrong += [f"{path} = {value!r}: in {word}" for word in words if value in word]
    assert wrong == []


@pytest.mark.parametrize("name", ["source.video.time_base", "source.video.sar", "source.audio", "source.chapters", "piece", "piece.audio"])
def test_parts_that_are_missing_or_of_another_kind_are_refused_or_left_out(name: str):
    model, tree = NOUNS["declared"] if name.startswith("piece") else NOUNS["upload"]
    for value in (None, [], {}, "x", 5, [[]], [None]):
        noun = read(model, changed(tree, tuple(name.split(".")), value))
        assert noun is None or make_commands(noun)


HOSTILE_PARAMETERS = (".nan", ".inf", "-.inf", "-1", "1e300", "'x, movie=/etc/passwd'", "[1]", "{a: 1}", "0x10", "null")


def _parameters() -> Iterator[tuple[str, str]]:
    for name, found in sorted(BUILT_IN.items()):
        for parameter in found.parameters.model_fields:
            yield name, parameter


@pytest.mark.parametrize(("op", "parameter"), list(_parameters()))
def test_parameters_of_definitions_are_bounded(op: str, parameter: str):
    """What a definition may say passes lint only where it is finite and of the parameter's kind."""
    for value in HOSTILE_PARAMETERS:
        text = f"name: odd\nstages:\n  one:\n    op: {op}\n    scope: video\n    with: {{{parameter}: {value}}}\n"
        try:
            definition: Definition = parse_definition(text, "odd.yaml", BUILT_IN)
        except YeoulError:
            continue
        (stage,) = definition.stages
        assert find_odd(parameter, stage.parameters) == [], value
