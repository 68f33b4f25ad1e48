"""Sound encoded piece by piece, in any order, joins to what one encode of the whole would be: length, place, loudness, seams."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from tests import oracle
from yeoul.base.errors import UnreadableError
from yeoul.media.audio.decode import Sound, decode_sound
from yeoul.media.audio.encode import encode_audio_piece, resample
from yeoul.media.audio.grid import Span
from yeoul.media.binaries import ffmpeg_path, packager_path
from yeoul.media.limits import Limits
from yeoul.media.mp4.edit_list import get_media_time
from yeoul.media.mp4.fragment import list_fragments
from yeoul.media.segment import EncodedSegment
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.reorder import delay_samples
from yeoul.model.piece import Piece
from yeoul.model.source import Source

Samples = NDArray[np.float32]
RATE, FRAME = 48_000, 1024
LIMITS = Limits()
AUDIBLE_DB = -80.0  # below full scale
# Target length of a piece in seconds: short, so that short clips have seams too.
CLIPS = {
    "bunny-480p-30s.mp4": 4.0,
    "rabbit-480p-8s.mp4": 2.0,
    "crystal-vp8.webm": 2.0,
    "mpeg4-mp3.avi": 1.0,
    "mpeg2-mp2.ts": 0.7,
    "pcm-50fps.mov": 0.7,
    "with-srt-subtitles.mkv": 0.5,
    "rotated-5.1ch.mp4": 0.6,
    "cars-12fps-30s.mp4": 6.0,
}


@dataclass(frozen=True)
class Joined:
    """A source cut and encoded piece by piece, joined, and decoded again; reference is its sound at 48 kHz from zero on."""

    source: Source
    pieces: list[Piece]
    segments: list[EncodedSegment]
    file: Path
    decoded: Samples
    reference: Samples


def join(path: Path, target_s: float, folder: Path) -> Joined:
    plan = plan_split(path, LIMITS, target_s)
    cut = list(cut_pieces(path, plan, folder))
    random.Random(7).shuffle(cut)
    made = {piece.index: encode_audio_piece(file, piece, plan.source, folder / f"{piece.index}.m4s", LIMITS) for piece, file in cut}
    segments = [segment for _, segment in sorted(made.items()) if segment is not None]
    assert len(segments) == len(plan.pieces)
    file = folder / "joined.mp4"
    file.write_bytes(segments[0].init + b"".join(segment.path.read_bytes() for segment in segments))
    return Joined(plan.source, list(plan.pieces), segments, file, decode(file), true_sound(path, plan.source))


def decode(file: Path) -> Samples:
    """The samples that a player hears, which must stand without a hole from time 0 on."""
    with av.open(str(file)) as container:
        frames = list(container.decode(audio=0))
    at = 0
    for frame in frames:
        assert frame.pts == at
        at += frame.samples
    return floats(frames)


def floats(frames: Sequence[AudioFrame]) -> Samples:
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1).astype(np.float32)


def true_sound(path: Path, source: Source) -> Samples:
    """The source's sound at 48 kHz, mixed by a decode of the whole file, with real gaps as silence, from the first picture on."""
    assert source.audio is not None
    rate = source.audio.sample_rate
    zero_s = source.start_pts * source.video.time_base.fraction
    layout = "mono" if source.audio.channels == 1 else "stereo"
    placed: list[tuple[int, Samples]] = []
    mixer = AudioResampler(format="fltp", layout=layout, rate=rate)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None and frame.time_base is not None
            at = round((frame.pts * frame.time_base - zero_s) * rate)
            if placed and abs(at - placed[-1][0] - placed[-1][1].shape[1]) < rate // 20:
                at = placed[-1][0] + placed[-1][1].shape[1]
            placed.append((at, floats(mixer.resample(frame))))
    line = np.zeros((placed[0][1].shape[0], max(at + block.shape[1] for at, block in placed)), np.float32)
    for at, block in placed:
        kept = block[:, max(0, -at) :]
        line[:, max(0, at) : max(0, at) + kept.shape[1]] = kept
    return line if rate == RATE else to_48k(line, layout, rate)


