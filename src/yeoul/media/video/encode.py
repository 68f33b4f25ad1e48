"""One decode of a piece, all rungs, straight to CMAF media segments that share one init segment per rung."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from yeoul.base.errors import TruncatedError, UnreadableError
from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path
from yeoul.media.limits import BROKEN, Limits, ffmpeg_input_options, open_input, run_tool
from yeoul.media.mp4 import fragment
from yeoul.media.mp4.codec_string import get_codecs
from yeoul.media.mp4.edit_list import add_edit_list
from yeoul.media.segment import EncodedSegment
from yeoul.media.video.encoder import IDR_FILE, finish_init, make_encoder_words, write_idr_times
from yeoul.media.video.filter import LUT_FILE, make_graph, needs_lut, own_times
from yeoul.media.video.reorder import delay_ticks, find_wait, list_idr_times, reorders
from yeoul.media.video.timescale import rendition_timescale, to_ticks
from yeoul.media.video.tonemap import make_lut
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

_MOST_LOST = 0.25  # of a piece's frames may be damaged; players show the others, too
# The encoding ffmpeg has no software decoder for these.
_FEED_CODECS = frozenset(
    (
        *("apng", "av1", "dxa", "exr", "flashsv", "flashsv2", "g2m", "lscr", "mscc", "mvha", "mwsc", "pdv", "png", "rasc", "rscc"),
        *("screenpresso", "srgc", "tdsc", "tscc", "wcmv", "zerocodec", "zlib", "zmbv"),
    )
)


def encode_piece(
    piece_file: Path, piece: Piece, source: Source, rungs: Sequence[Rung], out: Path, limits: Limits
) -> tuple[EncodedSegment, ...]:
    """Encode a piece to all rungs, into files `out/NAME.m4s`.

    Raises TruncatedError when more frames decode than the piece owns, or less than three of four (ffmpeg's exit code does not tell),
    and what `run_tool` raises.
    """
    bounded = replace(limits, max_output_bytes=min(limits.max_output_bytes, _most_bytes(piece, source, rungs)))
    end_ticks = to_ticks(piece.end_pts, source)
    shown = _list_shown(piece_file, piece, source, limits) if any(map(reorders, rungs)) else []
    while True:
        idr_times = list_idr_times(shown, end_ticks, source)
        if idr_times:
            (out / IDR_FILE).write_text(write_idr_times(idr_times, source))
        words = make_encode_command(piece_file, piece, source, rungs, out, limits, lists_idr=bool(idr_times))
        _run(words, piece_file, source, out, bounded)
        found = _list_late(end_ticks, source, rungs, out)
        if not found or found == shown:
            return tuple(_segment(piece, source, rung, out) for rung in rungs)
        shown = found  # the packets told of other pictures than the decoder gave


def _list_shown(piece_file: Path, piece: Piece, source: Source, limits: Limits) -> list[int]:
    """Returns when the piece's own pictures are shown as its packets tell it, rising, in ticks; times that are damaged are left out."""
    base = source.video.time_base.fraction
    first, end, slack = own_times(piece, source)
    found: set[int] = set()
    with contextlib.suppress(UnreadableError, *BROKEN), open_input(piece_file, limits) as container:
        for packet in container.demux(video=0):
            if packet.pts is not None:
                pts = round(packet.pts * Fraction(packet.time_base) / base)
                if first - slack <= pts < end - slack:
                    found.add(max(pts, first))
    return sorted({to_ticks(pts + piece.base, source) for pts in found})


def _list_late(end_ticks: int, source: Source, rungs: Sequence[Rung], out: Path) -> list[int]:
    """Returns when pictures are shown, rising, in ticks, where some are decoded later than their rung's delay allows; else none."""
    for rung in rungs:
        if reorders(rung):
            pts = fragment.list_pts(fragment.list_fragments(fragment.split_init((out / f"{rung.name}.mp4").read_bytes())[1]))
            if len(set(pts)) == len(pts) and find_wait(pts, end_ticks) > delay_ticks(source):
                return sorted(pts)
    return []


def _most_bytes(piece: Piece, source: Source, rungs: Sequence[Rung]) -> int:
    """How large a file of these rungs may get, in bytes: one and a half times what their maximal rates allow for the piece and two seconds
    more, and 1 MiB.
    """
    length_s = float((piece.end_pts - piece.start_pts) * source.video.time_base.fraction)
    return int(sum(rung.maxrate_bps for rung in rungs) / 8 * (length_s + 2) * 1.5) + 2**20


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
    # JFIF knows one meaning of its values: BT.601 in full range.
    picture = "scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p"
    graph = f"{make_graph(piece, source, [rung])};[o0]select='not(mod(n\\,{every}))',{picture}[p]"
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


def make_encode_command(
    piece_file: Path, piece: Piece, source: Source, rungs: Sequence[Rung], out: Path, limits: Limits, *, lists_idr: bool = False
) -> list[str]:
    """The encoding ffmpeg's words; `out/NAME.mp4` holds init and fragments, one for each IDR picture.

    lists_idr: IDR pictures are those that the file `IDR_FILE` lists; else there is one every two seconds.
    """
    words = [*_reader_words(piece_file, source, limits), "-filter_complex", make_graph(piece, source, rungs)]
    for index, rung in enumerate(rungs):
        words += [
            "-map",
            f"[o{index}]",
            *make_encoder_words(source, rung, lists_idr=lists_idr),
            *_muxer_words(source),
            str(out / f"{rung.name}.mp4"),
        ]
    return words


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
    delay = delay_ticks(source)
    init = add_edit_list(finish_init(init, source, rung), delay)
    found = fragment.list_pts(fragment.list_fragments(media))
    lost = _count_lost(piece, len(found))
    end_ticks = to_ticks(piece.end_pts, source)
    # What stands in for a lost first picture is shown from where that would have been.
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
        samples=len(found),
        i_frames=fragment.find_i_frames(fragments, delay),
        frame_rate=len(found) * timescale / (end_ticks - start_ticks),
        lost=lost,
    )


def _count_lost(piece: Piece, found: int) -> int:
    """Returns how many of the piece's frames did not decode. Raises TruncatedError for more than a share, and for more than it owns."""
    promised = piece.frames if piece.frames is not None else max(found, 1)
    lost = promised - found
    if lost < 0 or lost > max(1, _MOST_LOST * promised) or not found:
        message = f"piece {piece.index} decodes to {found} of {promised} frames"
        raise TruncatedError(message, found=found, promised=promised, piece=piece.index)
    return lost
