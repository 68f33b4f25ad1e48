"""Pieces encoded apart and joined show the source: each frame once, at its time, upright, in its colours, at every rung."""

from __future__ import annotations

import random
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests import oracle
from tests.checker.boxes import Init, Sample, parse_fragments, parse_init
from tests.harness.cut import leave_out
from yeoul.base.errors import MediaError, MediaTimeoutError, MediaToolError, TooLargeError, TruncatedError, UnreadableError
from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.segment import EncodedSegment
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder
from yeoul.media.video.reorder import max_frame_ticks
from yeoul.media.video.timescale import rendition_timescale
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

LIMITS = Limits()
# Film grain of a small picture is what 23 gives up first, and what a smaller size has most of.
SSIM, SSIM_OF_GRAIN = 0.95, 0.92


@dataclass(frozen=True)
class Encoded:
    """A source and the segments of its first pieces, per rung; file: init and segments joined."""

    source: Source
    pieces: tuple[Piece, ...]
    segments: dict[Rung, list[EncodedSegment]]
    files: dict[Rung, Path]

    def samples(self, rung: Rung) -> list[Sample]:
        """As the checker's own reader finds them."""
        data = self.files[rung].read_bytes()
        return [sample for fragment in parse_fragments(data, self.init(rung)) for sample in fragment.samples]

    def init(self, rung: Rung) -> Init:
        return parse_init(self.segments[rung][0].init)

    def times(self, rung: Rung) -> list[Fraction]:
        return sorted(self.shown_at(rung, sample) for sample in self.samples(rung))

    def idr_times(self, rung: Rung) -> list[Fraction]:
        return [self.shown_at(rung, sample) for sample in self.samples(rung) if sample.is_sync]

    def shown_at(self, rung: Rung, sample: Sample) -> Fraction:
        """In seconds, as the edit list has it."""
        init = self.init(rung)
        return Fraction(sample.pts - init.edit_media_time, init.timescale)

    @property
    def end(self) -> Fraction:
        """The end of the last encoded piece, in seconds."""
        return (self.pieces[-1].end_pts - self.source.start_pts) * self.source.video.time_base.fraction


def encode(
    path: Path, folder: Path, target_s: float, most: int = 99, choose: Callable[[Sequence[Rung]], Sequence[Rung]] = tuple
) -> Encoded:
    """The first `most` pieces of a clip, encoded in any order, in the rungs that `choose` takes from its ladder."""
    plan = plan_split(path, LIMITS, target_s)
    rungs = choose(make_ladder(plan.source))
    made: dict[int, Sequence[EncodedSegment]] = {}
    cut = [(piece, file.rename(folder / f"kept-{piece.index}")) for piece, file in cut_pieces(path, plan, folder, only=range(most))]
    for piece, file in random.Random(len(cut)).sample(cut, len(cut)):
        out = folder / f"out-{piece.index}"
        out.mkdir()
        made[piece.index] = encode_piece(file, piece, plan.source, rungs, out, LIMITS)
    segments = {rung: [made[index][at] for index in sorted(made)] for at, rung in enumerate(rungs)}
    files = {rung: join(made, folder / f"{rung.name}.mp4") for rung, made in segments.items()}
    return Encoded(plan.source, plan.pieces[:most], segments, files)


def join(made: Sequence[EncodedSegment], target: Path) -> Path:
    target.write_bytes(made[0].init + b"".join(segment.path.read_bytes() for segment in made))
    return target


def make(target: Path, *arguments: str) -> Path:
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", *arguments, str(target)], check=True)
    return target


def ends(ladder: Sequence[Rung]) -> tuple[Rung, ...]:
    """The largest and the smallest rung: what lies between is scaled the same way."""
    return ladder[0], ladder[-1]


# --- what every encode must hold ---


