"""CMAF bytes: what is read is what was written, times become exact, and damaged bytes are told, never misread."""

from __future__ import annotations

import io
import struct
import subprocess
from itertools import accumulate, pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yeoul.base.errors import MediaToolError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.mp4 import fragment
from yeoul.media.mp4.codec_string import get_codecs
from yeoul.media.mp4.edit_list import add_edit_list, get_media_time
from yeoul.media.mp4.fragment import Sample
from yeoul.media.video.reorder import find_min_delay

KEY, DELTA = 0x2000000, 0x1010000
END_TICKS = 10_000_000


def pair(sequence: int, start_ticks: int, samples: list[Sample], payload: bytes | None = None) -> bytes:
    data = payload if payload is not None else b"".join(bytes([index % 251]) * s.size_bytes for index, s in enumerate(samples))
    return fragment._write_moof(sequence, start_ticks, samples) + fragment._box("mdat", data)


samples = st.builds(
    Sample, st.integers(0, 2**32 - 1), st.integers(0, 40), st.sampled_from([KEY, DELTA, 0x10000, 0]), st.integers(-(2**31), 2**31 - 1)
)
runs = st.lists(st.tuples(st.integers(0, 2**64 - 1), st.lists(samples, min_size=1, max_size=6)), min_size=1, max_size=4)


@given(runs)
def test_what_is_written_is_read(written: list[tuple[int, list[Sample]]]) -> None:
    pairs = [pair(index, start, run) for index, (start, run) in enumerate(written, start=1)]
    media = b"".join(pairs)
    found = fragment.list_fragments(media)
    assert [(one.start_ticks, list(one.samples)) for one in found] == written
    assert [one.sequence for one in found] == list(range(1, len(written) + 1))
    assert [one.size_bytes for one in found] == [len(one) for one in pairs]
    assert [one.offset for one in found] == [0, *accumulate(len(one) for one in pairs)][:-1]
    for one, (_, run) in zip(found, written, strict=True):
        assert media[one.data_offset : one.offset + one.size_bytes] == b"".join(bytes([i % 251]) * s.size_bytes for i, s in enumerate(run))


@st.composite
def reordered(draw: st.DrawFn) -> tuple[list[list[int]], list[bytes]]:
    """Presentation times of GOPs in coded order, the first of each its earliest, with the samples' bytes."""
    gaps = draw(st.lists(st.integers(1, 90_000), min_size=1, max_size=12))
    ordered = list(accumulate(gaps))
    cuts = sorted(draw(st.sets(st.integers(1, len(ordered)))) | {len(ordered)})
    gops: list[list[int]] = []
    for start, stop in pairwise([0, *cuts]):
        gops.append([ordered[start], *draw(st.permutations(ordered[start + 1 : stop]))])
    return gops, [draw(st.binary(max_size=9)) for _ in ordered]


@given(reordered(), st.integers(0, 5))
def test_retiming_keeps_samples_and_makes_times_exact(given_gops: tuple[list[list[int]], list[bytes]], more: int) -> None:
    gops, payloads = given_gops
    media, rest = b"", list(payloads)
    for gop in gops:
        data, rest = rest[: len(gop)], rest[len(gop) :]
        run = [Sample(0, len(one), KEY if index == 0 else DELTA, pts) for index, (pts, one) in enumerate(zip(gop, data, strict=True))]
        media += pair(7, 0, run, b"".join(data))
    pts = [time for gop in gops for time in gop]
    delay = find_min_delay(pts, END_TICKS) + more
    retimed = fragment.retime(media, END_TICKS, delay)
    found = fragment.list_fragments(retimed)
    assert [time - delay for time in fragment.list_pts(found)] == pts
    assert [one.start_ticks for one in found] == [gop[0] for gop in gops]
    assert all(one.samples[0].cts_ticks == delay and one.samples[0].is_sync for one in found)
    assert [a.start_ticks + a.duration_ticks for a in found] == [*(b.start_ticks for b in found[1:]), END_TICKS]
    until = {now: after - now for now, after in pairwise([*sorted(pts), END_TICKS])}
    assert [sample.duration_ticks for one in found for sample in one.samples] == [until[time] for time in pts], "each lasts until the next"
    assert min(sample.cts_ticks for one in found for sample in one.samples) >= more
    assert [retimed[one.data_offset : one.offset + one.size_bytes] for one in found] == [
        media[one.data_offset : one.offset + one.size_bytes] for one in fragment.list_fragments(media)
    ]
    if find_min_delay(pts, END_TICKS):
        with pytest.raises(MediaToolError, match="before it is decoded"):
            fragment.retime(media, END_TICKS, delay - more - 1)


