"""The poster of a whole video, by the pipeline's own ops: what a film that opens black is shown by, and what other films keep."""

from __future__ import annotations

import hashlib
import io
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from yeoul.base.clock import SystemClock
from yeoul.blob.memory import MemoryStore
from yeoul.blob.store import Bucket
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.ladder import make_ladder
from yeoul.model.piece import LandedPiece, Piece
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.ops.registry import BUILT_IN
from yeoul.pipeline.ops.runner import OpRunner
from yeoul.pipeline.task.data import NeedOutput, Output, TaskInput


class Film:
    """A file whose pieces have landed and whose lowest rung has tiles; each op runs in a folder of its own."""

    def __init__(self, file: Path, folder: Path) -> None:
        self.store = MemoryStore(SystemClock())
        self._folder, self._attempts = folder, 0
        self._plan = plan_split(file, Limits())
        self._pieces = tuple(self._land(piece, path) for piece, path in cut_pieces(file, self._plan, folder))

    def _land(self, piece: Piece, path: Path) -> LandedPiece:
        data = path.read_bytes()
        key = f"video/{piece.index}"
        self.store.put_bytes(Bucket.ORIGINAL, key, data)
        return LandedPiece(piece=piece, key=key, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())

    def run(self, name: str, **more: Any) -> Output:
        self._attempts += 1
        scratch = self._folder / f"attempt-{self._attempts}"
        scratch.mkdir()
        runner = OpRunner(BUILT_IN)
        context = Context(self.store, scratch, Limits(), f"video/{self._attempts}/", "video", 6.0, lambda _: None, runner.run)
        source = self._plan.source
        task = TaskInput(video_id="video", source=source, ladder=make_ladder(source), pieces=self._pieces, **more)
        return runner.run(name, context, task)

    def tiles(self) -> list[NeedOutput]:
        needs: list[NeedOutput] = []
        for landed in self._pieces:
            index = landed.piece.index
            encoded = self.run("encode", piece=landed, parameters={"rungs": "lowest"}).model_dump(mode="json")
            made = self.run("tiles", needs=(NeedOutput(stage="encode_low", op="encode", piece=index, outputs=encoded),))
            needs.append(NeedOutput(stage="tiles", op="tiles", piece=index, outputs=made.model_dump(mode="json")))
        return needs

    def posters(self) -> tuple[Output, Output]:
        """The early one and what comes of it when all tiles are there."""
        early = self.run("poster")
        return early, self.again(early)

    def again(self, early: Output | None) -> Output:
        before = NeedOutput(stage="poster", op="poster", piece=None, outputs=early.model_dump(mode="json") if early else None)
        return self.run("better_poster", needs=(before, *self.tiles()))

    def brightness(self, output: Output) -> NDArray[np.float64]:
        assert output.poster_key is not None
        jpeg = self.store.get_bytes(Bucket.ENCODED, output.poster_key)
        return np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"), float)


def make(target: Path, graph: str) -> Path:
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-f", "lavfi", "-i", graph, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25"]
    subprocess.run([*words, "-pix_fmt", "yuv420p", str(target)], check=True)
    return target


def opening(seconds: float, colour: str = "black") -> str:
    return f"color={colour}:s=320x240:r=25:d={seconds}[a];testsrc2=s=320x240:r=25:d=6[b];[a][b]concat"


@pytest.mark.parametrize("colour", ["black", "gray", "white"])
def test_a_film_that_opens_flat_gets_its_poster_from_a_later_piece(colour: str, tmp_path: Path) -> None:
    film = Film(make(tmp_path / "film.mp4", opening(8, colour)), tmp_path)
    early, late = film.posters()
    assert film.brightness(early).std() < 2
    assert film.brightness(late).std() > 40 and 40 < film.brightness(late).mean() < 220
    assert film.brightness(late).shape == (240, 320)


def test_any_other_film_keeps_its_first_poster(media_dir: Path, tmp_path: Path) -> None:
    film = Film(media_dir / "rabbit-480p-8s.mp4", tmp_path)
    early, late = film.posters()
    assert film.brightness(early).std() > 10
    assert late.poster_key is None


def test_a_film_that_is_black_throughout_keeps_its_black_poster(tmp_path: Path) -> None:
    film = Film(make(tmp_path / "film.mp4", "color=black:s=320x240:r=25:d=8"), tmp_path)
    early, late = film.posters()
    assert early.poster_key is not None and late.poster_key is None


def test_a_poster_that_failed_is_made_from_the_tiles(tmp_path: Path) -> None:
    film = Film(make(tmp_path / "film.mp4", opening(2)), tmp_path)
    assert film.brightness(film.again(None)).std() > 40


@pytest.mark.parametrize("colour", ["white", "black"])
def test_a_poster_out_of_a_fade_gives_way_to_one_of_full_contrast(colour: str, tmp_path: Path) -> None:
    film = Film(make(tmp_path / "film.mp4", f"testsrc2=s=320x240:r=25:d=12,fade=in:st=0:d=4:color={colour}"), tmp_path)
    early, late = film.posters()
    assert film.brightness(late).std() > 1.5 * film.brightness(early).std()