def assert_times(encoded: Encoded, shown: oracle.Shown) -> None:
    """Each displayed frame of the source once, at its time to a tick; decoding times without a gap; rungs aligned."""
    count = sum(piece.frames or 0 for piece in encoded.pieces)
    wanted = [time - shown.times[0] for time in shown.times[:count]]
    for rung, made in encoded.segments.items():
        timescale = encoded.init(rung).timescale
        found = encoded.times(rung)
        assert len(found) == count
        assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) * timescale <= 1
        assert len({segment.init for segment in made}) == 1
        samples = encoded.samples(rung)
        assert all(before.dts + before.duration == after.dts for before, after in pairwise(samples))
        assert samples[0].dts == found[0] == 0
        assert all(sample.dts <= sample.pts for sample in samples), "shown before it is decoded"
        until = dict(pairwise([*found, encoded.end]))
        late = [
            sample
            for sample in samples
            if abs(until[encoded.shown_at(rung, sample)] * timescale - sample.duration - encoded.shown_at(rung, sample) * timescale) > 1
        ]
        assert not late, "each lasts until the next one is shown"
        assert abs(Fraction(samples[-1].dts + samples[-1].duration, timescale) - encoded.end) * timescale <= 1
        assert [segment.start_ticks + segment.duration_ticks for segment in made[:-1]] == [segment.start_ticks for segment in made[1:]]
        assert [segment.samples for segment in made] == [piece.frames for piece in encoded.pieces]
    first, *others = [
        [(s.start_ticks, s.duration_ticks, [i.start_ticks for i in s.i_frames]) for s in m] for m in encoded.segments.values()
    ]
    assert all(other == first for other in others)


def assert_idrs(encoded: Encoded) -> None:
    """Each piece starts with one; then one follows at the first frame 2 s after the last, and frames shown for long are some."""
    longest_s = max_frame_ticks(encoded.source) / rendition_timescale(encoded.source)
    for rung, made in encoded.segments.items():
        times, idrs = encoded.times(rung), encoded.idr_times(rung)
        starts = [Fraction(segment.start_ticks, segment.timescale) for segment in made]
        wanted: list[Fraction] = []
        for time, after in pairwise([*times, encoded.end]):
            if time in starts or time - wanted[-1] >= Fraction("1.9995") or after - time > longest_s:
                wanted.append(time)
        assert idrs == wanted
        assert [frame.start_ticks for segment in made for frame in segment.i_frames] == [int(time * made[0].timescale) for time in idrs]


def assert_pictures(encoded: Encoded, path: Path, shown: oracle.Shown, least: float = SSIM) -> None:
    """All frames decode, and some of them look like the source's of the same index."""
    count = sum(piece.frames or 0 for piece in encoded.pieces)
    indexes = sorted({0, count // 3, count - 2, count - 1})
    for rung, file in encoded.files.items():
        made = oracle.find_shown(file)
        assert (len(made.times), made.width, made.height, made.sar) == (count, rung.width, rung.height, 1)
        assert made.colour.range == "tv"
        size = (rung.width, rung.height)
        wanted = oracle.decode_pictures(path, indexes, size, shown.colour)
        found = oracle.decode_pictures(file, indexes, size, made.colour)
        scores = [oracle.ssim(a.luma, b.luma) for a, b in zip(wanted, found, strict=True)]
        drift = max(float(np.abs(a.means - b.means).max()) for a, b in zip(wanted, found, strict=True))
        assert min(scores) >= least and drift < 1.5, (rung.name, scores, drift)


def assert_shows(encoded: Encoded, path: Path, least: float = SSIM) -> None:
    shown = oracle.find_shown(path)
    assert_times(encoded, shown)
    assert_idrs(encoded)
    assert_pictures(encoded, path, shown, least)
    aspects = [Fraction(rung.width, rung.height) for rung in encoded.segments]
    assert all(abs(float(aspect / shown.aspect) - 1) < 0.01 for aspect in aspects)


# --- clips ---

# clip: target in seconds, how many pieces, which rungs, least SSIM
CLIPS: dict[str, tuple[float, int, Callable[[Sequence[Rung]], Sequence[Rung]], float]] = {
    "rabbit-480p-8s.mp4": (2.0, 2, tuple, SSIM_OF_GRAIN),
    "vfr-3026x1386.mp4": (2.0, 3, ends, SSIM),
    "phone-hevc10-editlist-rotated.mp4": (0.8, 2, ends, SSIM),
    "hdr10-av1-portrait.mp4": (1.0, 2, ends, SSIM),
    "anamorphic-sar2x1.mp4": (1.0, 3, tuple, SSIM),
}


# End to end, `test_clips.py` looks at these as well.
_LONG = ("phone-hevc10-editlist-rotated.mp4", "hdr10-av1-portrait.mp4", "vfr-3026x1386.mp4")


@pytest.mark.parametrize("name", leave_out(CLIPS, _LONG))
def test_joined_pieces_show_the_source(name: str, media_dir: Path, tmp_path: Path) -> None:
    target_s, most, choose, least = CLIPS[name]
    encoded = encode(media_dir / name, tmp_path, target_s, most, choose)
    assert len(encoded.pieces) == most
    assert_shows(encoded, media_dir / name, least)


def test_a_rung_made_alone_has_the_same_init(media_dir: Path, tmp_path: Path) -> None:
    """Of a picture that carries facts about itself which are not true of its rungs: HDR, with the light around the viewer."""
    path = media_dir / "phone-hevc10-editlist-rotated.mp4"
    plan = plan_split(path, LIMITS, 0.5)
    piece, file = next(iter(cut_pieces(path, plan, tmp_path)))
    ladder = make_ladder(plan.source)
    together = {made.name: made.init for made in encode_piece(file, piece, plan.source, ladder[1:], tmp_path, LIMITS)}
    for rung in (ladder[1], ladder[-1]):
        (alone,) = encode_piece(file, piece, plan.source, [rung], tmp_path, LIMITS)
        assert alone.init == together[rung.name], rung.name
        assert b"amve" not in alone.init and b"mdcv" not in alone.init


def test_full_range_hevc_shows_as_it_is(media_dir: Path, tmp_path: Path) -> None:
    """The first 3 s are enough, and spare the oracle seven more of 1080p."""
    source = make(tmp_path / "source.mp4", "-i", str(media_dir / "hevc-1080p-10s.mp4"), "-t", "3", "-map", "0:v:0", "-c", "copy")
    encoded = encode(source, tmp_path, 2.0, choose=ends)
    assert encoded.source.video.colour_range == "pc" and len(encoded.pieces) == 2
    assert_shows(encoded, source)


# --- made here ---

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-pix_fmt", "yuv420p")


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "50"])
def test_idrs_of_constant_rates(rate: str, tmp_path: Path) -> None:
    source = make(tmp_path / "source.mp4", "-f", "lavfi", "-i", f"testsrc2=s=96x54:r={rate}:d=7", *X264)
    encoded = encode(source, tmp_path, 20.0)
    assert_times(encoded, oracle.find_shown(source))
    assert_idrs(encoded)
    (rung,) = encoded.segments
    idrs, longest = encoded.idr_times(rung), max(b - a for a, b in pairwise(encoded.times(rung)))
    assert len(idrs) == 4
    assert all(after - before <= 2 + longest for before, after in pairwise([*idrs, encoded.end]))


