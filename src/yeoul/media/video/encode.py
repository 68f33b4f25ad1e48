"""Encodes a piece: one decode, all rungs, as CMAF media segments that share one init segment per rung."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from yeoul.base.errors import TruncatedError, UnreadableError
from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path
from yeoul.media.limits import AV_ERRORS, Limits, ffmpeg_input_options, open_input, run_tool
from yeoul.media.mp4 import fragment
from yeoul.media.mp4.codec_string import get_codecs
from yeoul.media.mp4.edit_list import add_edit_list
from yeoul.media.segment import EncodedSegment
from yeoul.media.video.encoder import IDR_FILE, finish_init, make_encoder_options, write_idr_times
from yeoul.media.video.filter import LUT_FILE, make_graph, needs_lut, owned_range
from yeoul.media.video.reorder import delay_ticks, find_min_delay, has_reordering, list_idr_times
from yeoul.media.video.timescale import rendition_timescale, to_ticks
from yeoul.media.video.tonemap import make_lut
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

_MAX_LOST_SHARE = 0.25  # maximum share of damaged frames in a piece; players would also show the other frames
# Codecs for which the encoding ffmpeg has no software decoder; the feed ffmpeg decodes them.
_FEED_CODECS = frozenset(
    (
        *("apng", "av1", "dxa", "exr", "flashsv", "flashsv2", "g2m", "lscr", "mscc", "mvha", "mwsc", "pdv", "png", "rasc", "rscc"),
        *("screenpresso", "srgc", "tdsc", "tscc", "wcmv", "zerocodec", "zlib", "zmbv"),
    )
)


def encode_piece(
    piece_file: Path, piece: Piece, source: Source, rungs: Sequence[Rung], out: Path, limits: Limits
) -> tuple[EncodedSegment, ...]:
    """Encodes a piece to all rungs, into files `out/NAME.m4s`.

    Raises TruncatedError if more frames decode than the piece owns, or less than three quarters of them (ffmpeg's exit code does not show
    this), and what `run_tool` raises.
    """
    bounded = replace(limits, max_output_bytes=min(limits.max_output_bytes, _max_output_bytes(piece, source, rungs)))
    end_ticks = to_ticks(piece.end_pts, source)
    shown = _list_packet_times(piece_file, piece, source, limits) if any(map(has_reordering, rungs)) else []
    while True:
        idr_times = list_idr_times(shown, end_ticks, source)
        if idr_times:
            (out / IDR_FILE).write_text(write_idr_times(idr_times, source))
        command = make_encode_command(piece_file, piece, source, rungs, out, limits, lists_idr=bool(idr_times))
        _run_ffmpeg(command, piece_file, source, out, bounded)
        late = _find_late_times(end_ticks, source, rungs, out)
        if not late or late == shown:
            return tuple(_make_segment(piece, source, rung, out) for rung in rungs)
        shown = late  # the decoder returned other frames than the packets announced: encode again with its times


def _list_packet_times(piece_file: Path, piece: Piece, source: Source, limits: Limits) -> list[int]:
    """Returns the sorted presentation times of the piece's own packets, in ticks; leaves out damaged ones."""
    base = source.video.time_base.fraction
    first, end, slack = owned_range(piece, source)
    times: set[int] = set()
    with contextlib.suppress(UnreadableError, *AV_ERRORS), open_input(piece_file, limits) as container:
        for packet in container.demux(video=0):
            if packet.pts is not None:
                pts = round(packet.pts * Fraction(packet.time_base) / base)
                if first - slack <= pts < end - slack:
                    times.add(max(pts, first))
    return sorted({to_ticks(pts + piece.base, source) for pts in times})


def _find_late_times(end_ticks: int, source: Source, rungs: Sequence[Rung], out: Path) -> list[int]:
    """Returns the sorted presentation times of the encoded frames, in ticks, if a rung needs more delay than it has; else an empty list."""
    for rung in rungs:
        if has_reordering(rung):
            pts = fragment.list_pts(fragment.list_fragments(fragment.split_init((out / f"{rung.name}.mp4").read_bytes())[1]))
            if len(set(pts)) == len(pts) and find_min_delay(pts, end_ticks) > delay_ticks(source):
                return sorted(pts)
    return []


def _max_output_bytes(piece: Piece, source: Source, rungs: Sequence[Rung]) -> int:
    """Returns the maximum size of a file of these rungs, in bytes.

    It is 1.5 times what their maximum bit rates allow for the piece and two more seconds, plus 1 MiB.
    """
    length_s = float((piece.end_pts - piece.start_pts) * source.video.time_base.fraction)
    return int(sum(rung.maxrate_bps for rung in rungs) / 8 * (length_s + 2) * 1.5) + 2**20


def needs_feed(source: Source) -> bool:
    """True if the feed ffmpeg must decode the source, because the encoding ffmpeg cannot."""
    return source.video.codec in _FEED_CODECS


def make_feed_command(piece_file: Path, source: Source, limits: Limits) -> list[str]:
    """Returns the command of the feed ffmpeg: writes all frames of the piece, uncompressed with their own times, as NUT to stdout."""
    base = source.video.time_base
    return [
        *(feed_ffmpeg_path(), "-v", "error", "-nostdin", "-threads", "1", "-copyts", "-noautorotate"),
        *(*ffmpeg_input_options(limits), "-i", f"file:{piece_file}", "-map", "0:v:0"),
        *("-fps_mode", "passthrough", "-enc_time_base", f"{base.num}/{base.den}", "-c:v", "rawvideo", "-f", "nut", "pipe:1"),
    ]


