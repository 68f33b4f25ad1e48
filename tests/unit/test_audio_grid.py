"""The grid of AAC frames and the boxes around them: neighbours agree, nothing is lost, nothing passes the picture."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from yeoul.media.audio.grid import Span, last_frames, output_channels, output_position, owned_frames, source_window
from yeoul.media.mp4.audio_box import make_audio_fragment, make_audio_init
from yeoul.media.mp4.codec_string import get_codecs
from yeoul.media.mp4.edit_list import get_media_time
from yeoul.media.mp4.fragment import get_timescale, list_fragments, split_init
from yeoul.model.piece import Piece
from yeoul.model.source import AudioTrack, Source, TimeBase, VideoTrack

RATES = st.sampled_from([8000, 11025, 16000, 22050, 24000, 32000, 44056, 44100, 48000, 88200, 96000, 192000])
TIME_BASES = st.sampled_from([(1, 12288), (1, 90000), (1001, 30000), (1, 1000), (1, 25)])


def source_of(time_base: tuple[int, int], start_pts: int, channels: int = 2, rate: int = 48000) -> Source:
    base = TimeBase(num=time_base[0], den=time_base[1])
    video = VideoTrack(codec="h264", width=16, height=16, time_base=base, frame_rate=25.0)
    track = AudioTrack(codec="aac", sample_rate=rate, channels=channels, time_base=TimeBase(num=1, den=rate))
    return Source(container="mp4", duration_s=1.0, start_pts=start_pts, video=video, audio=track)


@st.composite
def cut_sources(draw: st.DrawFn) -> tuple[Source, list[Piece]]:
    source = source_of(draw(TIME_BASES), draw(st.integers(-10_000, 10_000_000)))
    second = int(1 / source.video.time_base.fraction)
    steps = draw(st.lists(st.integers(1, 20 * second), min_size=1, max_size=8))
    borders = [source.start_pts]
    for step in steps:
        borders.append(borders[-1] + step)
    pieces = [Piece(index=i, start_pts=a, end_pts=b, last=i == len(steps) - 1) for i, (a, b) in enumerate(pairwise(borders))]
    return source, pieces


@given(cut_sources())
def test_pieces_share_out_the_grid_without_holes_or_overlaps(cut: tuple[Source, list[Piece]]) -> None:
    source, pieces = cut
    runs = [owned_frames(piece, source) for piece in pieces]
    assert runs[0].first == 0
    assert all(before.end == after.first for before, after in pairwise(runs))


@given(cut_sources())
def test_sound_ends_at_or_before_its_pictures_border_by_less_than_a_frame(cut: tuple[Source, list[Piece]]) -> None:
    source, pieces = cut
    for piece in pieces:
        border = (piece.end_pts - source.start_pts) * source.video.time_base.fraction * 48000
        assert 0 <= border - owned_frames(piece, source).end * 1024 < 1024


@given(cut_sources())
def test_decode_times_join_up_and_count_the_priming_once(cut: tuple[Source, list[Piece]]) -> None:
    source, pieces = cut
    at = 0
    for run in (owned_frames(piece, source) for piece in pieces):
        if run.end > run.first:
            assert run.start_ticks == at
            at += len(run.packets) * 1024
    frames = owned_frames(pieces[-1], source).end
    assert at == ((frames + 1) * 1024 if frames else 0)


@given(cut_sources())
def test_kept_packets_lie_inside_the_encode_with_history_and_look_ahead(cut: tuple[Source, list[Piece]]) -> None:
    source, pieces = cut
    for run in (owned_frames(piece, source) for piece in pieces):
        made = len(run.encoded) + 1  # an encode of n frames gives n + 1 packets, the first of priming
        assert 0 <= run.packets.start <= run.packets.end == made - 2
        assert run.first == 0 or run.packets.start - 1 == min(8, run.first)


@given(cut_sources(), st.integers(-48000, 48000 * 400))
def test_the_last_piece_runs_to_the_end_of_the_sound_within_bounds(cut: tuple[Source, list[Piece]], content_end: int) -> None:
    source, pieces = cut
    run = last_frames(pieces[-1], source, content_end)
    border_s = (pieces[-1].end_pts - source.start_pts) * source.video.time_base.fraction
    assert run.end > run.first == owned_frames(pieces[-1], source).first
    assert run.end * 1024 <= max((border_s + 30) * 48000, (run.first + 1) * 1024)
    if run.first * 1024 < content_end <= border_s * 48000:
        assert 0 <= run.end * 1024 - content_end < 1024
    assert run.packets.end == len(run.encoded) + 1


@given(st.integers(0, 500_000), st.integers(1, 2000), RATES)
def test_windows_start_on_the_resamplers_cycle_and_reach_past_the_output(first: int, count: int, rate: int) -> None:
    window = source_window(Span(first, first + count), rate)
    assert window.output == Span(first * 1024, (first + count) * 1024)
    # Where the resampler's first output sample lies: a whole number, so that every piece meets the same filter phase.
    origin = Fraction(window.source.start * 48000, rate)
    assert origin.denominator == 1
    assert origin + window.skip == window.output.start
    margin = 0 if rate == 48000 else 16 * max(1, Fraction(rate, 48000))
    assert window.source.start + margin <= Fraction(window.output.start * rate, 48000)
    assert window.source.end - margin >= Fraction(window.output.end * rate, 48000)


def test_44100_hz_is_fed_in_steps_of_147_samples() -> None:
    assert source_window(Span(100, 101), 44100).source.start % 147 == 0
    assert output_position(44101, 44100) == 48002


def test_layouts_become_mono_or_stereo() -> None:
    tracks = [source_of((1, 25), 0, channels=channels).audio for channels in (1, 2, 6, 8)]
    assert [output_channels(track) for track in tracks if track] == [1, 2, 2, 2]


def test_init_names_its_codec_and_timescale() -> None:
    for channels in (1, 2):
        init = make_audio_init(channels, 1600)
        assert split_init(init) == (init, b"")
        assert get_codecs(init) == "mp4a.40.2"
        assert get_timescale(init) == 48000
        assert get_media_time(init) == 1600


@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=40), st.integers(0, 2**40), st.integers(1, 2**31))
def test_fragments_give_back_their_packets(packets: list[bytes], decode_time: int, sequence: int) -> None:
    data = make_audio_fragment(sequence, decode_time, packets)
    (fragment,) = list_fragments(data)
    assert (fragment.offset, fragment.size_bytes, fragment.sequence, fragment.start_ticks) == (0, len(data), sequence, decode_time)
    assert data[fragment.data_offset :] == b"".join(packets)
    assert {(sample.duration_ticks, sample.is_sync, sample.cts_ticks) for sample in fragment.samples} == {(1024, True, 0)}
    assert [sample.size_bytes for sample in fragment.samples] == [len(packet) for packet in packets]
