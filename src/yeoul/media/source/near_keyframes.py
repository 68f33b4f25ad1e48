"""Converts files with distant keyframes: decodes them once and encodes the frames without loss, with a keyframe every two seconds.

Without this, each piece of such a file would repeat a large part of it. Also converts codecs that no piece can hold (RealVideo).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from yeoul.base.errors import MediaError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, ffmpeg_input_options, run_tool, was_killed
from yeoul.media.video.encode import needs_feed
from yeoul.media.video.encoder import EVERY_TWO_SECONDS
from yeoul.media.video.filter import is_full_range, is_rgb
from yeoul.model.source import Source

# For each source container, one that stores its times exactly; coarse audio times are replaced by a count of samples.
_CONTAINERS: Final = {"mov": "nut", "mp4": "nut", "mpegts": "nut", "matroska": "matroska", "webm": "matroska", "flv": "matroska"}
_LATER_S: Final = 10
_LOSSLESS_H264: Final = frozenset(
    (
        *("yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "gray"),
        *("yuvj420p", "yuvj422p", "yuvj444p"),
    )
)
# FFV1 has no full range; without the relabelling ffmpeg would convert the values.
_RELABEL: Final = ("-vf", "scale=in_range=pc:out_range=pc,setparams=range=tv")


def add_keyframes(path: Path, source: Source, folder: Path, limits: Limits, *, needed: bool = False) -> Path | None:
    """Writes a file with the unchanged frames and audio of `path` and a keyframe every two seconds into `folder`, and returns its path.

    needed: pieces cannot hold the video as it is, so the file may be converted even if times are rounded to milliseconds. Returns None
    if the file must be cut as it is: its container is not supported, the video is interlaced or needs another decoder, or ffmpeg fails or
    reaches the limits. The new file lacks the metadata that `flac_audio.restore_metadata` restores. Raises MediaToolError if ffmpeg is
    killed: the pieces must not depend on that.
    """
    container = _CONTAINERS.get(source.container, "matroska" if needed else None)
    if container is None or source.video.interlaced or needs_feed(source):
        return None
    output = folder / f"near-keys.{container}"
    time_base = source.video.time_base
    # Lossless H.264 needs a tenth of the size of FFV1 for recordings of screens, but does not support all pixel formats.
    fits_h264 = source.video.pix_fmt in _LOSSLESS_H264
    codec_options = ("libx264", "-preset", "ultrafast", "-qp", "0", "-g", "100000") if fits_h264 else ("ffv1", "-level", "3", "-g", "1")
    relabel = _RELABEL if not fits_h264 and is_full_range(source.video) and not is_rgb(source.video) else ()
    # In such containers the audio is often of a codec that no piece can hold, either.
    audio_codec = "flac" if needed else "copy"
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-threads", "1", "-copyts", "-noautorotate", *ffmpeg_input_options(limits)]
    command += ["-i", f"file:{path}", "-map", "0:v:0", *(("-map", "0:a:0", "-c:a", audio_codec) if source.audio is not None else ())]
    command += ["-fps_mode", "passthrough", "-enc_time_base", f"{time_base.num}/{time_base.den}", *relabel, "-c:v", *codec_options]
    command += ["-force_key_frames", EVERY_TWO_SECONDS, "-map_metadata", "-1"]
    # Audio priming has times below zero, which NUT cannot store.
    command += ["-avoid_negative_ts", "disabled", "-output_ts_offset", str(_LATER_S)]
    try:
        run_tool([*command, "-fflags", "+bitexact", "-f", container, str(output)], limits=limits, cwd=folder)
    except MediaError as error:  # the split of the unconverted file will report the problem
        output.unlink(missing_ok=True)
        if was_killed(error):
            raise
        return None
    return output
