"""Files of the kinds that people report: each is made here, and comes out whole, at its times, or is refused before it is sent."""

from __future__ import annotations

import random
import re
import struct
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from av.codec import Codec, codecs_available
from av.codec.codec import UnknownCodecError
from numpy.typing import NDArray

from tests.clips.mp4_boxes import read_boxes
from tests.harness.dolby import with_dolby_record
from tests.media.test_encode import LIMITS, X264, Encoded, encode, make
from yeoul.base.errors import MediaToolError, NotInPiecesError, UnsupportedCodecError
from yeoul.media.audio.encode import encode_audio_piece
from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path
from yeoul.media.source.dolby import is_dolby_vision_only
from yeoul.media.source.near_keyframes import add_keyframes
from yeoul.media.source.probe import probe
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import needs_feed
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

RATE = 25
PICTURE = ("-f", "lavfi", "-i")


def moving(seconds: float, size: str = "160x90", rate: int = RATE) -> tuple[str, ...]:
    return (*PICTURE, f"testsrc2=s={size}:r={rate}:d={seconds}")


def tone(seconds: float, frequency: int = 440) -> tuple[str, ...]:
    return (*PICTURE, f"sine=f={frequency}:r=48000:d={seconds}")


def lowest(rungs: Sequence[Rung]) -> Sequence[Rung]:
    return rungs[-1:]


def made_of(path: Path, folder: Path, target_s: float = 2.0) -> Encoded:
    """The lowest rung of a file."""
    place = folder / "made"
    place.mkdir()
    return encode(path, place, target_s, choose=lowest)


def times_of(encoded: Encoded) -> list[float]:
    (rung,) = encoded.segments
    return [float(time) for time in encoded.times(rung)]


def notices(encoded: Encoded) -> dict[str, int | None]:
    return {notice.code: notice.count for notice in encoded.source.notices}


def loud_seconds(path: Path, folder: Path) -> list[bool]:
    """For each second of a file's sound as viewers hear it, whether there is some."""
    place = folder / "sound"
    place.mkdir()
    plan = plan_split(path, LIMITS, 2.0)
    data = b""
    for piece, file in cut_pieces(path, plan, place):
        made = encode_audio_piece(file, piece, plan.source, place / f"{piece.index}.m4s", LIMITS)
        assert made is not None
        data = (data or made.init) + made.path.read_bytes()
    (place / "whole.mp4").write_bytes(data)
    with av.open(str(place / "whole.mp4")) as container:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    return [bool(np.abs(samples[at + 4800 : at + 43_200]).max() > 0.05) for at in range(0, len(samples) - 43_200, 48_000)]


# --- which track ---


def test_the_default_track_is_taken_and_not_a_thumbnail(tmp_path: Path) -> None:
    words = [*moving(4, "64x36", 1), *moving(4), "-map", "0", "-map", "1", *X264, "-disposition:v:0", "0", "-disposition:v:1", "default"]
    encoded = made_of(make(tmp_path / "two.mp4", *words), tmp_path)
    assert len(times_of(encoded)) == 100 and encoded.source.video.width == 160
    assert notices(encoded) == {"video_left_out": 1}


def test_audio_tracks_that_nobody_can_hear_are_named(tmp_path: Path) -> None:
    """The 17th, and one of which the codec is unknown."""
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    maps = ["-map", "0", *["-map", "1"] * 17]
    many = make(tmp_path / "many.mp4", *moving(2), *tone(2), *maps, *X264, "-c:a", "aac")
    assert notices(made_of(many, one)) == {"audio_left_out": 1}
    two = make(tmp_path / "two.mkv", *moving(2), *tone(2), *tone(2, 880), "-map", "0", "-map", "1", "-map", "2", *X264, "-c:a", "aac")
    head, _, tail = two.read_bytes().rpartition(b"A_AAC")
    two.write_bytes(head + b"A_XYZ" + tail)
    assert notices(made_of(two, other)) == {"audio_left_out": 1}


# --- where the sound is longer ---


def test_the_first_picture_stands_where_sound_comes_before_it(tmp_path: Path) -> None:
    source = make(tmp_path / "late.mp4", "-itsoffset", "5", *moving(5), *tone(10), "-map", "0", "-map", "1", *X264, "-c:a", "aac")
    encoded = made_of(source, tmp_path)
    times = times_of(encoded)
    assert (len(times), times[0], times[1], float(encoded.end)) == (125, 0.0, pytest.approx(5.04), pytest.approx(10.0, abs=0.03))
    assert notices(encoded) == {"picture_held": None}
    assert loud_seconds(source, tmp_path) == [True] * 10


