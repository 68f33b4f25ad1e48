"""Whole streams on disk from source files, made by our media functions and writers, laid out as they are served."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from yeoul.delivery import dash, hls
from yeoul.delivery.presentation import (
    IFRAMES_NAME,
    INIT_NAME,
    MASTER_NAME,
    MEDIA_NAME,
    MPD_NAME,
    Presentation,
    Track,
    make_target_duration_s,
    segment_uri,
)
from yeoul.media.audio.encode import encode_audio_piece
from yeoul.media.audio.grid import output_channels
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.segment import EncodedSegment
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder
from yeoul.model.rendition import Rendition, Rung, Segment
from yeoul.model.source import Source


def make_source(
    path: Path, *, size: str = "640x360", rate: str = "30", duration_s: float = 16.0, has_audio: bool = True, seed: int = 1
) -> Path:
    """Makes a clip with closed GOPs of 2 s, moving picture and noise, and a tone. Returns path. Clips of other seeds differ in noise."""
    picture = f"testsrc2=s={size}:r={rate}:d={duration_s},noise=alls=8:allf=t:all_seed={seed}"
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture]
    command += ["-f", "lavfi", "-i", f"sine=f=440:r=48000:d={duration_s}"] if has_audio else []
    command += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-force_key_frames", "expr:gte(t,n_forced*2)"]
    subprocess.run([*command, "-flags", "+cgop", "-c:a", "aac", "-ac", "2", "-shortest", str(path)], check=True)
    return path


def build_stream(path: Path, folder: Path, *, rungs: Sequence[Rung] | None = None, target_s: float = 6.0) -> Presentation:
    """Split, encode and package `path` into `folder` as it is served, playlists included; rungs default to the ladder's.

    Segment keys are paths below `folder`.
    """
    limits = Limits()
    tracks: dict[str, Track] = {}
    with TemporaryDirectory(dir=folder.parent) as scratch:
        plan = plan_split(path, limits, target_s=target_s)
        ladder = tuple(rungs or make_ladder(plan.source))
        for piece, file in cut_pieces(path, plan, Path(scratch)):
            made = list(encode_piece(file, piece, plan.source, ladder, Path(scratch), limits))
            sound = encode_audio_piece(file, piece, plan.source, Path(scratch) / "audio.m4s", limits)
            for segment in [*made, *([sound] if sound is not None else [])]:
                _keep(tracks, folder, piece.index, segment, ladder, plan.source)
    presentation = Presentation(
        video_id="built", state="complete", tracks=tuple(tracks.values()), target_duration_s=make_target_duration_s(target_s)
    )
    write_playlists(presentation, folder)
    return presentation


def write_playlists(p: Presentation, folder: Path) -> None:
    """Write the lists of a presentation beside its segments; the MPD only when it is complete."""
    (folder / MASTER_NAME).write_text(hls.make_multivariant_playlist(p))
    for track in p.tracks:
        (folder / track.name / MEDIA_NAME).write_text(hls.make_media_playlist(p, track))
        if track.rendition.kind == "video":
            (folder / track.name / IFRAMES_NAME).write_text(hls.make_iframe_playlist(p, track))
    if p.state == "complete":
        (folder / MPD_NAME).write_text(dash.make_mpd(p))


def _keep(tracks: dict[str, Track], folder: Path, index: int, made: EncodedSegment, ladder: Sequence[Rung], source: Source) -> None:
    """Move a segment to where it is served and add it to its track."""
    if made.name not in tracks:
        (folder / made.name).mkdir(parents=True)
        (folder / made.name / INIT_NAME).write_bytes(made.init)
        tracks[made.name] = Track(rendition=_rendition(made, ladder, source), segments=())
    track = tracks[made.name]
    assert (folder / made.name / INIT_NAME).read_bytes() == made.init, "pieces of one rendition have different inits"
    segment = Segment(
        index=index,
        key=f"{made.name}/{index}.m4s",
        size_bytes=made.path.stat().st_size,
        start_ticks=made.start_ticks,
        duration_ticks=made.duration_ticks,
        samples=made.samples,
        i_frames=made.i_frames,
    )
    made.path.rename(folder / segment_uri(track, segment))
    tracks[made.name] = track.model_copy(update={"segments": (*track.segments, segment)})


def _rendition(made: EncodedSegment, ladder: Sequence[Rung], source: Source) -> Rendition:
    rung = next((rung for rung in ladder if rung.name == made.name), None)
    common = {"name": made.name, "codecs": made.codecs, "timescale": made.timescale, "init_key": f"{made.name}/{INIT_NAME}"}
    if rung is not None:
        return Rendition(**common, kind="video", width=rung.width, height=rung.height, frame_rate=made.frame_rate)
    assert source.audio is not None
    return Rendition(**common, kind="audio", channels=output_channels(source.audio), sample_rate=made.timescale)
