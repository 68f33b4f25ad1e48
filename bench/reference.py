"""What Yeoul is held against: one ffmpeg that makes the same rungs with the same settings in one go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from yeoul.media.binaries import ffmpeg_path
from yeoul.model.rendition import Rung


def make_reference_command(source: Path, rungs: Sequence[Rung], out: Path) -> list[str]:
    """ffmpeg's words: one decode, all rungs and one AAC, CMAF fragments, all cores (x264's own threads)."""
    heads = "".join(f"[v{index}]" for index in range(len(rungs)))
    scales = ";".join(f"[v{index}]scale={rung.width}:{rung.height}[o{index}]" for index, rung in enumerate(rungs))
    words = [
        ffmpeg_path(),
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-i",
        str(source),
        "-filter_complex",
        f"[0:v]split={len(rungs)}{heads};{scales}",
    ]
    for index, rung in enumerate(rungs):
        cap = str(rung.maxrate_bps)
        words += ["-map", f"[o{index}]", "-fps_mode", "passthrough", "-c:v", "libx264", "-preset", "veryfast", "-crf", str(rung.crf)]
        words += ["-maxrate", cap, "-bufsize", cap, "-force_key_frames", "expr:gte(t,n_forced*2)", "-sc_threshold", "0", "-flags", "+cgop"]
        words += ["-movflags", "+cmaf+frag_keyframe+empty_moov+skip_trailer", "-f", "mp4", str(out / f"{rung.name}.mp4")]
    words += ["-map", "0:a?", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+frag_keyframe+empty_moov", str(out / "audio.mp4")]
    return words
