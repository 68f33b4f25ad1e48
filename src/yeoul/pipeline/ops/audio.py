"""Audio: the sound of a piece, and of the tracks beside it, as gapless CMAF segments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from yeoul.base.errors import PieceMismatchError
from yeoul.blob.store import Bucket
from yeoul.media.audio.encode import encode_audio_piece
from yeoul.media.audio.grid import SURROUND_CHANNELS, output_channels
from yeoul.media.audio.loudness import apply_gain
from yeoul.media.audio.track import cut_sound, make_keepable, plan_sound
from yeoul.media.source.window import trim
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import SURROUND, Rendition
from yeoul.model.sound import LandedSound
from yeoul.model.source import AudioTrack, Source
from yeoul.pipeline.ops.context import Context, check_sha256
from yeoul.pipeline.ops.encode import store_segment
from yeoul.pipeline.task.data import Gain, Sound, Track, Window
from yeoul.pipeline.task.op import op

NAME = "audio"
# The encoder works at constant quality; measured peaks stayed below.
_DECLARED_BPS = {1: 256_000, 2: 256_000, SURROUND_CHANNELS: 768_000}


@op(version="3", publishes=True)
def audio(context: Context, piece: LandedPiece, source: Source, window: Window | None = None, gain: Gain | None = None) -> Sound:
    """Gives the track "audio" with one segment, and "audio-surround" in 5.1 where the source has as many channels.

    Gives nothing for a piece too short to own an audio frame. Raises PieceMismatchError.
    """
    if source.audio is None:
        raise PieceMismatchError("audio works on pieces of a source with sound")
    return Sound(tracks=tuple(_make_tracks(context, NAME, context.fetch_piece(piece), piece.piece, source, source.audio, window, gain)))


@op(version="2", publishes=True)
def audio_track(
    context: Context,
    track: LandedSound,
    pieces: list[LandedPiece],
    source: Source,
    window: Window | None = None,
    gain: Gain | None = None,
) -> Sound:
    """Gives a track beside the one that the pieces hold, with a segment for each of them; in 5.1 as well, as `audio` does.

    Where its file is shorter than the video, silence follows up to the last piece. Raises MediaError when the file cannot be used.
    """
    file = context.fetch(Bucket(track.bucket), track.key)
    check_sha256(file, track.sha256, track.key)
    file, sound = make_keepable(file, track.sound, context.scratch, context.limits)
    plan = plan_sound(file, sound, [landed.piece for landed in pieces], source, context.limits)
    folder = context.scratch / "pieces"
    folder.mkdir()
    found: dict[str, Track] = {}
    for piece, part in cut_sound(file, plan, folder, context.limits):
        for made in _make_tracks(context, track.name, part, piece, source, plan.track, window, gain):
            earlier = found.get(made.rendition.name)
            found[made.rendition.name] = made if earlier is None else earlier.with_values(segments=(*earlier.segments, *made.segments))
        if part is not None:
            part.unlink()
        context.progress((piece.index + 1) / len(pieces))
    return Sound(tracks=tuple(found.values()))


def _make_tracks(
    context: Context,
    name: str,
    file: Path | None,
    piece: Piece,
    source: Source,
    track: AudioTrack,
    window: Window | None,
    gain: Gain | None,
) -> Iterator[Track]:
    """The renditions of one piece's sound: one that every device plays, and 5.1 where the track has it."""
    window = window or Window()
    if piece.index < window.skip:
        return
    shown, part = trim(source.with_values(audio=track), piece, window.start_s, window.skip)
    shape = None if gain is None else partial(apply_gain, gain_db=gain.gain_db)
    wanted = {name: output_channels(track)}
    if track.channels >= SURROUND_CHANNELS:
        wanted[f"{name}{SURROUND}"] = SURROUND_CHANNELS
    for rendition, channels in wanted.items():
        out = context.scratch / f"{rendition}.m4s"
        made = encode_audio_piece(file, part, shown, out, context.limits, channels=channels, shape=shape)
        if made is None:
            return
        described = Rendition(
            name=rendition,
            kind="audio",
            codecs=made.codecs,
            timescale=made.timescale,
            init_key=context.put_init(rendition, made.init),
            init_size_bytes=len(made.init),
            channels=channels,
            sample_rate=made.timescale,
            language=track.language,
        )
        segment = store_segment(context, part.index, replace(made, name=f"{rendition}-{part.index:05d}"))
        yield Track(rendition=described, declared_bps=_DECLARED_BPS[channels], segments=(segment,))