# --- what a real encoder writes ---


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """35 frames at 25 per second with B-frames, an IDR every 10: as encode.py has them written."""
    target = tmp_path_factory.mktemp("fragment") / "out.mp4"
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1.4", "-c:v", "libx264"]
    command += ["-preset", "veryfast", "-g", "10", "-sc_threshold", "0", "-flags", "+cgop", "-video_track_timescale", "12800"]
    command += ["-avoid_negative_ts", "disabled", "-movflags", "+cmaf+frag_discont+empty_moov+frag_keyframe+skip_trailer"]
    subprocess.run([*command, "-f", "mp4", str(target)], check=True)
    return target.read_bytes()


def test_a_file_is_init_and_media(written: bytes) -> None:
    init, media = fragment.split_init(written)
    assert init + media == written
    assert init[4:8] == b"ftyp" and media[4:8] == b"moof"
    assert fragment.get_timescale(init) == 12800
    assert get_codecs(init).startswith("avc1.64")
    assert fragment.split_init(init) == (init, b"")


def test_fragments_of_an_encoder(written: bytes) -> None:
    found = fragment.list_fragments(fragment.split_init(written)[1])
    assert [len(one.samples) for one in found] == [10, 10, 10, 5]
    assert sorted(fragment.list_pts(found)) == [512 * n for n in range(35)]
    assert [[sample.is_sync for sample in one.samples].count(True) for one in found] == [1, 1, 1, 1]


def test_retimed_fragments_play(written: bytes) -> None:
    """A demuxer that is not ours finds even pts from 0 and the last duration, with nothing shown late."""
    init, media = fragment.split_init(written)
    retimed, init = fragment.retime(media, 36 * 512, 3 * 512), add_edit_list(init, 3 * 512)
    with av.open(io.BytesIO(init + retimed), "r") as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    dts = [packet.dts or 0 for packet in packets]
    assert dts[0] == -3 * 512 and dts == sorted(set(dts)) and all(packet.dts <= packet.pts for packet in packets)  # type: ignore[operator]
    assert sorted(packet.pts or 0 for packet in packets) == [512 * n for n in range(35)]
    last = max(packets, key=lambda packet: packet.pts or 0)
    assert last.duration == 1024
    with av.open(io.BytesIO(init + retimed), "r") as container:
        assert [frame.pts for frame in container.decode(video=0)] == [512 * n for n in range(35)]


def test_edit_lists_are_added_once(written: bytes) -> None:
    init, _ = fragment.split_init(written)
    assert get_media_time(init) == 0 and add_edit_list(init, 0) == init
    edited = add_edit_list(init, 1234)
    assert get_media_time(edited) == 1234
    assert fragment.split_init(edited) == (edited, b"") and get_codecs(edited) == get_codecs(init)
    with pytest.raises(MediaToolError, match="already"):
        add_edit_list(edited, 1234)


def test_i_frames_decode_alone(written: bytes) -> None:
    init, media = fragment.split_init(written)
    media = fragment.retime(media, 35 * 512, 2 * 512)
    found = fragment.find_i_frames(fragment.list_fragments(media), 2 * 512)
    assert [frame.start_ticks for frame in found] == [0, 5120, 10240, 15360]
    assert [frame.duration_ticks for frame in found] == [5120, 5120, 5120, 2560]
    for frame in found:
        part = media[frame.offset : frame.offset + frame.size_bytes]
        assert part[4:8] == b"moof"
        with av.open(io.BytesIO(init + part), "r") as container:
            packet = next(container.demux(video=0))
            assert packet.is_keyframe and packet.dts == frame.start_ticks
            assert len([*packet.decode(), *container.streams.video[0].codec_context.decode(None)]) == 1


def test_a_fragment_without_an_idr_has_no_i_frame() -> None:
    media = pair(1, 0, [Sample(10, 1, DELTA, 0)]) + pair(2, 10, [Sample(10, 1, KEY, 0)])
    assert [frame.start_ticks for frame in fragment.find_i_frames(fragment.list_fragments(media), 0)] == [10]


