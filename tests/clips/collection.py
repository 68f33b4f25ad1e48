"""The clips by what tests and benchmarks do with them, and the folder that holds them: the real ones where they are, else their twins."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

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
# So much work that `make test-all` alone encodes them; what is in them other clips have, too.
LONG = ("people-noaudio-139s.mp4", "cars-12fps-30s.mp4", "hevc-1080p-10s.mp4", "bunny-480p-30s.mp4")
# Too much work to do twice: the tests send them by pieces only, `python -m bench clips` both ways.
HEAVY = ("people-noaudio-139s.mp4", "bunny-480p-30s.mp4", "hevc-1080p-10s.mp4")
BAD = ("audio-only-two-tracks.mp4", "bad-truncated-no-index.mp4", "bad-truncated-index-first.mp4", "bad-garbage.mp4")
ALL = (*GOOD, *BIG, *BAD)


def real_folder() -> Path:
    """Where the real clips are, or would be."""
    return Path(os.environ.get("YEOUL_MEDIA") or REPOSITORY.parent / "shared" / "media").resolve()


def has_real_clips() -> bool:
    return (real_folder() / GOOD[0]).is_file()


def find_folder() -> Path:
    """The folder with all clips. YEOUL_CLIPS=real or =twins chooses; by default the real ones where they are, else twins, made first."""
    choice = os.environ.get("YEOUL_CLIPS") or ("real" if has_real_clips() else "twins")
    if choice not in ("real", "twins"):
        raise SystemExit(f"YEOUL_CLIPS={choice}: use real or twins")
    if choice == "real":
        if not has_real_clips():
            raise SystemExit(f"YEOUL_CLIPS=real: there are no clips at {real_folder()}; set YEOUL_MEDIA")
        return real_folder()
    from tests.clips.cache import make_twins

    return make_twins()


def find_clip(name: str) -> Path:
    return find_folder() / name


if __name__ == "__main__":
    print(find_folder())