def test_a_long_gap_is_followed_by_one_idr(tmp_path: Path) -> None:
    """A screen recording that stands still for 9 s in the middle of its third piece, and whose rate changes after."""
    chosen = "select='lt(t,8.07)+gte(t,17)*not(mod(n,3))+gte(t,20)'"
    arguments = ("-f", "lavfi", "-i", "testsrc2=s=96x54:r=15:d=22", "-vf", chosen, "-fps_mode", "vfr", *X264, "-x264-params", "scenecut=0")
    source = make(tmp_path / "source.mp4", *arguments, "-g", "999")
    encoded = encode(source, tmp_path, 30.0)
    assert_shows(encoded, source, least=0.9)
    assert [float((piece.end_pts - piece.start_pts) * encoded.source.video.time_base.fraction) for piece in encoded.pieces][:2] == [
        2.0,
        4.0,
    ]
    (rung,) = encoded.segments
    assert [float(time) for time in encoded.idr_times(rung)] == [0.0, 2.0, 4.0, 6.0, 8.0, 8.0 + 1 / 15, 17.0, 19.0, 21.0]


def test_pieces_of_other_rates_share_their_headers(tmp_path: Path) -> None:
    """30 frames per second, then 6: what ffmpeg guesses of each piece's rate may not reach the init segment."""
    arguments = ("-f", "lavfi", "-i", "testsrc2=s=96x54:r=30:d=6", "-vf", "select='lt(t,1.99)+not(mod(n,5))'", "-fps_mode", "vfr")
    source = make(tmp_path / "source.mp4", *arguments, *X264, "-g", "999")
    encoded = encode(source, tmp_path, 2.0)
    assert [round(segment.frame_rate) for segment in next(iter(encoded.segments.values()))] == [30, 6, 6]
    assert_times(encoded, oracle.find_shown(source))
    assert_idrs(encoded)


def combing(luma: oracle.Plane) -> float:
    """How much each line differs from its neighbours' mean: large where two moments are woven into one picture."""
    rows = luma.astype(np.float64)
    return float(np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean())


