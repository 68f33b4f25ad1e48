"""Two seconds of each codec in each container that ffmpeg writes, made when asked for."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path

LENGTH_S: Final = 2
_ENCODERS: Final[dict[str, str]] = {
    "h264": "libx264 -preset ultrafast -pix_fmt yuv420p",
    "hevc": "libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p",
    "vp8": "libvpx -deadline realtime",
    "vp9": "libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p",
    "av1": "libsvtav1 -preset 12 -svtav1-params lp=1 -pix_fmt yuv420p",
    "prores": "prores_ks -pix_fmt yuv422p10le",
    "dnxhd": "dnxhd -profile:v dnxhr_sq -pix_fmt yuv422p",
    "dvvideo": "dvvideo -pix_fmt yuv420p",
    "cfhd": "cfhd -pix_fmt yuv422p10le",
    "mjpeg": "mjpeg -pix_fmt yuv420p",
    "dirac": "vc2",
    "msmpeg4v3": "msmpeg4",
    "roq": "roqvideo",
    **{
        name: name
        for name in (
            *("mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v2", "wmv1", "wmv2", "flv", "h261", "h263", "h263p", "rv10", "rv20"),
            *("ffv1", "huffyuv", "utvideo", "magicyuv", "rawvideo", "qtrle", "svq1", "snow", "cinepak", "gif", "speedhq"),
        )
    },
}
CODECS: Final = tuple(_ENCODERS)
CONTAINERS: Final = (
    *("mp4", "mov", "3gp", "ismv", "matroska", "webm", "avi", "mpegts", "mpeg", "vob", "dvd", "svcd", "asf", "flv", "f4v", "ogg", "mxf"),
    *("gxf", "nut", "dv", "gif", "rm", "wtv", "ivf", "obu", "yuv4mpegpipe", "smjpeg", "mjpeg", "m4v", "h261", "h263", "h264", "hevc"),
    *("mpeg1video", "mpeg2video", "swf", "roq", "dirac"),
)
_SILENT: Final = (
    *("gif", "ivf", "obu", "yuv4mpegpipe", "mjpeg", "m4v", "h261", "h263", "h264", "hevc", "mpeg1video", "mpeg2video", "dirac", "smjpeg"),
)
# The first that the container takes.
_SOUNDS: Final = ("aac", "libmp3lame", "libopus", "pcm_s16le", "pcm_s16be")


@dataclass(frozen=True)
class Sample:
    """A file of a pair. frames: what ffmpeg decodes of it, 0 for nothing; has_sound: whether it was made with sound."""

    codec: str
    path: Path
    frames: int
    has_sound: bool


def make_samples(container: str, folder: Path) -> Iterator[Sample]:
    """A file of each codec that the container takes."""
    for codec in _ENCODERS:
        path = folder / f"{codec}.{container}"
        sounds = () if container in _SILENT else ("mp2",) if container == "wtv" else _SOUNDS  # its AAC cannot be read again
        for sound in (*sounds, None):
            if _write(container, codec, sound, path):
                yield Sample(codec, path, count_frames(path), sound is not None)
                break


def _write(container: str, codec: str, sound: str | None, path: Path) -> bool:
    size = "720x576" if codec == "dvvideo" else "176x144"
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d={LENGTH_S}"]
    if sound is not None:
        words += ["-f", "lavfi", "-i", f"sine=440:r=48000:d={LENGTH_S}", "-c:a", sound, "-ac", "2"]
    words += ["-c:v", *_ENCODERS[codec].split(), "-strict", "-2", "-g", "12", "-f", container, str(path)]
    path.unlink(missing_ok=True)
    done = subprocess.run(words, capture_output=True, check=False)
    return done.returncode == 0 and path.exists() and path.stat().st_size > 200


def count_frames(path: Path) -> int:
    """How many pictures the pinned ffmpegs decode: the one that encodes, else the one that decodes what that cannot."""
    for tool in (ffmpeg_path(), feed_ffmpeg_path()):
        words = [tool, "-v", "error", "-nostdin", "-i", str(path), "-map", "0:v:0", "-f", "framecrc", "-"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if found := sum(1 for line in done.stdout.splitlines() if line and not line.startswith("#")):
            return found
    return 0
