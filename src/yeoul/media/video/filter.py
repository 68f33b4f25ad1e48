"""The filter graph of a piece: from its coded frames to upright, square-pixel, 8-bit SDR pictures of each rung; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yeoul.media.video.timescale import rendition_timescale
from yeoul.model.colour import Matrix, Primaries, Transfer
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source, VideoTrack

LUT_FILE = "sdr.cube"  # in the folder that ffmpeg runs in, made by `tonemap.make_lut`
_TURNS = {0: (), 90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
# Matrices that every player knows; samples in them stay as they are and are tagged.
_KEPT_MATRICES = ("bt709", "smpte170m", "bt470bg")
# What the scale filter calls the others.
_SCALE_MATRICES = {"bt2020nc": "bt2020", "bt2020c": "bt2020", "smpte240m": "smpte240m", "fcc": "fcc"}
# What frames carry of the source's own picture. Encoders would write it beside a picture of which it is no longer true, and whether they
# do depends on the filters that a frame has passed, so that a rung made alone would have another init segment.
_UNTRUE = (
    *("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "AMBIENT_VIEWING_ENVIRONMENT", "DYNAMIC_HDR_PLUS", "DYNAMIC_HDR_VIVID"),
    *("DOVI_RPU_BUFFER", "DOVI_METADATA", "ICC_PROFILE", "FILM_GRAIN_PARAMS", "DISPLAYMATRIX", "SPHERICAL", "STEREO3D", "PANSCAN", "AFD"),
)
_ALIKE = 0.04  # how far the shapes of a picture and of a rung may be apart by rounding, as a share
_OFTEN_INTERLACED = ("mpeg1video", "mpeg2video", "dvvideo", "vc1")
_LIKE_BT709 = ("bt709", "smpte170m", "iec61966-2-1", "bt2020-10", "bt2020-12")


@dataclass(frozen=True)
class Colour:
    """What an encoded picture's values mean, in ffmpeg's names; always limited range."""

    primaries: Primaries
    transfer: Transfer
    matrix: Matrix


def output_colour(track: VideoTrack) -> Colour:
    """The colour of all rungs: the source's where players know it, else BT.709.

    What a file does not say is taken to be BT.709, also below 720 lines: untagged small files are mostly scaled from HD, and a
    guess by size would change with the rung.
    """
    if track.is_hdr or track.colour_primaries == "bt2020":
        return Colour("bt709", "bt709", "bt709")
    transfer = track.colour_transfer if track.colour_transfer in _LIKE_BT709[:3] else "bt709"
    matrix = "bt709" if _converts_samples(track) else track.colour_matrix or "bt709"
    return Colour(track.colour_primaries or "bt709", transfer or "bt709", matrix)


def needs_lut(track: VideoTrack) -> bool:
    """Whether colours go through the table of `LUT_FILE`: HDR, and SDR in BT.2020 primaries."""
    return track.is_hdr or track.colour_primaries == "bt2020"


def _converts_samples(track: VideoTrack) -> bool:
    known = track.colour_matrix is None or track.colour_matrix in _KEPT_MATRICES
    return not known or is_full_range(track) or is_rgb(track)


def is_full_range(track: VideoTrack) -> bool:
    """Whether luma fills 0 to 255 (of 8 bits) instead of 16 to 235."""
    return track.colour_range == "pc" or (track.pix_fmt or "").startswith("yuvj")


def is_rgb(track: VideoTrack) -> bool:
    """Whether decoded pictures hold red, green and blue, also by a palette."""
    return (track.pix_fmt or "").startswith(("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8", "x2rgb"))


def make_graph(piece: Piece, source: Source, rungs: Sequence[Rung]) -> str:
    """The complex filter graph with one input and outputs [o0], [o1], ... in the order of `rungs`.

    Output times are the source's less its start, in ticks of the rendition timescale. All conversions are done once, at the size of
    the largest rung; the others are scaled from that.
    """
    top = max(rungs, key=lambda rung: rung.width * rung.height)
    track = source.video
    chain = [*_cut(piece, source), *_deinterlace(track), *_shape(track), *_normalise(track, top), *_tag(track), *_strip(), "setsar=1"]
    chain.append(f"settb=1/{rendition_timescale(source)}")
    if len(rungs) == 1:
        return f"[0:v:0]{','.join(chain)}[o0]"
    splits = "".join(f"[s{index}]" for index in range(len(rungs)))
    branches = [f"[s{index}]{_branch(rung, top)}[o{index}]" for index, rung in enumerate(rungs)]
    return ";".join((f"[0:v:0]{','.join(chain)},split={len(rungs)}{splits}", *branches))


def own_times(piece: Piece, source: Source) -> tuple[int, int, int]:
    """Returns (first, end, slack): which times in a piece's file are its own, in ticks of the source's video time base.

    Own are pictures from slack before the first to slack before the end. Containers of clients round times to their own ticks:
    there, what is within a millisecond of the border stands on it.
    """
    base = source.video.time_base
    slack = 0 if piece.container == "nut" else base.den // (base.num * 1000)
    return piece.start_pts - piece.base, piece.end_pts - piece.base, slack


def _cut(piece: Piece, source: Source) -> list[str]:
    """The piece's own frames at their source times, counted from the source's zero."""
    base = source.video.time_base
    first, end, slack = own_times(piece, source)
    shift, zero = piece.base - source.start_pts, piece.start_pts - source.start_pts
    times = f"PTS+({shift})"
    if slack:
        times = f"if(lt({times}\\,{zero + slack})\\,{zero}\\,{times})"
    return [f"settb={base.num}/{base.den}", f"trim=start_pts={first - slack}:end_pts={end - slack}", f"setpts={times}"]


def _deinterlace(track: VideoTrack) -> list[str]:
    """One frame for each frame; fields of frames that are not marked as interlaced are left alone. bwdif halves the time base.

    Codecs of broadcast and tape may begin with whole pictures and go on with fields.
    """
    return ["bwdif=mode=send_frame:deint=interlaced"] if track.interlaced or track.codec in _OFTEN_INTERLACED else []


def _shape(track: VideoTrack) -> list[str]:
    """Pixels have the shape that the container gives them; where it changes in mid-stream, it changes from that."""
    if track.coded_sar is None:
        return []
    ratio = track.sar.fraction / track.coded_sar.fraction
    return [f"setsar=sar=sar*{ratio.numerator}/{ratio.denominator}:max=10000"]


def _normalise(track: VideoTrack, top: Rung) -> list[str]:
    """Scale, convert and turn: yuv420p of the top rung's size; pictures of another shape than the track's get bars."""
    size = (top.height, top.width) if track.rotation_deg in (90, 270) else (top.width, top.height)
    turns = [*(("hflip",) if track.mirrored else ()), *_TURNS[track.rotation_deg]]
    scale, bars = _fit(size)
    if needs_lut(track):
        meaning = f"in_color_matrix={_scale_matrix(track)}:in_range={_range(track)}"
        to_rgb = f"{scale}:{meaning}:flags=bicubic+accurate_rnd+full_chroma_int,format=gbrp10"
        to_yuv = "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p"
        return [to_rgb, f"lut3d=file={LUT_FILE}:interp=tetrahedral", to_yuv, bars, *turns]
    if _converts_samples(track):
        meaning = "" if is_rgb(track) else f":in_color_matrix={_scale_matrix(track)}:in_range={_range(track)}"
        flags = "flags=bicubic+accurate_rnd+full_chroma_int"
        return [f"{scale}{meaning}:out_color_matrix=bt709:out_range=tv:{flags}", "format=yuv420p", bars, *turns]
    # Also where the size is already right: it may change in mid-stream. Pictures of the right size pass through untouched.
    return [*_tag(track), scale, "format=yuv420p", bars, *turns]


def _fit(size: tuple[int, int]) -> tuple[str, str]:
    """Returns (the filter that scales a picture into this size, the filter that adds what is missing in black).

    The shapes of a picture and of the size may differ by the rounding to even numbers without bars. An odd number of missing pixels
    cannot be: chroma has half the resolution.
    """
    width, height = size
    shape = f"{width}/{height}"
    is_alike = f"lt(abs(dar/({shape})-1)\\,{_ALIKE})"
    narrower = f"lt(dar\\,{shape})"
    own_width = f"if({is_alike}+not({narrower})\\,{width}\\,max(2\\,2*round({height}*dar/2)))"
    own_height = f"if({is_alike}+{narrower}\\,{height}\\,max(2\\,2*round({width}/dar/2)))"
    return f"scale=w={own_width}:h={own_height}", f"pad={width}:{height}:-1:-1"


def _scale_matrix(track: VideoTrack) -> str:
    matrix = track.colour_matrix or ("bt2020nc" if track.colour_primaries == "bt2020" else "bt709")
    return _SCALE_MATRICES.get(matrix, matrix if matrix in _KEPT_MATRICES else "bt709")


def _range(track: VideoTrack) -> str:
    return "pc" if is_full_range(track) else "tv"


def _tag(track: VideoTrack) -> list[str]:
    colour = output_colour(track)
    return [f"setparams=range=tv:color_primaries={colour.primaries}:color_trc={colour.transfer}:colorspace={colour.matrix}"]


def _strip() -> list[str]:
    return [f"sidedata=mode=delete:type={kind}" for kind in _UNTRUE]


def _branch(rung: Rung, top: Rung) -> str:
    return "null" if (rung.width, rung.height) == (top.width, top.height) else f"scale={rung.width}:{rung.height},setsar=1"
