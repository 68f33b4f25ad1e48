"""Audio: encodes the sound of pieces, and of additional audio tracks, as gapless CMAF segments."""

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
from yeoul.media.audio.track import convert_if_needed, cut_audio_track, plan_audio_track
from yeoul.media.source.window import trim
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import MAIN_AUDIO, SURROUND, Rendition
from yeoul.model.sound import LandedSound
from yeoul.model.source import AudioTrack, Source
from yeoul.pipeline.ops.context import Context, check_sha256
from yeoul.pipeline.ops.encode import store_segment
from yeoul.pipeline.task.data import Gain, Sound, Track, Window
from yeoul.pipeline.task.op import op

# The encoder uses constant quality. Measured peaks stayed below these rates.
_DECLARED_BPS = {1: 256_000, 2: 256_000, SURROUND_CHANNELS: 768_000}


@op(version="3", publishes=True)
def audio(context: Context, piece: LandedPiece, source: Source, window: Window | None = None, gain: Gain | None = None) -> Sound:
    """Returns the track "audio" with one segment, and also "audio-surround" in 5.1 if the source has at least six channels.

    Returns no tracks if the piece is too short to own an audio frame. Raises PieceMismatchError if the source has no sound.
    """
    if source.audio is None:
        raise PieceMismatchError("the op audio needs a source with sound")
    file = context.fetch_piece(piece)
    return Sound(tracks=tuple(_make_tracks(context, MAIN_AUDIO, file, piece.piece, source, source.audio, window, gain)))


@op(version="2", publishes=True)
def audio_track(
    context: Context,
    track: LandedSound,
    pieces: list[LandedPiece],
    source: Source,
    window: Window | None = None,
    gain: Gain | None = None,
) -> Sound:
    """Returns an additional audio track with one segment for each piece, and also in 5.1 if it has at least six channels.

    If the track is shorter than the video, silence fills the rest. Raises MediaError if the file cannot be used.
    """
    file = context.fetch(Bucket(track.bucket), track.key)
    check_sha256(file, track.sha256, track.key)
    file, sound = convert_if_needed(file, track.sound, context.scratch, context.limits)
    plan = plan_audio_track(file, sound, [landed.piece for landed in pieces], source, context.limits)
    folder = context.scratch / "pieces"
    folder.mkdir()
    tracks: dict[str, Track] = {}
    for piece, part in cut_audio_track(file, plan, folder, context.limits):
        for new in _make_tracks(context, track.name, part, piece, source, plan.track, window, gain):
            earlier = tracks.get(new.rendition.name)
            tracks[new.rendition.name] = new if earlier is None else earlier.with_values(segments=(*earlier.segments, *new.segments))
        if part is not None:
            part.unlink()
        context.progress((piece.index + 1) / len(pieces))
    return Sound(tracks=tuple(tracks.values()))


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
    """Yields one track for each rendition of a piece's sound: one that every device plays, and 5.1 if the track has it."""
    window = window or Window()
    if piece.index < window.skip:
        return
    shown, part = trim(source.with_values(audio=track), piece, window.start_s, window.skip)
    shape = None if gain is None else partial(apply_gain, gain_db=gain.gain_db)
    channels_by_name = {name: output_channels(track)}
    if track.channels >= SURROUND_CHANNELS:
        channels_by_name[f"{name}{SURROUND}"] = SURROUND_CHANNELS
    for rendition, channels in channels_by_name.items():
        out = context.scratch / f"{rendition}.m4s"
        encoded = encode_audio_piece(file, part, shown, out, context.limits, channels=channels, shape=shape)
        if encoded is None:
            return
        described = Rendition(
            name=rendition,
            kind="audio",
            codecs=encoded.codecs,
            timescale=encoded.timescale,
            init_key=context.put_init(rendition, encoded.init),
            init_size_bytes=len(encoded.init),
            channels=channels,
            sample_rate=encoded.timescale,
            language=track.language,
        )
        segment = store_segment(context, part.index, replace(encoded, name=f"{rendition}-{part.index:05d}"))
        yield Track(rendition=described, declared_bps=_DECLARED_BPS[channels], segments=(segment,))
