"""Builds the filter graph of a piece: from its coded frames to upright, square-pixel, 8-bit SDR frames of each rung; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yeoul.media.video.timescale import rendition_timescale
from yeoul.model.colour import Matrix, Primaries, Transfer
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source, VideoTrack

LUT_FILE = "sdr.cube"  # in ffmpeg's working folder, with the content of `tonemap.make_lut`
_TURNS = {0: (), 90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
# Matrices that every player supports; their values are kept and tagged.
_KEPT_MATRICES = ("bt709", "smpte170m", "bt470bg")
# The scale filter's names of other matrices.
_SCALE_MATRICES = {"bt2020nc": "bt2020", "bt2020c": "bt2020", "smpte240m": "smpte240m", "fcc": "fcc"}
# Side data that describes the source's frames and is wrong for the encoded ones. Encoders would write it, and whether they do depends on
# the filters of each rung, so that a rung that is encoded alone would have a different init segment.
_STALE_SIDE_DATA = (
    *("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "AMBIENT_VIEWING_ENVIRONMENT", "DYNAMIC_HDR_PLUS", "DYNAMIC_HDR_VIVID"),
    *("DOVI_RPU_BUFFER", "DOVI_METADATA", "ICC_PROFILE", "FILM_GRAIN_PARAMS", "DISPLAYMATRIX", "SPHERICAL", "STEREO3D", "PANSCAN", "AFD"),
)
_MAX_ROUNDING = 0.04  # maximum relative difference of the aspect ratios of a frame and a rung that is due to rounding
_OFTEN_INTERLACED = ("mpeg1video", "mpeg2video", "dvvideo", "vc1")
_BT709_TRANSFERS = ("bt709", "smpte170m", "iec61966-2-1", "bt2020-10", "bt2020-12")


@dataclass(frozen=True)
class Colour:
    """The colour space of encoded frames, in ffmpeg's names; the range is always limited."""

    primaries: Primaries
    transfer: Transfer
    matrix: Matrix


def output_colour(track: VideoTrack) -> Colour:
    """Returns the colour of all rungs: the source's if players support it, else BT.709.

    Missing values are assumed to be BT.709, also below 720 lines: small files without tags are mostly scaled from HD, and a guess by size
    would differ between rungs.
    """
    if track.is_hdr or track.colour_primaries == "bt2020":
        return Colour("bt709", "bt709", "bt709")
    transfer = track.colour_transfer if track.colour_transfer in _BT709_TRANSFERS[:3] else "bt709"
    matrix = "bt709" if _converts_samples(track) else track.colour_matrix or "bt709"
    return Colour(track.colour_primaries or "bt709", transfer or "bt709", matrix)


def needs_lut(track: VideoTrack) -> bool:
    """True if colours are converted with the table of `LUT_FILE`: HDR, and SDR in BT.2020 primaries."""
    return track.is_hdr or track.colour_primaries == "bt2020"


def _converts_samples(track: VideoTrack) -> bool:
    has_kept_matrix = track.colour_matrix is None or track.colour_matrix in _KEPT_MATRICES
    return not has_kept_matrix or is_full_range(track) or is_rgb(track)


def is_full_range(track: VideoTrack) -> bool:
    """True if luma has the range 0 to 255 (in 8 bits) instead of 16 to 235."""
    return track.colour_range == "pc" or (track.pix_fmt or "").startswith("yuvj")


def is_rgb(track: VideoTrack) -> bool:
    """True if decoded frames are RGB, or have an RGB palette."""
    return (track.pix_fmt or "").startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2rgb"))


def make_graph(piece: Piece, source: Source, rungs: Sequence[Rung]) -> str:
    """Returns the complex filter graph with one input and the outputs [o0], [o1], ... in the order of `rungs`.

    Output times count from the source's zero, in ticks of the rendition timescale. All conversions happen once, at the size of the largest
    rung. Each of the other rungs is scaled from the next larger one, which costs a third of scaling all of them from the largest.
    """
    top = max(rungs, key=lambda rung: rung.width * rung.height)
    track = source.video
    chain = [*_select_frames(piece, source), *_deinterlace(track), *_apply_sar(track), *_normalise(track, top), *_tag_colour(track)]
    chain += [*_delete_side_data(), "setsar=1", f"settb=1/{rendition_timescale(source)}"]
    if len(rungs) == 1:
        return f"[0:v:0]{','.join(chain)}[o0]"
    falling = sorted(enumerate(rungs), key=lambda item: -item[1].width * item[1].height)
    parts: list[str] = []
    for place, (index, rung) in enumerate(falling):
        scale = chain if place == 0 else _scale_to_rung(rung, falling[place - 1][1])
        ends = f"split=2[o{index}][n{place}]" if place + 1 < len(falling) else f"null[o{index}]"
        parts.append(f"{f'[n{place - 1}]' if place else '[0:v:0]'}{','.join((*scale, ends))}")
    return ";".join(parts)


