"""The collection of real clips, by what tests and benchmarks do with them."""

from __future__ import annotations

import os
from pathlib import Path

MEDIA = Path(os.environ.get("YEOUL_MEDIA") or Path(__file__).parents[2] / "shared" / "media")

# The longest first, so that a crowd of them ends together.
GOOD = (
    "people-noaudio-139s.mp4",
    "bunny-480p-30s.mp4",
    "cars-12fps-30s.mp4",
    "hevc-1080p-10s.mp4",
    "crystal-vp8.webm",
    "vfr-3026x1386.mp4",
    "rabbit-480p-8s.mp4",
    "phone-hevc10-editlist-rotated.mp4",
    "hdr10-av1-portrait.mp4",
    "anamorphic-sar2x1.mp4",
    "pcm-50fps.mov",
    "mpeg2-mp2.ts",
    "rotated-5.1ch.mp4",
    "mpeg4-mp3.avi",
    "square-vp9.webm",
    "with-srt-subtitles.mkv",
    "fragmented-huge-duration.mp4",
    "no-initial-keyframe.ts",
)
SILENT = ("people-noaudio-139s.mp4", "vfr-3026x1386.mp4", "anamorphic-sar2x1.mp4", "square-vp9.webm")
# Too much work for `make test`: `python -m bench clips` checks them as the tests check the others.
BIG = ("real60-720p.mp4", "long-1080p-363s.mp4")
# Too much work to do twice: the tests send them by pieces only, `python -m bench clips` both ways.
HEAVY = ("people-noaudio-139s.mp4", "bunny-480p-30s.mp4", "hevc-1080p-10s.mp4")
