"""Split: cut a whole file, uploaded in byte ranges, into pieces, as a client would have done."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from yeoul.base.errors import NotInPiecesError
from yeoul.blob.store import Bucket
from yeoul.media.audio.track import TakenSound, take_sounds
from yeoul.media.source.cover import with_cover
from yeoul.media.source.flac_sound import with_kept_sound, with_what_is_told
from yeoul.media.source.near_keyframes import with_near_keys
from yeoul.media.source.probe import probe
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.text.extract import extract_texts
from yeoul.media.video.ladder import make_ladder
from yeoul.model.piece import LandedPiece, Piece
from yeoul.pipeline.ops.context import Context, check_sha256
from yeoul.pipeline.task.data import Caption, Prepared, Taken, TaskInput
from yeoul.pipeline.task.op import op


@op(version="4", publishes=True)
def split(context: Context, task: TaskInput) -> Prepared:
    """Pieces go to the `temp` bucket. Raises MediaError when the file cannot be used."""
    whole = _assemble(context, task)
    covered = with_cover(whole, context.scratch, context.limits) if task.cover else None
    kept = None if covered else with_kept_sound(whole, context.scratch, context.limits)
    path = covered or kept or whole
    try:
        plan = plan_split(path, context.limits, context.piece_s)
    except NotInPiecesError:
        kept = with_near_keys(path, probe(path, context.limits), context.scratch, context.limits, needed=True)
        if kept is None:
            raise
        path, plan = kept, plan_split(kept, context.limits, context.piece_s)
    near = with_near_keys(path, plan.source, context.scratch, context.limits) if plan.is_heavy else None
    told = probe(whole, context.limits) if kept else plan.source
    if near is not None:
        path, plan = near, plan_split(near, context.limits, context.piece_s).ending_as(plan)
    converted = kept is not None or near is not None
    source = (with_what_is_told(plan.source, told) if converted else plan.source).with_values(cover=covered is not None)
    folder = context.scratch / "pieces"
    folder.mkdir()
    landed: list[LandedPiece] = []
    for piece, file in cut_pieces(path, plan, folder):
        landed.append(_store(context, piece, file))
        context.progress(len(landed) / len(plan.pieces))
    zero_s = None if covered else told.start_pts * told.video.time_base.fraction
    sounds = tuple(_store_sound(context, one) for one in take_sounds(whole, zero_s, context.scratch, context.limits))
    texts = enumerate(extract_texts(covered or whole, told, context.limits))
    captions = tuple(Caption(name=f"text{position}", language=one.language, label=one.label, webvtt=one.webvtt) for position, one in texts)
    return Prepared(source=source, ladder=make_ladder(source, task.max_height), pieces=tuple(landed), captions=captions, sounds=sounds)


def _assemble(context: Context, task: TaskInput) -> Path:
    """The parts as one file; a single part is used where it lies."""
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


def _store_sound(context: Context, taken: TakenSound) -> Taken:
    with taken.path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    size_bytes = taken.path.stat().st_size
    key = context.put_file(taken.path.name, taken.path, Bucket.TEMP)
    return Taken(track=taken.track, sound=taken.sound, key=key, size_bytes=size_bytes, sha256=sha256)


def _store(context: Context, piece: Piece, file: Path) -> LandedPiece:
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    size_bytes = file.stat().st_size
    key = context.put_file(f"piece-{piece.index:05d}.nut", file, Bucket.TEMP)
    return LandedPiece(piece=piece, bucket="temp", key=key, size_bytes=size_bytes, sha256=sha256)