def test_fields_become_whole_pictures_and_none_is_lost(tmp_path: Path) -> None:
    """A bar that moves 8 px from field to field, woven to 25 interlaced frames per second."""
    scene = "color=c=gray:s=320x240:r=50:d=4[a];color=c=white:s=24x240:r=50:d=4[b];[a][b]overlay=x='mod(n*8,320)',tinterlace=4"
    coding = ("-flags", "+ildct+ilme", "-x264-params", "tff=1:keyint=25", "-field_order", "tt")
    source = make(tmp_path / "source.ts", "-f", "lavfi", "-i", scene, *X264, *coding)
    encoded = encode(source, tmp_path, 2.0)
    assert encoded.source.video.interlaced and len(encoded.pieces) > 1
    shown = oracle.find_shown(source)
    assert_times(encoded, shown)
    (rung,) = encoded.segments
    before = oracle.decode_pictures(source, None, (320, 240), shown.colour)
    after = oracle.decode_pictures(encoded.files[rung], None, (320, 240), oracle.find_shown(encoded.files[rung]).colour)
    assert len(after) == len(before) == len(shown.times)
    assert np.mean([combing(picture.luma) for picture in after]) < 0.25 * np.mean([combing(picture.luma) for picture in before])
    # Each frame shows its own first field's moment: the bar's left edge keeps its pace.
    edges = [int(np.argmax(picture.luma[120] > 180)) for picture in after[:15]]
    assert all(abs((later - earlier) - 16) <= 6 for earlier, later in pairwise(edges[1:]))


@pytest.mark.parametrize("turn", [0, 90, 180])
def test_mirrors_and_turns(turn: int, tmp_path: Path) -> None:
    """As ffmpeg itself shows a display matrix, which is what the oracle decodes."""
    plain = make(tmp_path / "plain.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1", *X264)
    source = make(tmp_path / "source.mp4", "-display_rotation", str(turn), "-display_hflip", "-i", str(plain), "-c", "copy")
    encoded = encode(source, tmp_path, 6.0)
    assert encoded.source.video.mirrored
    assert_shows(encoded, source, least=0.9)