def test_one_picture_stands_as_long_as_its_sound(tmp_path: Path) -> None:
    """For more than a minute: such sound is encoded in parts, which join as pieces do."""
    picture = (*PICTURE, f"testsrc2=s=160x90:r={RATE}:d=0.04")
    source = make(tmp_path / "one.mp4", *picture, *tone(130), "-map", "0", "-map", "1", *X264, "-c:a", "aac")
    encoded = made_of(source, tmp_path)
    assert times_of(encoded) == [0.0] and float(encoded.end) == pytest.approx(130.0, abs=0.03)
    assert loud_seconds(source, tmp_path) == [True] * 130


# --- times ---


@pytest.mark.parametrize("offset_s", [0, 3600])
def test_transport_streams_go_on_where_their_times_jump(offset_s: int, tmp_path: Path) -> None:
    """Two recordings in one file: the clock of the second begins anew, or an hour later."""
    words = (*moving(4), *tone(4), "-map", "0", "-map", "1", *X264, "-g", "50", "-c:a", "aac")
    first = make(tmp_path / "a.ts", *words)
    second = make(tmp_path / "b.ts", *words, "-output_ts_offset", str(offset_s))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    encoded = made_of(joined, tmp_path)
    times = times_of(encoded)
    assert len(times) == 200 and max(np.diff(times)) <= 2 / RATE and float(encoded.end) == pytest.approx(8.0, abs=0.1)
    assert notices(encoded) == {"times_repaired": None}
    assert loud_seconds(joined, tmp_path) == [True] * 8


def packed(source: Path, target: Path) -> Path:
    """XviD's way of B pictures in AVI: one in the chunk of the picture before it, and an empty chunk in its own place."""
    mark = b"\x00\x00\x01\xb2DivX503b1393p"
    with av.open(str(source)) as given, av.open(str(target), "w", format="avi") as out:
        stream: Any = given.streams.video[0]
        added: Any = out.add_stream_from_template(stream, opaque=True)
        added.codec_context.extradata = bytes(stream.codec_context.extradata) + mark
        added.codec_context.codec_tag = "XVID"
        coded = [(bytes(packet), bool(packet.is_keyframe)) for packet in given.demux(stream) if packet.size]
        chunks: list[tuple[bytes, bool]] = []
        index = 0
        while index < len(coded):
            data, key = coded[index]
            if index + 1 < len(coded) and _is_b(coded[index + 1][0]):
                chunks += [(data + coded[index + 1][0], key), (b"\x00\x00\x01\xb6\x50\x00\x00", False)]
                index += 2
            else:
                chunks.append((data, key))
                index += 1
        for position, (data, key) in enumerate(chunks):
            packet: Any = av.Packet(data)
            packet.stream, packet.time_base = added, stream.time_base
            packet.pts = packet.dts = position
            packet.is_keyframe = key
            out.mux(packet)
    return target


def _is_b(data: bytes) -> bool:
    return data[data.index(b"\x00\x00\x01\xb6") + 4] >> 6 == 2


def test_packed_b_pictures_are_all_shown(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain.avi", *moving(4), "-c:v", "mpeg4", "-bf", "1", "-q:v", "4", "-g", "50")
    encoded = made_of(packed(plain, tmp_path / "packed.avi"), tmp_path)
    times = times_of(encoded)
    assert len(times) == 100 and np.allclose(np.diff(times), 1 / RATE, atol=0.001)


# --- keyframes that are far apart ---


@pytest.mark.parametrize(("name", "coding"), [("far.mp4", X264), ("far.mkv", ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "300k"))])
def test_far_keyframes_become_near_ones_without_a_loss(name: str, coding: tuple[str, ...], tmp_path: Path) -> None:
    source = make(
        tmp_path / name, *moving(20), *tone(20), "-map", "0", "-map", "1", *coding, "-g", "9999", "-sc_threshold", "0", "-c:a", "aac"
    )
    heavy = plan_split(source, LIMITS, 2.0)
    assert heavy.weight > 4 and heavy.is_heavy
    near = add_keyframes(source, heavy.source, tmp_path, LIMITS)
    assert near is not None
    light = plan_split(near, LIMITS, 2.0)
    assert light.weight < 1.2 and light.source.video.frames == 500
    assert light.source.duration_s == pytest.approx(heavy.source.duration_s, abs=0.03)
    assert pictures_of(near) == pictures_of(source)
    ended = light.with_end_of(heavy)
    assert ended.source.duration_s == heavy.source.duration_s
    assert [piece.audio and piece.audio.end_sample for piece in (ended.pieces[0], ended.pieces[-1])] == [
        *(None, heavy.pieces[-1].audio and heavy.pieces[-1].audio.end_sample)
    ]