def make_stills(piece_file: Path, piece: Piece, source: Source, rung: Rung, out: Path, limits: Limits, every: int) -> tuple[Path, ...]:
    """Writes every `every`-th frame of a piece as a JPEG of the rung's size into `out`, and returns the files in order.

    Raises what `run_tool` raises.
    """
    # JFIF allows only BT.601 in full range.
    jpeg_colour = "scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p"
    graph = f"{make_graph(piece, source, [rung])};[o0]select='not(mod(n\\,{every}))',{jpeg_colour}[p]"
    command = [*_start_command(piece_file, source, limits), "-filter_complex", graph, "-map", "[p]", "-fps_mode", "passthrough"]
    command += ["-c:v", "mjpeg", "-q:v", "3", "-f", "image2", str(out / "still-%04d.jpg")]
    _run_ffmpeg(command, piece_file, source, out, limits)
    return tuple(sorted(out.glob("still-*.jpg")))


def _run_ffmpeg(command: Sequence[str], piece_file: Path, source: Source, out: Path, limits: Limits) -> None:
    if needs_lut(source.video):
        (out / LUT_FILE).write_text(make_lut(source.video))
    feed = make_feed_command(piece_file, source, limits) if needs_feed(source) else None
    run_tool(command, limits=limits, cwd=out, feed=feed)


def _start_command(piece_file: Path, source: Source, limits: Limits) -> list[str]:
    """Returns the start of the encoding ffmpeg's command, up to its input, which is the piece or a feed."""
    command = [ffmpeg_path(), "-v", "error", "-y", "-threads", "1", "-filter_complex_threads", "1", "-copyts", "-noautorotate"]
    piece_input = ["-nostdin", *ffmpeg_input_options(limits), "-i", f"file:{piece_file}"]
    inputs = ["-f", "nut", "-i", "pipe:0"] if needs_feed(source) else piece_input
    return [*command, *inputs, "-an", "-sn", "-dn"]


def make_encode_command(
    piece_file: Path, piece: Piece, source: Source, rungs: Sequence[Rung], out: Path, limits: Limits, *, lists_idr: bool = False
) -> list[str]:
    """Returns the command of the encoding ffmpeg. It writes `out/NAME.mp4` with init and fragments, one per IDR frame.

    lists_idr: place IDR frames at the times in the file `IDR_FILE`; else every two seconds.
    """
    command = [*_start_command(piece_file, source, limits), "-filter_complex", make_graph(piece, source, rungs)]
    for index, rung in enumerate(rungs):
        command += [
            "-map",
            f"[o{index}]",
            *make_encoder_options(source, rung, lists_idr=lists_idr),
            *_muxer_options(source),
            str(out / f"{rung.name}.mp4"),
        ]
    return command


def _muxer_options(source: Source) -> list[str]:
    return [
        *("-video_track_timescale", str(rendition_timescale(source)), "-avoid_negative_ts", "disabled"),
        *("-fflags", "+bitexact", "-map_metadata", "-1"),
        *("-movflags", "+cmaf+frag_discont+empty_moov+frag_keyframe+skip_trailer", "-f", "mp4"),
    ]


def _make_segment(piece: Piece, source: Source, rung: Rung, out: Path) -> EncodedSegment:
    """Reads the file that ffmpeg wrote, gives every sample its exact time, and saves the media data without init."""
    encoded_file = out / f"{rung.name}.mp4"
    init, media = fragment.split_init(encoded_file.read_bytes())
    encoded_file.unlink()
    delay = delay_ticks(source)
    init = add_edit_list(finish_init(init, source, rung), delay)
    times = fragment.list_pts(fragment.list_fragments(media))
    lost = _count_lost(piece, len(times))
    end_ticks = to_ticks(piece.end_pts, source)
    # If the first frame is lost, the next one is shown from its time on.
    media = fragment.retime(media, end_ticks, delay, start_ticks=to_ticks(piece.start_pts, source) if lost else None)
    fragments = fragment.list_fragments(media)
    path = out / f"{rung.name}.m4s"
    path.write_bytes(media)
    start_ticks, timescale = fragments[0].start_ticks, rendition_timescale(source)
    return EncodedSegment(
        name=rung.name,
        init=init,
        path=path,
        codecs=get_codecs(init),
        timescale=timescale,
        start_ticks=start_ticks,
        duration_ticks=end_ticks - start_ticks,
        samples=len(times),
        i_frames=fragment.find_i_frames(fragments, delay),
        frame_rate=len(times) * timescale / (end_ticks - start_ticks),
        lost=lost,
    )


def _count_lost(piece: Piece, found: int) -> int:
    """Returns the number of the piece's frames that did not decode. Raises TruncatedError if it is too large or negative."""
    promised = piece.frames if piece.frames is not None else max(found, 1)
    lost = promised - found
    if lost < 0 or lost > max(1, _MAX_LOST_SHARE * promised) or not found:
        message = f"piece {piece.index} decodes to {found} of {promised} frames"
        raise TruncatedError(message, found=found, promised=promised, piece=piece.index)
    return lost
