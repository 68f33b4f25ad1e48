"""Split: cuts a file that was uploaded as a whole into pieces, as a client does for other uploads."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from yeoul.base.errors import NotInPiecesError
from yeoul.blob.store import Bucket
from yeoul.media.audio.track import ExtractedAudio, extract_audio_tracks
from yeoul.media.source.cover import add_cover
from yeoul.media.source.flac_audio import convert_audio, restore_metadata
from yeoul.media.source.near_keyframes import add_keyframes
from yeoul.media.source.probe import probe
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.text.extract import extract_captions
from yeoul.media.video.ladder import make_ladder
from yeoul.model.piece import LandedPiece, Piece
from yeoul.pipeline.ops.context import Context, check_sha256
from yeoul.pipeline.task.data import Caption, ExtractedTrack, Prepared, TaskInput
from yeoul.pipeline.task.op import op


@op(version="4", publishes=True)
def split(context: Context, task: TaskInput) -> Prepared:
    """Returns the source, ladder, pieces, captions and other audio tracks of a file. Raises MediaError if the file cannot be used.

    Pieces and audio tracks are stored in the `temp` bucket.
    """
    whole = _assemble(context, task)
    covered = add_cover(whole, context.scratch, context.limits) if task.cover else None
    converted = None if covered else convert_audio(whole, context.scratch, context.limits)
    path = covered or converted or whole
    try:
        plan = plan_split(path, context.limits, context.piece_s)
    except NotInPiecesError:
        converted = add_keyframes(path, probe(path, context.limits), context.scratch, context.limits, needed=True)
        if converted is None:
            raise
        path, plan = converted, plan_split(converted, context.limits, context.piece_s)
    near_keys = add_keyframes(path, plan.source, context.scratch, context.limits) if plan.is_heavy else None
    original = probe(whole, context.limits) if converted else plan.source
    if near_keys is not None:
        path, plan = near_keys, plan_split(near_keys, context.limits, context.piece_s).with_end_of(plan)
    is_converted = converted is not None or near_keys is not None
    source = (restore_metadata(plan.source, original) if is_converted else plan.source).with_values(cover=covered is not None)
    folder = context.scratch / "pieces"
    folder.mkdir()
    landed: list[LandedPiece] = []
    for piece, file in cut_pieces(path, plan, folder):
        landed.append(_store_piece(context, piece, file))
        context.progress(len(landed) / len(plan.pieces))
    zero_s = None if covered else original.start_pts * original.video.time_base.fraction
    sounds = tuple(_store_sound(context, sound) for sound in extract_audio_tracks(whole, zero_s, context.scratch, context.limits))
    texts = enumerate(extract_captions(covered or whole, original, context.limits))
    captions = tuple(Caption(name=f"text{number}", language=text.language, label=text.label, webvtt=text.webvtt) for number, text in texts)
    return Prepared(source=source, ladder=make_ladder(source, task.max_height), pieces=tuple(landed), captions=captions, sounds=sounds)


def _assemble(context: Context, task: TaskInput) -> Path:
    """Joins the uploaded parts to one file. A single part is used without a copy."""
    files: list[Path] = []
    for part in task.parts:
        file = context.fetch(Bucket.ORIGINAL, part.key)
        check_sha256(file, part.sha256, part.key)
        files.append(file)
    if len(files) == 1:
        return files[0]
    whole = context.scratch / "whole"
    with whole.open("wb") as out:
        for file in files:
            with file.open("rb") as part_file:
                shutil.copyfileobj(part_file, out, 1 << 20)
    return whole


def _store_sound(context: Context, sound: ExtractedAudio) -> ExtractedTrack:
    with sound.path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    size_bytes = sound.path.stat().st_size
    key = context.put_file(sound.path.name, sound.path, Bucket.TEMP)
    return ExtractedTrack(track=sound.track, sound=sound.sound, key=key, size_bytes=size_bytes, sha256=sha256)


def _store_piece(context: Context, piece: Piece, file: Path) -> LandedPiece:
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    size_bytes = file.stat().st_size
    key = context.put_file(f"piece-{piece.index:05d}.nut", file, Bucket.TEMP)
    return LandedPiece(piece=piece, bucket="temp", key=key, size_bytes=size_bytes, sha256=sha256)
