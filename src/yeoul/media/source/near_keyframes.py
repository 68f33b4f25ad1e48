"""Converts files whose keyframes are far apart: decodes them once and keeps the pictures without loss, with a keyframe every two seconds.

Pieces of such a file would each repeat a large part of it. Files of codecs that no piece can hold (RealVideo) are converted, too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from yeoul.base.errors import MediaError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, ffmpeg_input_options, run_tool
from yeoul.media.video.encode import needs_feed
from yeoul.media.video.encoder import EVERY_TWO_SECONDS
from yeoul.media.video.filter import is_full_range, is_rgb
from yeoul.model.source import Source

# Containers that keep the times of these exactly; of sound, too, which is counted where they are coarse.
_CONTAINERS: Final = {"mov": "nut", "mp4": "nut", "mpegts": "nut", "matroska": "matroska", "webm": "matroska", "flv": "matroska"}
_LATER_S: Final = 10
_LOSSLESS_H264: Final = frozenset(
    (
        *("yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "gray"),
        *("yuvj420p", "yuvj422p", "yuvj444p"),
    )
)
# FFV1 does not know of full range, and ffmpeg would convert the values for it.
_RELABEL: Final = ("-vf", "scale=in_range=pc:out_range=pc,setparams=range=tv")


def with_near_keys(path: Path, source: Source, folder: Path, limits: Limits, *, needed: bool = False) -> Path | None:
    """Returns a file in `folder` with the pictures and the sound of `path`, unchanged, and a keyframe every two seconds.

    needed: pieces cannot hold the pictures as they are, so that their times may be rounded to milliseconds. None where another way is
    cheaper or the only one: fields would be lost, another decoder is needed, or it does not fit into the limits. The new file lacks what
    `kept_sound.with_what_is_told` brings back.
    """
    container = _CONTAINERS.get(source.container, "matroska" if needed else None)
    if container is None or source.video.interlaced or needs_feed(source):
        return None
    made = folder / f"near-keys.{container}"
    base = source.video.time_base
    # H.264 without loss takes a tenth of FFV1 where little moves, as on screens; but it does not know all pixel formats.
    is_known = source.video.pix_fmt in _LOSSLESS_H264
    coding = ("libx264", "-preset", "ultrafast", "-qp", "0", "-g", "100000") if is_known else ("ffv1", "-level", "3", "-g", "1")
    relabel = _RELABEL if not is_known and is_full_range(source.video) and not is_rgb(source.video) else ()
    # Sound of such containers may be of a kind that no piece holds, either.
    sound = "flac" if needed else "copy"
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-threads", "1", "-copyts", "-noautorotate", *ffmpeg_input_options(limits)]
    words += ["-i", f"file:{path}", "-map", "0:v:0", *(("-map", "0:a:0", "-c:a", sound) if source.audio is not None else ())]
    words += ["-fps_mode", "passthrough", "-enc_time_base", f"{base.num}/{base.den}", *relabel, "-c:v", *coding]
    words += ["-force_key_frames", EVERY_TWO_SECONDS, "-map_metadata", "-1"]
    # What an encoder was primed with stands before zero, where NUT knows no times.
    words += ["-avoid_negative_ts", "disabled", "-output_ts_offset", str(_LATER_S)]
    try:
        run_tool([*words, "-fflags", "+bitexact", "-f", container, str(made)], limits=limits, cwd=folder)
    except MediaError:  # what is wrong with the file is told by who cuts it as it is
        made.unlink(missing_ok=True)
        return None
    return made