def owned_range(piece: Piece, source: Source) -> tuple[int, int, int]:
    """Returns (first, end, slack): the range of times in a piece's file that the piece owns, in ticks of the source's video time base.

    The piece owns frames with first - slack <= pts < end - slack. The slack is a millisecond for pieces in clients' containers, which may
    round times to coarser ticks.
    """
    base = source.video.time_base
    slack = 0 if piece.container == "nut" else base.den // (base.num * 1000)
    return piece.start_pts - piece.base, piece.end_pts - piece.base, slack


def _select_frames(piece: Piece, source: Source) -> list[str]:
    """Returns filters that select the piece's own frames and set their times relative to the source's zero."""
    base = source.video.time_base
    first, end, slack = owned_range(piece, source)
    shift, zero = piece.base - source.start_pts, piece.start_pts - source.start_pts
    times = f"PTS+({shift})"
    if slack:
        times = f"if(lt({times}\\,{zero + slack})\\,{zero}\\,{times})"
    return [f"settb={base.num}/{base.den}", f"trim=start_pts={first - slack}:end_pts={end - slack}", f"setpts={times}"]


def _deinterlace(track: VideoTrack) -> list[str]:
    """Returns the deinterlacing filter if the source may be interlaced: one frame per frame, only for frames marked as interlaced.

    Broadcast and tape codecs always get it, because they may start with progressive frames. bwdif halves the time base.
    """
    return ["bwdif=mode=send_frame:deint=interlaced"] if track.interlaced or track.codec in _OFTEN_INTERLACED else []


def _apply_sar(track: VideoTrack) -> list[str]:
    """Returns the filter that applies the container's sample aspect ratio, relative to the codec's, which may change in mid-stream."""
    if track.coded_sar is None:
        return []
    ratio = track.sar.fraction / track.coded_sar.fraction
    return [f"setsar=sar=sar*{ratio.numerator}/{ratio.denominator}:max=10000"]


def _normalise(track: VideoTrack, top: Rung) -> list[str]:
    """Returns filters that scale, convert and rotate to yuv420p of the top rung's size; frames of another aspect ratio get bars."""
    size = (top.height, top.width) if track.rotation_deg in (90, 270) else (top.width, top.height)
    turns = [*(("hflip",) if track.mirrored else ()), *_TURNS[track.rotation_deg]]
    scale, bars = _fit(size)
    if needs_lut(track):
        input_colour = f"in_color_matrix={_scale_matrix(track)}:in_range={_range(track)}"
        to_rgb = f"{scale}:{input_colour}:flags=bicubic+accurate_rnd+full_chroma_int,format=gbrp10"
        to_yuv = "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p"
        return [to_rgb, f"lut3d=file={LUT_FILE}:interp=tetrahedral", to_yuv, bars, *turns]
    if _converts_samples(track):
        input_colour = "" if is_rgb(track) else f":in_color_matrix={_scale_matrix(track)}:in_range={_range(track)}"
        flags = "flags=bicubic+accurate_rnd+full_chroma_int"
        return [f"{scale}{input_colour}:out_color_matrix=bt709:out_range=tv:{flags}", "format=yuv420p", bars, *turns]
    # Scale even if the size is already right, because it may change in mid-stream. Frames of the right size pass unchanged.
    return [*_tag_colour(track), scale, "format=yuv420p", bars, *turns]


def _fit(size: tuple[int, int]) -> tuple[str, str]:
    """Returns (filter that scales a frame to fit into this size, filter that pads the rest with black).

    Aspect ratios that differ only by rounding to even numbers get no bars. Sizes stay even, because chroma has half the resolution.
    """
    width, height = size
    aspect = f"{width}/{height}"
    is_alike = f"lt(abs(dar/({aspect})-1)\\,{_MAX_ROUNDING})"
    is_narrower = f"lt(dar\\,{aspect})"
    own_width = f"if({is_alike}+not({is_narrower})\\,{width}\\,max(2\\,2*round({height}*dar/2)))"
    own_height = f"if({is_alike}+{is_narrower}\\,{height}\\,max(2\\,2*round({width}/dar/2)))"
    return f"scale=w={own_width}:h={own_height}", f"pad={width}:{height}:-1:-1"


def _scale_matrix(track: VideoTrack) -> str:
    matrix = track.colour_matrix or ("bt2020nc" if track.colour_primaries == "bt2020" else "bt709")
    return _SCALE_MATRICES.get(matrix, matrix if matrix in _KEPT_MATRICES else "bt709")


def _range(track: VideoTrack) -> str:
    return "pc" if is_full_range(track) else "tv"


def _tag_colour(track: VideoTrack) -> list[str]:
    colour = output_colour(track)
    return [f"setparams=range=tv:color_primaries={colour.primaries}:color_trc={colour.transfer}:colorspace={colour.matrix}"]


def _delete_side_data() -> list[str]:
    return [f"sidedata=mode=delete:type={kind}" for kind in _STALE_SIDE_DATA]


def _scale_to_rung(rung: Rung, larger: Rung) -> list[str]:
    if (rung.width, rung.height) == (larger.width, larger.height):
        return []
    return [f"scale={rung.width}:{rung.height}", "setsar=1"]