def to_48k(line: Samples, layout: str, rate: int) -> Samples:
    resampler = AudioResampler(format="fltp", layout=layout, rate=RATE)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(line), format="fltp", layout=layout)
    frame.sample_rate = rate
    return floats([*resampler.resample(frame), *resampler.resample(None)])


def encode_whole(samples: Samples, folder: Path) -> Samples:
    """The same sound through one run of ffmpeg's encoder, decoded."""
    raw, out = folder / "whole.f32", folder / "whole.mp4"
    raw.write_bytes(np.ascontiguousarray(samples.T).tobytes())
    form = ["-f", "f32le", "-ar", str(RATE), "-ac", str(samples.shape[0])]
    encoder = ["-c:a", "aac", "-aac_coder", "fast", "-q:a", "1.2"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *form, "-i", str(raw), *encoder, str(out)], check=True)
    with av.open(str(out)) as container:
        return floats(list(container.decode(audio=0)))


def level_db(samples: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-12))


def lag(heard: Samples, truth: Samples, at: int, length: int = RATE // 2) -> int:
    """By how many samples the sound at `at` comes late, by the peak of the cross-correlation within 50 ms."""
    reach = RATE // 20
    at = min(max(at, reach), truth.shape[1] - length - reach)
    a = heard[:, at - reach : at + length + reach].mean(0)
    b = truth[:, at : at + length].mean(0)
    return int(np.correlate(a, b, "valid").argmax()) - reach


def around(samples: Samples, seams: Sequence[int], reach: int = FRAME) -> Samples:
    return np.concatenate([samples[:, max(0, seam - reach) : seam + reach] for seam in seams], axis=1)


@pytest.fixture(scope="module", params=list(CLIPS))
def clip(request: pytest.FixtureRequest, media_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Joined:
    return join(media_dir / request.param, CLIPS[request.param], tmp_path_factory.mktemp("clip"))


def check_timeline(joined: Joined) -> None:
    """Segments join without a hole, share their init, say what they hold, and none passes its picture's border."""
    assert len({segment.init for segment in joined.segments}) == 1
    assert joined.segments[0].start_ticks == 0
    delay = delay_samples(joined.source)
    silence = delay - FRAME
    assert get_media_time(joined.segments[0].init) == delay
    for segment, following in pairwise(joined.segments):
        assert segment.start_ticks + segment.duration_ticks == following.start_ticks
    for segment, piece in zip(joined.segments, joined.pieces, strict=True):
        (fragment,) = list_fragments(segment.path.read_bytes())
        before, begun = (silence, 0) if segment.start_ticks == 0 else (0, segment.start_ticks + silence)
        assert (fragment.start_ticks, fragment.duration_ticks) == (begun, before + segment.duration_ticks)
        assert len(fragment.samples) == segment.samples and fragment.duration_ticks == segment.samples * FRAME
        border_s = (piece.end_pts - joined.source.start_pts) * joined.source.video.time_base.fraction
        heard_until = segment.start_ticks + segment.duration_ticks - FRAME
        assert piece.last or heard_until <= border_s * RATE < heard_until + FRAME


def check_length(joined: Joined) -> None:
    """As long as the whole-file encode: the source's sound, filled up to a frame."""
    assert joined.decoded.shape[1] == -(-joined.reference.shape[1] // FRAME) * FRAME


def seams_of(joined: Joined) -> list[int]:
    return [segment.start_ticks - FRAME for segment in joined.segments[1:]]


def test_clips_join_without_holes(clip: Joined) -> None:
    check_timeline(clip)
    check_length(clip)


def test_clips_sound_when_the_source_does(clip: Joined) -> None:
    if level_db(clip.reference) < AUDIBLE_DB:
        assert level_db(clip.decoded) < AUDIBLE_DB  # a silent camera has no peak to find
        return
    length = clip.reference.shape[1]
    start = int(np.abs(clip.reference).mean(0).cumsum().searchsorted(0.01 * np.abs(clip.reference).mean(0).sum()))  # after a fade-in
    assert [lag(clip.decoded, clip.reference, at) for at in (start, length // 2, length)] == [0, 0, 0]


def test_clips_err_at_seams_as_a_whole_encode_does(clip: Joined, tmp_path: Path) -> None:
    whole = encode_whole(clip.reference, tmp_path)
    length = min(clip.reference.shape[1], whole.shape[1], clip.decoded.shape[1])
    truth, heard, whole = clip.reference[:, :length], clip.decoded[:, :length], whole[:, :length]
    assert level_db(heard - truth) <= max(level_db(whole - truth), AUDIBLE_DB) + 0.5
    assert level_db(around(heard - truth, seams_of(clip))) <= max(level_db(around(whole - truth, seams_of(clip))), AUDIBLE_DB) + 0.5


def test_downmix_is_as_loud_as_ffmpegs_own(media_dir: Path, tmp_path: Path) -> None:
    path = media_dir / "bunny-480p-30s.mp4"
    joined = join(path, 6.0, tmp_path)
    mixed = tmp_path / "mixed.f32"
    argv = [ffmpeg_path(), "-v", "error", "-i", str(path), "-vn", "-ac", "2", "-c:a", "pcm_f32le", "-f", "f32le", str(mixed)]
    subprocess.run(argv, check=True)
    theirs = np.frombuffer(mixed.read_bytes(), np.float32).reshape(-1, 2).T
    assert abs(level_db(joined.decoded) - level_db(theirs)) < 0.1


def test_packager_takes_the_joined_track(media_dir: Path, tmp_path: Path) -> None:
    joined = join(media_dir / "rabbit-480p-8s.mp4", 2.0, tmp_path)
    out = tmp_path / "packaged.mp4"
    subprocess.run([packager_path(), f"in={joined.file},stream=audio,output={out}"], check=True, capture_output=True)
    assert np.array_equal(decode(out)[:, : joined.decoded.shape[1]], joined.decoded)


# --- sources with known content ---


def tone(seconds: float, rate: int, channels: int = 2, hertz: float = 997.0) -> Samples:
    line = 0.25 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.tile(line.astype(np.float32), (channels, 1))


def hiss(seconds: float, rate: int, channels: int = 2, seed: int = 3) -> Samples:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, round(seconds * rate)))).astype(np.float32)


def make_source(path: Path, video_s: float, rate: int, sounds: Sequence[tuple[float, Samples]], codec: str = "pcm_f32le") -> Path:
    """A file with 25 grey pictures a second, a keyframe each 0.4 s, and stretches of sound at the given seconds."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[sounds[0][1].shape[0]]
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25, options={"g": "10"})
        video.width = video.height = 32
        video.pix_fmt = "yuv420p"
        audio = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(audio, AudioStream)
        picture = VideoFrame.from_ndarray(np.full((48, 32), 128, np.uint8), format="yuv420p")
        for index in range(round(video_s * 25)):
            picture.pts, picture.time_base = index, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for start_s, samples in sounds:
            for first in range(0, samples.shape[1], 1024):
                frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, first : first + 1024]), format="fltp", layout=layout)
                frame.sample_rate, frame.pts, frame.time_base = rate, round(start_s * rate) + first, Fraction(1, rate)
                for part in AudioResampler(format=audio.format.name, layout=layout, rate=rate).resample(frame):
                    container.mux(audio.encode(part))
        container.mux(audio.encode(None))
    return path


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
def test_a_tone_has_no_click_at_any_seam(rate: int, tmp_path: Path) -> None:
    joined = join(make_source(tmp_path / "tone.mov", 5.0, rate, [(0.0, tone(5.0, rate))]), 0.4, tmp_path)
    assert len(joined.segments) >= 10
    heard = joined.decoded[:, FRAME : 5 * RATE - FRAME]
    error = np.abs(heard - tone(5.0, RATE)[:, FRAME : 5 * RATE - FRAME])
    seams = [seam - FRAME for seam in seams_of(joined)]
    assert around(error, seams).max() <= 1.25 * np.delete(error, np.concatenate([np.arange(s - FRAME, s + FRAME) for s in seams]), 1).max()


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44056, 44100, 96000, 192000])
def test_pieces_resample_to_the_same_bits_as_the_whole(rate: int) -> None:
    sound = Sound(2, ((0, hiss(4.0, rate)),))
    whole = resample(sound, Span(0, 4 * RATE // FRAME), rate)
    for first, end in ((0, 9), (50, 100), (93, 140), (171, 172)):
        assert np.array_equal(resample(sound, Span(first, end), rate), whole[:, first * FRAME : end * FRAME])


@pytest.mark.parametrize(("codec", "suffix", "rate"), [("flac", "mkv", 44100), ("ac3", "mkv", 48000), ("libopus", "mkv", 48000),
                                                       ("libmp3lame", "mkv", 44100), ("mp2", "ts", 44100), ("aac", "mkv", 44100),
                                                       ("aac", "mp4", 44100), ("libmp3lame", "mp4", 44100)])  # fmt: skip
def test_codecs_and_containers_keep_every_sample_in_place(codec: str, suffix: str, rate: int, tmp_path: Path) -> None:
    path = make_source(tmp_path / f"source.{suffix}", 4.0, rate, [(0.0, hiss(4.0, rate))], codec)
    joined = join(path, 0.8, tmp_path)
    check_timeline(joined)
    truth = to_48k(hiss(4.0, rate), "stereo", rate)
    lags = [lag(joined.decoded, truth, round(second * RATE)) for second in (0.1, 1.7, 3.3)]
    assert len(set(lags)) == 1
    assert abs(lags[0]) < RATE // 100


def test_mono_stays_mono_and_as_loud(tmp_path: Path) -> None:
    joined = join(make_source(tmp_path / "mono.mov", 2.0, 22050, [(0.0, tone(2.0, 22050, 1))]), 0.8, tmp_path)
    check_timeline(joined)
    check_length(joined)
    assert joined.decoded.shape[0] == 1
    assert abs(level_db(joined.decoded[:, FRAME : RATE - FRAME]) - level_db(tone(1.0, RATE, 1))) < 0.1


@pytest.mark.parametrize(("codec", "suffix"), [("pcm_s16le", "mkv"), ("aac", "mp4"), ("mp2", "ts")])
def test_sound_that_starts_late_and_has_a_hole_is_silent_there(codec: str, suffix: str, tmp_path: Path) -> None:
    sounds = [(0.7, hiss(1.0, RATE)), (2.3, hiss(1.7, RATE, seed=4))]
    joined = join(make_source(tmp_path / f"holes.{suffix}", 4.0, RATE, sounds, codec), 0.8, tmp_path)
    check_timeline(joined)
    for start_s, end_s in ((0.0, 0.65), (1.75, 2.25)):
        assert level_db(joined.decoded[:, round(start_s * RATE) : round(end_s * RATE)]) < -80
    truth = np.zeros((2, 4 * RATE), np.float32)
    for start_s, samples in sounds:
        truth[:, round(start_s * RATE) : round(start_s * RATE) + samples.shape[1]] = samples
    # MP4 rounds the beginning to a millisecond.
    early, late = (lag(joined.decoded, truth, round(second * RATE)) for second in (0.9, 2.9))
    assert early == late and abs(early) < RATE // 1000


def test_six_channels_without_a_named_layout_are_mixed_as_5_1(tmp_path: Path) -> None:
    joined = join(make_source(tmp_path / "six.mkv", 1.6, RATE, [(0.0, 0.4 * tone(1.6, RATE, 6))], "pcm_s16le"), 0.8, tmp_path)
    assert joined.decoded.shape[0] == 2
    # Front, and centre and surround at -3 dB (ITU-R BS.775): 1 + 2 x 0.7071, well above what a 16-bit mix would be turned down to.
    expected = level_db(0.4 * (1 + 2 * 0.5**0.5) * tone(1.0, RATE))
    assert abs(level_db(joined.decoded[:, FRAME : FRAME + RATE]) - expected) < 0.1


def test_sound_that_ends_early_leaves_silent_segments_and_a_short_last_one(tmp_path: Path) -> None:
    joined = join(make_source(tmp_path / "early.mov", 4.0, RATE, [(0.0, hiss(1.0, RATE))]), 0.8, tmp_path)
    check_timeline(joined)
    assert joined.segments[-1].samples == 1
    assert level_db(joined.decoded[:, RATE + FRAME :]) < -80


def test_sound_that_outlasts_the_picture_is_kept(tmp_path: Path) -> None:
    joined = join(make_source(tmp_path / "late.mov", 1.6, RATE, [(0.0, hiss(3.1, RATE))]), 0.8, tmp_path)
    check_timeline(joined)
    check_length(joined)
    assert lag(joined.decoded, hiss(3.1, RATE), round(2.4 * RATE)) == 0


def test_padding_of_the_sources_encoder_is_not_heard(tmp_path: Path) -> None:
    """2 s at 44.1 kHz are 86.1 AAC frames: the 87th ends at 2.02 s, which would need a 95th frame at 48 kHz."""
    path = tmp_path / "padded.mp4"
    inputs = ["-f", "lavfi", "-i", "color=gray:s=32x32:r=25:d=2", "-f", "lavfi", "-i", "sine=r=44100:d=2"]
    subprocess.run([ffmpeg_path(), "-v", "error", *inputs, "-c:v", "libx264", "-c:a", "aac", str(path)], check=True)
    joined = join(path, 0.8, tmp_path)
    check_timeline(joined)
    assert joined.decoded.shape[1] == 94 * FRAME


def test_a_phone_s_edit_list_ends_its_sound(media_dir: Path, tmp_path: Path) -> None:
    """It shows 1529/600 s, and the last packet goes on for 14 ms, into a frame more."""
    joined = join(media_dir / "phone-hevc10-editlist-rotated.mp4", 1.0, tmp_path)
    check_timeline(joined)
    assert joined.decoded.shape[1] == -(-1529 * RATE // 600 // FRAME) * FRAME


def delayed_tone(file: Path, delay_ms: int) -> Path:
    """3 s of sound beside 4 s of picture, in packets of AAC and behind an empty edit."""
    picture, sound = "color=gray:s=32x32:r=25:d=4", "sine=r=44100:d=3"
    inputs = ["-f", "lavfi", "-i", picture, "-itsoffset", f"{delay_ms / 1000}", "-f", "lavfi", "-i", sound]
    command = [ffmpeg_path(), "-v", "error", *inputs, "-c:v", "libx264", "-g", "10", "-bf", "0", "-c:a", "aac", str(file)]
    subprocess.run(command, check=True)
    return file


def end_edit(file: Path, duration_ms: int) -> None:
    """Let the edit list of the last track end elsewhere. ISO/IEC 14496-12, 8.6.6: of 12 bytes per edit the first 4 are its duration."""
    data = bytearray(file.read_bytes())
    at = data.rindex(b"elst")
    last = at + 12 * int.from_bytes(data[at + 8 : at + 12])
    data[last : last + 4] = duration_ms.to_bytes(4)
    file.write_bytes(data)


def end_of_pieces(path: Path, target_s: float, folder: Path) -> float:
    """When the last sample of any piece ends, in seconds."""
    plan = plan_split(path, LIMITS, target_s)
    track = plan.source.audio
    assert track is not None
    cut = cut_pieces(path, plan, folder)
    return max(decode_sound(file, piece, plan.source, track, LIMITS, longest=10**6).end for piece, file in cut) / track.sample_rate


@pytest.mark.parametrize("target_s", [0.8, 6.0])
@pytest.mark.parametrize(("delay_ms", "edit_ms"), [(0, 2503), (500, 2503), (5, 2503), (0, 3000), (5, 3000)])
def test_sound_ends_where_its_edit_list_ends(delay_ms: int, edit_ms: int, target_s: float, tmp_path: Path) -> None:
    """To the sample, inside a packet too, after an empty edit, and though the picture goes on."""
    path = delayed_tone(tmp_path / "edited.mp4", delay_ms)
    end_edit(path, edit_ms)
    heard = oracle.find_heard(path)
    assert heard is not None
    assert end_of_pieces(path, target_s, tmp_path) == pytest.approx(heard.end_s, abs=2 / RATE)


def test_delayed_sound_ends_with_its_last_packet(tmp_path: Path) -> None:
    """Its duration is that of the media alone: an end in the middle of it that nobody meant. The packet's own duration holds."""
    path = delayed_tone(tmp_path / "delayed.mp4", 500)
    with av.open(str(path)) as container:
        last_s = max(float((packet.pts or 0) + (packet.duration or 0)) for packet in container.demux(audio=0)) / 44_100
    assert last_s > 3.49
    assert end_of_pieces(path, 0.8, tmp_path) == pytest.approx(last_s, abs=1 / RATE)


def test_sound_before_the_first_picture_is_dropped(tmp_path: Path) -> None:
    path = make_source(tmp_path / "source.mov", 3.0, RATE, [(0.0, hiss(3.0, RATE))])
    plan = plan_split(path, LIMITS, 0.8)
    (cut,) = cut_pieces(path, plan, tmp_path, only=[1])
    piece, file = cut
    # The same piece as if the film began with it.
    source = plan.source.model_copy(update={"start_pts": piece.start_pts})
    segment = encode_audio_piece(file, piece, source, tmp_path / "a.m4s", LIMITS)
    assert segment is not None and segment.start_ticks == 0
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(segment.init + segment.path.read_bytes())
    start = round((piece.start_pts - plan.source.start_pts) * source.video.time_base.fraction * RATE)
    truth = hiss(3.0, RATE)[:, start : start + round(0.6 * RATE)]
    assert lag(decode(joined), truth, RATE // 4, RATE // 4) == 0


def test_a_damaged_stretch_does_not_move_what_follows(tmp_path: Path) -> None:
    path = make_source(tmp_path / "source.mp4", 3.0, RATE, [(0.0, hiss(3.0, RATE))], "aac")
    plan = plan_split(path, LIMITS, 3.0)
    ((piece, file), *_) = cut_pieces(path, plan, tmp_path)
    whole = encode_audio_piece(file, piece, plan.source, tmp_path / "whole.m4s", LIMITS)
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = random.Random(1).randbytes(3000)
    file.write_bytes(data)
    damaged = encode_audio_piece(file, piece, plan.source, tmp_path / "damaged.m4s", LIMITS)
    assert whole is not None and damaged is not None
    assert (damaged.samples, damaged.start_ticks) == (whole.samples, whole.start_ticks)
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(damaged.init + damaged.path.read_bytes())
    end = damaged.duration_ticks - FRAME - RATE // 2
    assert lag(decode(joined), hiss(3.0, RATE), end, RATE // 4) == 0


def test_floats_beyond_full_scale_and_not_a_number_are_encoded(tmp_path: Path) -> None:
    wild = hiss(1.0, RATE)
    wild[0, 100:200], wild[1, 300:400], wild[0, 500:600] = np.nan, np.inf, 1e30
    joined = join(make_source(tmp_path / "wild.mov", 1.0, RATE, [(0.0, wild)]), 0.8, tmp_path)
    check_timeline(joined)
    assert np.isfinite(joined.decoded).all()


def test_a_piece_without_a_frame_or_a_source_without_sound_has_no_segment(tmp_path: Path) -> None:
    path = make_source(tmp_path / "source.mov", 1.0, RATE, [(0.0, hiss(1.0, RATE))])
    plan = plan_split(path, LIMITS)
    ((piece, file), *_) = cut_pieces(path, plan, tmp_path)
    tiny = piece.model_copy(update={"end_pts": piece.start_pts + 1, "last": False})
    assert encode_audio_piece(file, tiny, plan.source, tmp_path / "tiny.m4s", LIMITS) is None
    mute = plan.source.model_copy(update={"audio": None})
    assert encode_audio_piece(file, piece, mute, tmp_path / "mute.m4s", LIMITS) is None


def test_a_file_that_is_no_piece_is_unreadable(tmp_path: Path) -> None:
    path = make_source(tmp_path / "source.mov", 1.0, RATE, [(0.0, hiss(1.0, RATE))])
    plan = plan_split(path, LIMITS)
    garbage = tmp_path / "garbage.nut"
    garbage.write_bytes(random.Random(2).randbytes(20_000))
    with pytest.raises(UnreadableError):
        encode_audio_piece(garbage, plan.pieces[0], plan.source, tmp_path / "a.m4s", LIMITS)