@pytest.mark.parametrize("seconds", [1, 3])
@pytest.mark.parametrize("order", [("640x360", "320x180"), ("320x180", "640x360")], ids=["shrinks", "grows"])
def test_a_size_that_changes_on_the_way(order: tuple[str, str], seconds: int, tmp_path: Path) -> None:
    """As calls and streams are recorded; within a piece (1 s) and from piece to piece (3 s). All rungs keep the first size."""
    listed = tmp_path / "list.txt"
    for size in order:
        make(tmp_path / f"{size}.ts", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d={seconds}", *X264)
    listed.write_text("".join(f"file {size}.ts\n" for size in order))
    source = make(tmp_path / "source.ts", "-f", "concat", "-i", str(listed), "-c", "copy")
    encoded = encode(source, tmp_path, 8.0)
    assert len(encoded.pieces) == (1 if seconds == 1 else 2)
    assert_shows(encoded, source, least=0.8)


def test_a_single_frame(tmp_path: Path) -> None:
    source = make(tmp_path / "source.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=0.04", *X264)
    encoded = encode(source, tmp_path, 6.0)
    (rung,) = encoded.segments
    (segment,) = encoded.segments[rung]
    assert (segment.samples, segment.start_ticks, segment.duration_ticks) == (1, 0, segment.timescale // 25)


def test_the_same_piece_gives_the_same_bytes(media_dir: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    one, two = (encode(media_dir / "anamorphic-sar2x1.mp4", folder, 1.0, 1) for folder in (first, second))
    assert [file.read_bytes() for file in one.files.values()] == [file.read_bytes() for file in two.files.values()]


# --- what goes wrong ---


@dataclass(frozen=True)
class Cut:
    """A first piece, ready to be encoded."""

    source: Source
    piece: Piece
    file: Path

    def encode(self, out: Path, limits: Limits = LIMITS, **changes: object) -> tuple[EncodedSegment, ...]:
        piece = self.piece.model_copy(update=changes)
        return encode_piece(self.file, piece, self.source, make_ladder(self.source)[-1:], out, limits)


def cut_first(path: Path, folder: Path, target_s: float) -> Cut:
    plan = plan_split(path, LIMITS, target_s)
    ((piece, file),) = cut_pieces(path, plan, folder, only=[0])
    return Cut(plan.source, piece, file)


@pytest.fixture
def plain(media_dir: Path, tmp_path: Path) -> Cut:
    return cut_first(media_dir / "anamorphic-sar2x1.mp4", tmp_path, 1.0)


@pytest.fixture
def av1(media_dir: Path, tmp_path: Path) -> Cut:
    return cut_first(media_dir / "hdr10-av1-portrait.mp4", tmp_path, 1.0)


@pytest.mark.parametrize("kind", ["plain", "av1"])
@pytest.mark.parametrize("share", [1.5, 0.9])
def test_another_number_of_frames_is_truncated(kind: str, share: float, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    cut: Cut = request.getfixturevalue(kind)
    frames = cut.piece.frames or 0
    promised = round(frames * share)
    with pytest.raises(TruncatedError) as caught:
        cut.encode(tmp_path, frames=promised)
    assert caught.value.facts == {"found": frames, "promised": promised, "piece": 0}


def test_a_few_frames_that_do_not_decode_are_counted(plain: Cut, tmp_path: Path) -> None:
    frames = plain.piece.frames or 0
    (segment,) = plain.encode(tmp_path, frames=frames + 2)
    assert (segment.samples, segment.lost) == (frames, 2)


def test_a_piece_without_a_count_holds_what_decodes(plain: Cut, tmp_path: Path) -> None:
    (segment,) = plain.encode(tmp_path, frames=None)
    assert segment.samples == plain.piece.frames


@pytest.mark.parametrize("kind", ["plain", "av1"])
def test_half_a_piece_is_truncated(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    cut: Cut = request.getfixturevalue(kind)
    data = cut.file.read_bytes()
    cut.file.write_bytes(data[: len(data) // 2])
    with pytest.raises(TruncatedError):
        cut.encode(tmp_path)


@pytest.mark.parametrize("kind", ["plain", "av1"])
@pytest.mark.parametrize("garbage", [b"", random.Random(1).randbytes(50_000)], ids=["empty", "random"])
def test_garbage_is_unreadable(kind: str, garbage: bytes, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    cut: Cut = request.getfixturevalue(kind)
    cut.file.write_bytes(garbage)
    with pytest.raises(UnreadableError):
        cut.encode(tmp_path)
    assert running_tools() == []


def test_a_piece_that_owns_no_frame_is_told(plain: Cut, tmp_path: Path) -> None:
    end = plain.piece.end_pts
    with pytest.raises(MediaError):
        plain.encode(tmp_path, start_pts=end + 10**6, end_pts=end + 2 * 10**6, frames=None)


# --- the feed: two tools, one pipe ---


def running_tools() -> list[psutil.Process]:
    """ffmpegs that we started and that still run."""
    tools = {ffmpeg_path(), feed_ffmpeg_path()}
    return [child for child in psutil.Process().children(recursive=True) if tools & set(child.cmdline()[:1])]


def find_tool(path: str) -> psutil.Process:
    """The started tool of this path, as soon as both run."""
    found: list[psutil.Process] = []
    while len(found) < 2:
        found = running_tools()
    return next(tool for tool in found if tool.cmdline()[0] == path)


@pytest.mark.parametrize("victim", [feed_ffmpeg_path(), ffmpeg_path()], ids=["feeder", "encoder"])
def test_when_one_of_two_is_killed_the_other_ends(victim: str, av1: Cut, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(av1.encode, tmp_path)
        find_tool(victim).kill()
        with pytest.raises(MediaToolError) as caught:
            ending.result()
    assert caught.value.facts["signal"] == 9
    assert running_tools() == []


def test_a_feed_that_takes_too_long_is_killed_with_its_reader(av1: Cut, tmp_path: Path) -> None:
    with pytest.raises(MediaTimeoutError):
        av1.encode(tmp_path, Limits(timeout_s=0.02))
    assert running_tools() == []
    assert threading.active_count() == 1


def test_a_reader_that_fails_is_the_error_and_not_its_broken_pipe(av1: Cut, tmp_path: Path) -> None:
    with pytest.raises(TooLargeError):
        av1.encode(tmp_path, Limits(max_output_bytes=2000))
    assert running_tools() == []


def test_a_reader_that_has_enough_ends_well(av1: Cut, tmp_path: Path) -> None:
    """It closes the pipe while the feeder still writes; nothing is wrong with that."""
    end_pts = av1.piece.start_pts + (av1.piece.end_pts - av1.piece.start_pts) // 4
    (segment,) = av1.encode(tmp_path, end_pts=end_pts, frames=None)
    assert 0 < segment.samples < (av1.piece.frames or 0) / 2
    assert running_tools() == []
