"""Sound that no piece can hold (Windows Media, Blu-ray's PCM) made one that can: FLAC beside the very same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, ffmpeg_input_options, run_tool
from yeoul.media.piece_file import can_keep
from yeoul.media.probe import find_audio, find_video
from yeoul.media.truncation import open_whole

_DEEP: Final = ("s32", "s32p", "flt", "fltp", "dbl", "dblp")
_LOSSLESS: Final = ("pcm_", "wmalossless")


def with_kept_sound(path: Path, folder: Path, limits: Limits) -> Path | None:
    """A file in `folder` with the pictures of `path` as they are and its sound as FLAC; None where pieces can hold the sound of `path`.

    Raises UnreadableError, TruncatedError, NoVideoError and UnsupportedCodecError as `probe` does, and what `run_tool` raises.
    """
    with open_whole(path, limits) as container:
        video, audio = find_video(container), find_audio(container)
        if audio is None or can_keep([audio]) or not can_keep([video]):
            return None
        codec = audio.codec_context
        # What was compressed with loss has no more than 16 bits that count.
        is_deep = codec.format.name in _DEEP and codec.codec.canonical_name.startswith(_LOSSLESS)
        chosen = ("-map", f"0:{video.index}", "-map", f"0:{audio.index}")
    made = folder / "kept.nut"
    # Pictures without a time of showing (AVI) get one, which NUT needs.
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-fflags", "+genpts", *ffmpeg_input_options(limits), "-i", f"file:{path}"]
    words += [*chosen, "-c:v", "copy", "-c:a", "flac", "-frame_size", "1024", "-sample_fmt", "s32" if is_deep else "s16", "-threads", "1"]
    words += ["-map_metadata", "-1", "-fflags", "+bitexact", "-f", "nut", str(made)]
    run_tool(words, limits=limits, cwd=folder)
    return made
