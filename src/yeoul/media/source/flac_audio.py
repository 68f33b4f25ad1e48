"""Converts audio that no piece can hold (Windows Media, PCM of Blu-ray) to FLAC, and copies the video unchanged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from av.audio.stream import AudioStream

from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, ffmpeg_input_options, max_demuxed_bytes, run_tool
from yeoul.media.source.piece_file import can_keep
from yeoul.media.source.probe import claimed_duration_s, find_audio, find_video
from yeoul.media.source.truncation import open_whole
from yeoul.model.source import Source

_DEEP_FORMATS: Final = ("s32", "s32p", "flt", "fltp", "dbl", "dblp")
_MAX_SAMPLE_BYTES: Final = 4
_TIME_NOTICES: Final = ("picture_held", "times_repaired")
_LOSSLESS: Final = ("pcm_", "wmalossless")


def convert_audio(path: Path, folder: Path, limits: Limits) -> Path | None:
    """Writes a file with the video of `path` and its audio as FLAC into `folder`, and returns its path.

    Returns None if pieces can hold the audio of `path`, or cannot hold its video. The new file may be as large as three times `path` (or
    64 MiB, if that is more) plus the audio as PCM. NUT cannot store captions, chapters, languages, rotation and colour;
    `restore_metadata` restores them.
    Raises UnreadableError, TruncatedError, NoVideoError and UnsupportedCodecError as `probe` does, and what `run_tool` raises.
    """
    with open_whole(path, limits) as container:
        video, audio = find_video(container), find_audio(container)
        if audio is None or can_keep([audio]) or not can_keep([video]):
            return None
        codec = audio.codec_context
        options = flac_options(audio)
        mapping = ("-map", f"0:{video.index}", "-map", f"0:{audio.index}")
        pcm_bytes = int(
            min(claimed_duration_s(container, video), limits.max_duration_s) * codec.sample_rate * codec.channels * _MAX_SAMPLE_BYTES
        )
    max_bytes = min(limits.max_output_bytes, max_demuxed_bytes(path.stat().st_size) + pcm_bytes)
    output = folder / "kept.nut"
    # genpts: NUT needs presentation times, which AVI lacks.
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-fflags", "+genpts", *ffmpeg_input_options(limits), "-i", f"file:{path}"]
    command += [*mapping, "-c:v", "copy", *options]
    command += ["-map_metadata", "-1", "-fflags", "+bitexact", "-f", "nut", str(output)]
    run_tool(command, limits=replace(limits, max_output_bytes=max_bytes), cwd=folder)
    return output


def flac_options(stream: AudioStream) -> list[str]:
    """Returns the ffmpeg options that convert a stream to FLAC; lossy codecs get 16 bits, as they do not hold more."""
    codec = stream.codec_context
    is_deep = codec.format.name in _DEEP_FORMATS and codec.codec.canonical_name.startswith(_LOSSLESS)
    return ["-c:a", "flac", "-frame_size", "1024", "-sample_fmt", "s32" if is_deep else "s16", "-threads", "1"]


def restore_metadata(source: Source, original: Source) -> Source:
    """Returns the source of a converted file, with the metadata of video, audio, captions and chapters that only the original has.

    source: from `plan_split` of the converted file. original: from `probe` of the original.
    """
    converted = source.video
    video = original.video.with_values(time_base=converted.time_base, frame_rate=converted.frame_rate, frames=converted.frames)
    audio = source.audio
    if audio is not None and original.audio is not None:
        audio = audio.with_values(language=original.audio.language, title=original.audio.title, role=original.audio.role)
    notices = (*original.notices, *(notice for notice in source.notices if notice.code in _TIME_NOTICES))
    return original.with_values(duration_s=source.duration_s, start_pts=source.start_pts, video=video, audio=audio, notices=notices)