def test_a_kill_while_keyframes_are_added_does_not_change_the_pieces(tmp_path: Path) -> None:
    """The attempt fails and is repeated; it does not continue with the unconverted file."""
    source = make(tmp_path / "far.mp4", *moving(20), *X264, "-g", "9999", "-sc_threshold", "0")
    plan = plan_split(source, LIMITS, 2.0)
    with ThreadPoolExecutor(1) as pool:
        added = pool.submit(add_keyframes, source, plan.source, tmp_path, LIMITS)
        tools: list[psutil.Process] = []
        while not tools and not added.done():
            children = psutil.Process().children(recursive=True)
            tools = [child for child in children if child.cmdline()[:1] == [ffmpeg_path()]]
        tools[0].kill()
        with pytest.raises(MediaToolError):
            added.result()


VP9 = ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")


@pytest.mark.parametrize(
    "coding",
    [
        ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuvj420p", "-sc_threshold", "0"),
        (*VP9, "-pix_fmt", "yuv420p", "-color_range", "pc"),
        (*VP9, "-pix_fmt", "yuv440p", "-color_range", "pc"),
    ],
    ids=["h264", "vp9", "vp9 in a format that H.264 does not know"],
)
def test_far_keyframes_of_full_range_keep_their_values(coding: tuple[str, ...], tmp_path: Path) -> None:
    """They were brought to limited range, and once more when they were encoded: too bright where dark, too dark where bright."""
    picture = "testsrc2=s=64x64:r=5:d=6,scale=out_range=pc"
    source = make(tmp_path / "far.mkv", *PICTURE, picture, *coding, "-g", "9999")
    plan = plan_split(source, LIMITS, 2.0)
    assert plan.source.video.colour_range == "pc"
    near = add_keyframes(source, plan.source, tmp_path, LIMITS)
    assert near is not None
    assert raw_pictures(near) == raw_pictures(source)


