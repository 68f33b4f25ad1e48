"""The words that tell ffmpeg how to encode a rung in each codec: closed GOPs, and headers that all pieces share; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from yeoul.media.mp4.codec_string import find_vpcc
from yeoul.media.video.filter import output_colour
from yeoul.media.video.level import av1_level, h264_level, hevc_level, vp9_level
from yeoul.media.video.reorder import IDR_EVERY_S, IDR_SLACK_S, longest_ticks
from yeoul.media.video.timescale import rendition_timescale
from yeoul.model.rendition import Codec, Rung
from yeoul.model.source import Source

IDR_FILE = "idr-times"  # in the folder that ffmpeg runs in


# Counted from the last one forced, so that a long frame is not followed by a run of IDRs.
EVERY_TWO_SECONDS = f"expr:isnan(prev_forced_t)+gte(t-prev_forced_t,{IDR_EVERY_S - IDR_SLACK_S})"


def nominal_frame_rate(source: Source) -> int:
    """The frame rate that levels and stream headers are made for; constant over the pieces of a source, whatever each one's own rate."""
    return next((rate for rate in (30, 60, 120) if source.video.frame_rate <= rate * 1.02), 240)


def make_encoder_words(source: Source, rung: Rung, *, lists_idr: bool = False) -> list[str]:
    """From frame times to colours; pictures that start a fragment are forced, and no other picture does.

    lists_idr: the file `IDR_FILE` lists them; else there is one every two seconds.
    """
    colour, cap = output_colour(source.video), str(rung.maxrate_bps)
    return [
        *("-fps_mode", "passthrough", "-enc_time_base", f"1/{rendition_timescale(source)}"),
        *_ENCODERS[rung.codec](source, rung),
        *("-crf", f"{rung.crf:g}", "-maxrate", cap, "-bufsize", cap),
        *(("-/force_key_frames", IDR_FILE) if lists_idr else ("-force_key_frames", EVERY_TWO_SECONDS)),
        *("-g", "100000", "-sc_threshold", "0", "-flags", "+cgop"),
        *("-color_primaries", colour.primaries, "-color_trc", colour.transfer, "-colorspace", colour.matrix, "-color_range", "tv"),
        *(_h264_headers(source) if rung.codec == "h264" else ()),
    ]


def write_idr_times(times: Sequence[int], source: Source) -> str:
    """Returns the content of `IDR_FILE`: times in ticks as seconds, rounded down to the microseconds that ffmpeg reads."""
    scale = rendition_timescale(source)
    return ",".join("{}.{:06}".format(*divmod(time * 1_000_000 // scale, 1_000_000)) for time in times)


def finish_init(init: bytes, source: Source, rung: Rung) -> bytes:
    """The init with what ffmpeg would guess from one piece's frame rate: VP9's level, which stands in no other place."""
    if rung.codec != "vp9":
        return init
    level_at = find_vpcc(init).payload + 5
    return b"".join((init[:level_at], bytes([vp9_level(rung, nominal_frame_rate(source))]), init[level_at + 1 :]))


def _x264(source: Source, rung: Rung) -> list[str]:
    """With the source's frame rate: one guessed from the piece would depend on who cut it, and stands in the stream."""
    level = h264_level(rung, nominal_frame_rate(source))
    words = ["-c:v", "libx264", "-preset", "veryfast", "-threads", "1", "-profile:v", "high", "-level", level]
    return [*words, "-x264-params", f"b-pyramid=none:fps={_rate(source, '/')}"]


def _x265(source: Source, rung: Rung) -> list[str]:
    """Without its settings in the stream, and with the source's frame rate, for it would write one that is guessed from the piece."""
    level = hevc_level(rung, nominal_frame_rate(source))
    parameters = (
        f"pools=none:frame-threads=1:open-gop=0:b-pyramid=0:scenecut=0:info=0:log-level=error:level-idc={level}:fps={_rate(source, '/')}"
    )
    words = ["-c:v", "libx265", "-preset", "veryfast", "-profile:v", "main", "-forced-idr", "1", "-tag:v", "hvc1"]
    return [*words, "-x265-params", parameters]


def _vp9(_source: Source, rung: Rung) -> list[str]:
    """Quality as wanted, but no more bits than the cap."""
    words = ["-c:v", "libvpx-vp9", "-deadline", "good", "-cpu-used", "5", "-threads", "1", "-tile-columns", "0", "-row-mt", "0"]
    return [*words, "-profile:v", "0", "-b:v", str(rung.maxrate_bps)]


def _svt_av1(source: Source, rung: Rung) -> list[str]:
    level, rate = av1_level(rung, nominal_frame_rate(source)), _rate(source, ":fps-denom=")
    return ["-c:v", "libsvtav1", "-preset", "8", "-svtav1-params", f"lp=1:scd=0:level={level}:fps-num={rate}"]


def _rate(source: Source, between: str) -> str:
    """The source's average frame rate as numerator and denominator, as far as encoders know such rates."""
    rate = Fraction(min(max(source.video.frame_rate, 0.1), 240.0)).limit_denominator(1001)
    return f"{rate.numerator}{between}{rate.denominator}"


def _h264_headers(source: Source) -> list[str]:
    """x264 writes a rate that ffmpeg guesses from each piece; every piece must have the same headers.

    GStreamer, and WebKit with it, take this rate for how long each picture is shown, whatever the container says.
    """
    tick_rate = Fraction(2 * rendition_timescale(source), longest_ticks(source))
    return ["-bsf:v", f"h264_metadata=tick_rate={tick_rate.numerator}/{tick_rate.denominator}:fixed_frame_rate_flag=0"]


_ENCODERS: Mapping[Codec, Callable[[Source, Rung], list[str]]] = {"h264": _x264, "hevc": _x265, "vp9": _vp9, "av1": _svt_av1}
