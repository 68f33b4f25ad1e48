"""One decode of a piece, all rungs, straight to CMAF media segments that share one init segment per rung."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from yeoul.base.errors import TruncatedError
from yeoul.media import fragment
from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path
from yeoul.media.filter import LUT_FILE, make_graph, needs_lut, output_colour
from yeoul.media.limits import Limits, ffmpeg_input_options, run_tool
from yeoul.media.segment import EncodedSegment
from yeoul.media.timescale import rendition_timescale, to_ticks
from yeoul.media.tonemap import make_lut
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

IDR_EVERY_S = 2
# ITU-T H.264 table A-1: level, macroblocks per second, macroblocks per frame, kb/s in High profile (1.25 x the table's).
_LEVELS = (
    ("1.3", 11880, 396, 960),
    ("2.1", 19800, 792, 5000),
    ("2.2", 20250, 1620, 5000),
    ("3.0", 40500, 1620, 12500),
    ("3.1", 108000, 3600, 17500),
    ("3.2", 216000, 5120, 25000),
    ("4.0", 245760, 8192, 25000),
    ("4.2", 522240, 8704, 62500),
    ("5.0", 589824, 22080, 168750),
    ("5.1", 983040, 36864, 300000),
    ("5.2", 2073600, 36864, 300000),
)
_FEED_CODECS = ("av1",)  # the encoding ffmpeg has no software decoder for these


def encode_piece(
    piece_file: Path, piece: Piece, source: Source, rungs: Sequence[Rung], out: Path, limits: Limits
) -> tuple[EncodedSegment, ...]:
    """Encode a piece to all rungs, into files `out/NAME.m4s`.

    Raises TruncatedError when another number of frames decodes than the piece owns (ffmpeg's exit code does not tell), and what
    `run_tool` raises.
    """
    _run(make_encode_command(piece_file, piece, source, rungs, out, limits), piece_file, source, out, limits)
    return tuple(_segment(piece, source, rung, out) for rung in rungs)


def needs_feed(source: Source) -> bool:
    """Whether another ffmpeg must decode, since the encoding one cannot."""
    return source.video.codec in _FEED_CODECS


def make_feed_command(piece_file: Path, source: Source, limits: Limits) -> list[str]:
    """The feeding ffmpeg's words: all pictures of the piece with their own times, raw, as NUT, to standard output."""
    base = source.video.time_base
    return [
        *(feed_ffmpeg_path(), "-v", "error", "-nostdin", "-threads", "1", "-copyts", "-noautorotate"),
        *(*ffmpeg_input_options(limits), "-i", f"file:{piece_file}", "-map", "0:v:0"),
        *("-fps_mode", "passthrough", "-enc_time_base", f"{base.num}/{base.den}", "-c:v", "rawvideo", "-f", "nut", "pipe:1"),
    ]


def make_stills(piece_file: Path, piece: Piece, source: Source, rung: Rung, out: Path, limits: Limits, every: int) -> tuple[Path, ...]:
    """Every `every`-th picture of a piece as a JPEG file in `out`, in order; of the rung's size. Raises what `run_tool` raises."""
    graph = f"{make_graph(piece, source, [rung])};[o0]select='not(mod(n\\,{every}))',format=yuvj420p[p]"
    words = [*_reader_words(piece_file, source, limits), "-filter_complex", graph, "-map", "[p]", "-fps_mode", "passthrough"]
    words += ["-c:v", "mjpeg", "-q:v", "3", "-f", "image2", str(out / "still-%04d.jpg")]
    _run(words, piece_file, source, out, limits)
    return tuple(sorted(out.glob("still-*.jpg")))


def _run(words: Sequence[str], piece_file: Path, source: Source, out: Path, limits: Limits) -> None:
    if needs_lut(source.video):
        (out / LUT_FILE).write_text(make_lut(source.video))
    feed = make_feed_command(piece_file, source, limits) if needs_feed(source) else None
    run_tool(words, limits=limits, cwd=out, feed=feed)


def _reader_words(piece_file: Path, source: Source, limits: Limits) -> list[str]:
    """The encoding ffmpeg's words up to its input, which is the piece or a feed."""
    words = [ffmpeg_path(), "-v", "error", "-y", "-threads", "1", "-filter_complex_threads", "1", "-copyts", "-noautorotate"]
    given = ["-f", "nut", "-i", "pipe:0"] if needs_feed(source) else ["-nostdin", *ffmpeg_input_options(limits), "-i", f"file:{piece_file}"]
    return [*words, *given, "-an", "-sn", "-dn"]


def make_encode_command(piece_file: Path, piece: Piece, source: Source, rungs: Sequence[Rung], out: Path, limits: Limits) -> list[str]:
    """The encoding ffmpeg's words; `out/NAME.mp4` holds init and fragments, one for each IDR picture."""
    words = [*_reader_words(piece_file, source, limits), "-filter_complex", make_graph(piece, source, rungs)]
    for index, rung in enumerate(rungs):
        words += ["-map", f"[o{index}]", *_encoder_words(source, rung), *_muxer_words(source), str(out / f"{rung.name}.mp4")]
    return words


def nominal_frame_rate(source: Source) -> int:
    """The frame rate that levels and stream headers are made for; constant over the pieces of a source, whatever each one's own rate."""
    return next((rate for rate in (30, 60, 120) if source.video.frame_rate <= rate * 1.02), 240)


def make_level(rung: Rung, frame_rate: int) -> str:
    """The lowest H.264 level that holds a rung."""
    macroblocks = math.ceil(rung.width / 16) * math.ceil(rung.height / 16)
    for level, per_second, per_frame, kbps in _LEVELS:
        if macroblocks <= per_frame and macroblocks * frame_rate <= per_second and rung.maxrate_bps <= kbps * 1000:
            return level
    return _LEVELS[-1][0]


def _encoder_words(source: Source, rung: Rung) -> list[str]:
    timescale, rate, colour = rendition_timescale(source), nominal_frame_rate(source), output_colour(source.video)
    cap = str(rung.maxrate_bps)
    return [
        *("-fps_mode", "passthrough", "-enc_time_base", f"1/{timescale}"),
        *("-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-profile:v", "high", "-level", make_level(rung, rate)),
        *("-crf", f"{rung.crf:g}", "-maxrate", cap, "-bufsize", cap),
        # Counted from the last one forced, so that a long frame is not followed by a run of IDRs; half a millisecond covers rounding.
        *("-force_key_frames", f"expr:isnan(prev_forced_t)+gte(t-prev_forced_t,{IDR_EVERY_S - 0.0005})"),
        *("-g", "100000", "-sc_threshold", "0", "-flags", "+cgop"),
        *("-color_primaries", colour.primaries, "-color_trc", colour.transfer, "-colorspace", colour.matrix, "-color_range", "tv"),
        # x264 writes a rate that ffmpeg guesses from each piece; every piece must have the same headers.
        *("-bsf:v", f"h264_metadata=tick_rate={2 * rate}/1:fixed_frame_rate_flag=0"),
    ]


def _muxer_words(source: Source) -> list[str]:
    return [
        *("-video_track_timescale", str(rendition_timescale(source)), "-avoid_negative_ts", "disabled"),
        *("-fflags", "+bitexact", "-map_metadata", "-1"),
        *("-movflags", "+cmaf+frag_discont+empty_moov+frag_keyframe+skip_trailer", "-f", "mp4"),
    ]


def _segment(piece: Piece, source: Source, rung: Rung, out: Path) -> EncodedSegment:
    """Read what ffmpeg wrote, give every sample its exact time, and keep the media without the init."""
    written = out / f"{rung.name}.mp4"
    init, media = fragment.split_init(written.read_bytes())
    written.unlink()
    found = fragment.list_pts(fragment.list_fragments(media))
    _check_count(piece, len(found))
    end_ticks = to_ticks(piece.end_pts, source)
    media = fragment.retime(media, end_ticks)
    fragments = fragment.list_fragments(media)
    path = out / f"{rung.name}.m4s"
    path.write_bytes(media)
    start_ticks, timescale = fragments[0].start_ticks, rendition_timescale(source)
    return EncodedSegment(
        name=rung.name,
        init=init,
        path=path,
        codecs=fragment.get_codecs(init),
        timescale=timescale,
        start_ticks=start_ticks,
        duration_ticks=end_ticks - start_ticks,
        samples=len(found),
        i_frames=fragment.find_i_frames(fragments),
        frame_rate=len(found) * timescale / (end_ticks - start_ticks),
    )


def _check_count(piece: Piece, found: int) -> None:
    promised = piece.frames if piece.frames is not None else max(found, 1)
    if found != promised:
        message = f"piece {piece.index} decodes to {found} of {promised} frames"
        raise TruncatedError(message, found=found, promised=promised, piece=piece.index)