def raw_pictures(path: Path) -> bytes:
    """A file's decoded pictures as they are, without any conversion of their values."""
    words = [ffmpeg_path(), "-v", "error", "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    return subprocess.run(words, check=True, capture_output=True).stdout


def pictures_of(path: Path) -> list[str]:
    """The times and the checksums of a file's decoded pictures."""
    words = [
        ffmpeg_path(),
        "-v",
        "error",
        "-i",
        str(path),
        "-map",
        "0:v:0",
        "-fps_mode",
        "passthrough",
        "-pix_fmt",
        "yuv420p",
        "-f",
        "framehash",
        "-",
    ]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return [line.split(",")[-1].strip() for line in told.splitlines() if not line.startswith("#")]


# --- what changes on the way ---


def test_parameter_sets_may_change_on_the_way(tmp_path: Path) -> None:
    """Two sample descriptions in one MP4, by another profile of the same encoder."""
    coding = ("-g", "50", "-c:v", "libx264", "-profile:v")
    parts = [make(tmp_path / f"{profile}.mp4", *moving(2), *coding, profile) for profile in ("high", "baseline")]
    (tmp_path / "list").write_text("".join(f"file '{part.name}'\n" for part in parts))
    joined = make(tmp_path / "joined.mp4", "-f", "concat", "-auto_convert", "0", "-i", str(tmp_path / "list"), "-c", "copy")
    boxes, other = (read_boxes(path.read_bytes()) for path in (joined, parts[1]))
    stbl, described = (next(box for box in one if box.kind == "moov").get("trak", "mdia", "minf", "stbl") for one in (boxes, other))
    stsd = stbl.get("stsd")
    stsd.children.append(described.get("stsd").children[0])
    stsd.payload = struct.pack(">II", 0, 2)
    # Each sample is a chunk of its own; what is copied lies one after the other.
    sizes = struct.unpack_from(">100I", stbl.get("stsz").payload, 12)
    places = list(accumulate(sizes, initial=struct.unpack_from(">I", stbl.get("stco").payload, 8)[0]))[:-1]
    stbl.get("stco").payload = struct.pack(">2I100I", 0, 100, *places)
    stbl.get("stsc").payload = struct.pack(">8I", 0, 2, 1, 1, 1, 51, 1, 2)
    (tmp_path / "described.mp4").write_bytes(b"".join(box.write() for box in boxes))
    encoded = made_of(tmp_path / "described.mp4", tmp_path)
    assert len(times_of(encoded)) == 100
    pieces = [data for name in ("kept-0", "kept-1") for data in [(tmp_path / "made" / name).read_bytes()]]
    second = parts[1].read_bytes()
    at = second.index(b"avcC") + 12
    sps = second[at : at + int.from_bytes(second[at - 2 : at], "big")]
    assert [sps in piece for piece in pieces] == [False, True]


def test_what_changes_its_shape_gets_bars(tmp_path: Path) -> None:
    vp8 = ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M", "-g", "25")
    white = "color=white:s={}:r=25:d=2"
    parts = [make(tmp_path / f"{size}.webm", *PICTURE, white.format(size), *vp8) for size in ("320x180", "180x320")]
    (tmp_path / "list").write_text("".join(f"file '{part.name}'\n" for part in parts))
    joined = make(tmp_path / "joined.webm", "-f", "concat", "-i", str(tmp_path / "list"), "-c", "copy")
    encoded = made_of(joined, tmp_path)
    (file,) = encoded.files.values()
    with av.open(str(file)) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(pictures) == 100 and pictures[0].shape == (180, 320)
    assert pictures[10].min() > 200, "the first part fills the picture"
    later = pictures[-10]
    assert later[:, 115:205].min() > 200 and later[:, :100].max() < 40 and later[:, 220:].max() < 40, (
        "the second stands upright in the middle"
    )


def test_fields_that_begin_on_the_way_are_put_together(tmp_path: Path) -> None:
    mpeg2 = ("-c:v", "mpeg2video", "-q:v", "2", "-g", "12")
    bar = "color=c=gray:s=320x240:r=50:d=2[a];color=c=white:s=24x240:r=50:d=2[b];[a][b]overlay=x='mod(n*8,320)'"
    whole = make(tmp_path / "a.ts", *PICTURE, f"{bar},fps=25", *mpeg2)
    woven = make(tmp_path / "b.ts", *PICTURE, f"{bar},tinterlace=4", *mpeg2, "-flags", "+ildct+ilme", "-field_order", "tt")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(whole.read_bytes() + woven.read_bytes())
    encoded = made_of(joined, tmp_path)
    assert not encoded.source.video.interlaced
    (file,) = encoded.files.values()
    with av.open(str(file)) as container:
        pictures = [frame.to_ndarray(format="gray").astype(np.float64) for frame in container.decode(video=0)]
    combing = [float(np.abs(one[1:-1] - (one[:-2] + one[2:]) / 2).mean()) for one in pictures]
    assert max(combing) < 2.0, "no lines of two moments in one picture"


# --- damage ---


@pytest.mark.parametrize("place", ["beginning", "middle"])
def test_a_few_damaged_pictures_cost_themselves_and_are_counted(place: str, tmp_path: Path) -> None:
    """One that is damaged at its beginning is taken for a keyframe by ffmpeg's parser; no piece may begin with it."""
    whole = make(tmp_path / "whole.webm", *moving(4), "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "100")
    data = bytearray(whole.read_bytes())
    with av.open(str(whole)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    at, size = data.index(packets[61]), len(packets[61])
    if place == "beginning":
        data[at] = 0
    else:
        data[at + size // 2 : at + size] = random.Random(1).randbytes(size - size // 2)
    (tmp_path / "damaged.webm").write_bytes(bytes(data))
    encoded = made_of(tmp_path / "damaged.webm", tmp_path)
    (segments,) = encoded.segments.values()
    assert (len(times_of(encoded)), sum(segment.lost for segment in segments)) == (99, 1)


# --- decoders and colours ---


def test_what_one_ffmpeg_cannot_decode_the_other_does() -> None:
    """Each codec that is taken is decoded by the ffmpeg that encodes, or fed to it by the other."""

    def decoded_by(program: str) -> set[str]:
        told = subprocess.run([program, "-v", "error", "-codecs"], check=True, capture_output=True, text=True).stdout
        return {match[1] for match in re.finditer(r"^ D.V... (\S+)", told, re.MULTILINE)}

    taken = {Codec(name, "r").canonical_name for name in codecs_available if _is_video_decoder(name)}
    fed = {name for name in taken if needs_feed(_source_in(name))}
    assert taken - fed - {"av1"} <= decoded_by(ffmpeg_path())
    assert fed <= decoded_by(feed_ffmpeg_path())


def _is_video_decoder(name: str) -> bool:
    try:
        return Codec(name, "r").type == "video"
    except (ValueError, UnknownCodecError):
        return False


def _source_in(codec: str) -> Source:
    video = {"codec": codec, "width": 16, "height": 16, "time_base": {"num": 1, "den": 25}, "frame_rate": 25.0}
    return Source.model_validate({"container": "mov", "duration_s": 1.0, "start_pts": 0, "video": video})


def test_png_pictures_are_decoded_and_their_transparency_named(tmp_path: Path) -> None:
    target = tmp_path / "png.mov"
    words = [feed_ffmpeg_path(), "-v", "error", "-nostdin", *moving(2), "-vf", "format=rgba", "-c:v", "png", str(target)]
    subprocess.run(words, check=True)
    encoded = made_of(target, tmp_path)
    assert len(times_of(encoded)) == 50 and notices(encoded) == {"alpha_left_out": None}


@pytest.mark.parametrize("colour", ["red", "green", "blue", "0x808020"])
def test_dv_has_the_colours_of_bt601(colour: str, tmp_path: Path) -> None:
    picture = f"color={colour}:s=720x576:r=25:d=0.2,scale=out_color_matrix=bt601,format=yuv420p"
    source = make(tmp_path / "dv.avi", *PICTURE, picture, "-c:v", "dvvideo")
    encoded = made_of(source, tmp_path)
    (file,) = encoded.files.values()
    with av.open(str(file)) as container:
        frame = next(container.decode(video=0))
    assert frame.colorspace == 5, "told to be BT.601"
    y, u, v = (frame.to_ndarray()[row, 20].item() for row in (100, frame.height + 10, frame.height * 5 // 4 + 10))
    given = {"red": (81, 90, 240), "green": (81, 91, 82), "blue": (41, 240, 110), "0x808020": (117, 86, 135)}[colour]
    assert max(abs(a - b) for a, b in zip((y, u, v), given, strict=True)) <= 4


def first_rgb(path: Path) -> NDArray[np.uint8]:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8)


def test_a_palette_in_the_header_is_not_lost(tmp_path: Path) -> None:
    """No piece can hold it, so that the server converts the pictures; they were black."""
    source = make(tmp_path / "screen.mov", *PICTURE, "testsrc=s=160x96:r=10:d=1,format=pal8", "-c:v", "smc")
    with pytest.raises(NotInPiecesError):
        plan_split(source, LIMITS, 2.0)
    kept = add_keyframes(source, probe(source, LIMITS), tmp_path, LIMITS, needed=True)
    assert kept is not None
    (file,) = made_of(kept, tmp_path).files.values()
    assert np.abs(first_rgb(file).astype(int) - first_rgb(source).astype(int)).mean() < 8


def test_pixels_have_the_shape_that_the_container_gives_them(tmp_path: Path) -> None:
    """H.263 has pixels of 12:11 whatever the file says of them: there were bars above and below."""
    source = make(tmp_path / "phone.3gp", *PICTURE, "color=white:s=176x144:r=15:d=1,setsar=1", "-c:v", "h263")
    encoded = made_of(source, tmp_path)
    (file,) = encoded.files.values()
    assert encoded.source.video.display_size == (176, 144)
    picture = first_rgb(file)
    assert picture.shape == (144, 176, 3) and picture[0].min() > 200 and picture[-1].min() > 200


def test_a_file_of_empty_boxes_is_not_followed_to_its_end(tmp_path: Path) -> None:
    boxes = tmp_path / "boxes.mp4"
    boxes.write_bytes((16).to_bytes(4, "big") + b"ftypisom" + bytes(4) + b"\0\0\0\x08free" * 2_000_000)
    before = time.process_time()
    with boxes.open("rb") as file:
        assert not is_dolby_vision_only(file)
    assert time.process_time() - before < 5, "CPU seconds"


@pytest.mark.parametrize(("profile", "refused"), [(5, True), (8, False), (4, False)])
def test_dolby_vision_without_base_colours_is_refused_before_it_is_sent(profile: int, refused: bool, tmp_path: Path) -> None:
    """The record stands in the sample entry, where ffmpeg's own muxer would write it."""
    source = make(tmp_path / "plain.mp4", *moving(1), "-c:v", "libx265", "-x265-params", "log-level=error", "-tag:v", "hvc1")
    (tmp_path / "dolby.mp4").write_bytes(with_dolby_record(source.read_bytes(), profile))
    with (tmp_path / "dolby.mp4").open("rb") as file:
        assert is_dolby_vision_only(file) is refused
    if refused:
        with pytest.raises(UnsupportedCodecError, match="Dolby Vision profile 5"):
            probe(tmp_path / "dolby.mp4", LIMITS)
    else:
        assert probe(tmp_path / "dolby.mp4", LIMITS).video.codec == "hevc"
