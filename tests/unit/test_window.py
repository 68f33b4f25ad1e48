"""A window: chapters move with what is shown, and what is not shown is not sampled."""

from __future__ import annotations

from pathlib import Path

from yeoul.base.clock import ManualClock
from yeoul.blob.memory import MemoryStore
from yeoul.media.limits import Limits
from yeoul.media.video.ladder import make_ladder
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.source import Chapter, Source, TimeBase, VideoTrack
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.ops.encode import make_shown_chapters
from yeoul.pipeline.ops.per_title import sample_shown
from yeoul.pipeline.ops.runner import OpRunner
from yeoul.pipeline.task.data import Ladder, Window

VIDEO = VideoTrack(codec="h264", width=640, height=360, time_base=TimeBase(num=1, den=1000), frame_rate=25.0)
CHAPTERS = tuple(
    Chapter(start_s=start, end_s=end, title=title) for start, end, title in ((0.0, 2.0, "Dark"), (2.0, 6.0, "Talk"), (6.0, 9.0, "End"))
)
SOURCE = Source(container="mp4", duration_s=9.0, start_pts=0, video=VIDEO, chapters=CHAPTERS)


def test_chapters_move_with_the_window():
    found = make_shown_chapters(SOURCE, Window(start_s=2.5), 0)
    assert found is not None
    assert [(one.start_s, one.end_s, one.title) for one in found] == [(0.0, 3.5, "Talk"), (3.5, 6.5, "End")]


def test_chapters_are_told_once_and_only_where_they_change():
    assert make_shown_chapters(SOURCE, Window(start_s=2.5), 1) is None
    assert make_shown_chapters(SOURCE, Window(), 0) is None
    assert make_shown_chapters(SOURCE.model_copy(update={"chapters": ()}), Window(start_s=2.5), 0) is None
    assert make_shown_chapters(SOURCE, Window(start_s=8.999999), 0) == (Chapter(start_s=0.0, end_s=1e-6, title="End"),)


def test_a_piece_before_the_window_is_not_sampled(tmp_path: Path):
    """Nothing of it is fetched: the store is empty."""
    context = Context(MemoryStore(ManualClock()), tmp_path, Limits(), "a/", "video", 6.0, lambda _: None, OpRunner({}).run)
    landed = LandedPiece(piece=Piece(index=0, start_pts=0, end_pts=4000), bucket="temp", key="none", size_bytes=1, sha256="0" * 64)
    assert sample_shown(context, landed, SOURCE, Ladder(rungs=make_ladder(SOURCE)), Window(start_s=5.0, skip=1), 2.0).points == ()
