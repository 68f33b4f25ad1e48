"""Converts sound that no piece can hold (Windows Media, PCM of Blu-ray) to FLAC, and copies the pictures unchanged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from av.audio.stream import AudioStream

from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, ffmpeg_input_options, most_copied_bytes, run_tool
from yeoul.media.source.piece_file import can_keep
from yeoul.media.source.probe import claimed_duration_s, find_audio, find_video
from yeoul.media.source.truncation import open_whole
from yeoul.model.source import Source

_DEEP: Final = ("s32", "s32p", "flt", "fltp", "dbl", "dblp")
_DEPTH_BYTES: Final = 4
_OF_TIMES: Final = ("picture_held", "times_repaired")
_LOSSLESS: Final = ("pcm_", "wmalossless")


def with_kept_sound(path: Path, folder: Path, limits: Limits) -> Path | None:
    """Returns a file in `folder` with the pictures of `path` and its sound as FLAC; None where pieces can hold the sound of `path`.

    The new file may be three times as large as `path` (or 64 MiB), and larger by the sound as PCM for as long as `path` says it lasts.
    It lacks what NUT has no place for: captions, chapters, languages, rotation and colour. See `with_what_is_told`.
    Raises UnreadableError, TruncatedError, NoVideoError and UnsupportedCodecError as `probe` does, and what `run_tool` raises.
    """
    with open_whole(path, limits) as container:
        video, audio = find_video(container), find_audio(container)
        if audio is None or can_keep([audio]) or not can_keep([video]):
            return None
        codec = audio.codec_context
        options = flac_options(audio)
        chosen = ("-map", f"0:{video.index}", "-map", f"0:{audio.index}")
        pcm_bytes = int(
            min(claimed_duration_s(container, video), limits.max_duration_s) * codec.sample_rate * codec.channels * _DEPTH_BYTES
        )
    most_bytes = min(limits.max_output_bytes, most_copied_bytes(path.stat().st_size) + pcm_bytes)
    made = folder / "kept.nut"
    # Pictures without a time of showing (AVI) get one, which NUT needs.
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-fflags", "+genpts", *ffmpeg_input_options(limits), "-i", f"file:{path}"]
    words += [*chosen, "-c:v", "copy", *options]
    words += ["-map_metadata", "-1", "-fflags", "+bitexact", "-f", "nut", str(made)]
    run_tool(words, limits=replace(limits, max_output_bytes=most_bytes), cwd=folder)
    return made


def flac_options(stream: AudioStream) -> list[str]:
    """Returns ffmpeg's options that keep a stream as FLAC; what was compressed with loss has no more than 16 bits that count."""
    codec = stream.codec_context
    is_deep = codec.format.name in _DEEP and codec.codec.canonical_name.startswith(_LOSSLESS)
    return ["-c:a", "flac", "-frame_size", "1024", "-sample_fmt", "s32" if is_deep else "s16", "-threads", "1"]


def with_what_is_told(source: Source, told: Source) -> Source:
    """Returns the source of a converted file with what only the original tells of its pictures, sound, captions and chapters.

    source: as `plan_split` found it in the converted file; told: as `probe` found it in the original.
    """
    own = source.video
    video = told.video.with_values(time_base=own.time_base, frame_rate=own.frame_rate, frames=own.frames)
    audio = source.audio
    if audio is not None and told.audio is not None:
        audio = audio.with_values(language=told.audio.language, title=told.audio.title, role=told.audio.role)
    notices = (*told.notices, *(notice for notice in source.notices if notice.code in _OF_TIMES))
    return told.with_values(duration_s=source.duration_s, start_pts=source.start_pts, video=video, audio=audio, notices=notices)