def test_other_boxes_between_are_passed_over() -> None:
    first, second = pair(1, 0, [Sample(10, 3, KEY, 0)]), pair(2, 10, [Sample(10, 3, KEY, 0)])
    styp = fragment._box("styp", b"msdh", bytes(4))
    found = fragment.list_fragments(styp + first + styp + second)
    assert [one.offset for one in found] == [len(styp), 2 * len(styp) + len(first)]


def test_large_box_sizes_are_read() -> None:
    """A size of 1 is followed by 64 bits (14496-12, 4.2)."""
    moof = fragment._write_moof(1, 0, [Sample(10, 3, KEY, 0)])
    at = moof.index(b"trun") + 12
    (offset,) = struct.unpack_from(">i", moof, at)
    moof = moof[:at] + struct.pack(">i", offset + 8) + moof[at + 4 :]
    media = moof + struct.pack(">I4sQ", 1, b"mdat", 16 + 3) + b"abc"
    (found,) = fragment.list_fragments(media)
    assert media[found.data_offset :] == b"abc"


# --- damage ---


@pytest.mark.parametrize(
    ("pts", "end_ticks", "says"),
    [
        ([[0, 10, 10]], 30, "strictly increasing"),
        ([[0, 10, 20]], 20, "strictly increasing"),
        ([[0, 10], [5, 20]], 30, "shown together"),
        ([[10, 0, 20]], 30, "shown together"),
        ([[0, 20, 10]], 30, "before it is decoded"),
    ],
)
def test_impossible_times(pts: list[list[int]], end_ticks: int, says: str) -> None:
    media = b"".join(pair(1, 0, [Sample(0, 1, KEY, time) for time in gop]) for gop in pts)
    with pytest.raises(MediaToolError, match=says):
        fragment.retime(media, end_ticks)


GOOD = pair(1, 0, [Sample(10, 2, KEY, 0), Sample(10, 3, DELTA, 5)])


@pytest.mark.parametrize(
    ("media", "says"),
    [
        (GOOD[:-1], "longer than its container"),
        (GOOD + b"\0\0\0", "cut off"),
        (GOOD[GOOD.index(b"mdat") - 4 :], "without its moof"),
        (GOOD[: GOOD.index(b"mdat") - 4], "no mdat"),
        (GOOD.replace(b"tfdt", b"free"), "tfdt is missing"),
        (GOOD.replace(b"traf", b"free"), "traf is missing"),
        (GOOD.replace(struct.pack(">I", 2), struct.pack(">I", 0x7FFFFFFF)), "shorter than its samples"),
        (GOOD.replace(b"tfhd\0\x02", b"tfhd\0\0"), "not relative to the moof"),
        (GOOD[:4] + b"moof" + b"\0\0\0\x04" + GOOD[12:], "longer than its container"),
    ],
)
def test_damaged_bytes_are_told(media: bytes, says: str) -> None:
    with pytest.raises(MediaToolError, match=says):
        fragment.list_fragments(media)


def test_no_init() -> None:
    with pytest.raises(MediaToolError, match="no moov"):
        fragment.split_init(GOOD)


def test_retiming_refuses_times_that_boxes_cannot_hold() -> None:
    damaged = bytearray(GOOD)
    damaged[104] = 128
    with pytest.raises(MediaToolError, match="invalid times"):
        fragment.retime(bytes(damaged), END_TICKS)


@given(st.data())
def test_any_damage_is_an_error_or_other_values(data: st.DataObject) -> None:
    """No other exception, no endless loop, and nothing read from outside of the bytes."""
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    try:
        found = fragment.list_fragments(bytes(damaged))
        fragment.find_i_frames(found, 0)
        fragment.retime(bytes(damaged), END_TICKS)
    except MediaToolError:
        return
    assert all(0 <= one.data_offset <= one.offset + one.size_bytes <= len(damaged) for one in found)


def test_codecs_of_a_damaged_init(written: bytes) -> None:
    init, _ = fragment.split_init(written)
    with pytest.raises(MediaToolError, match="stsd is missing"):
        get_codecs(init.replace(b"stsd", b"free"))
    with pytest.raises(MediaToolError, match="hvc1"):
        get_codecs(init.replace(b"avc1", b"hvc1", 2))
