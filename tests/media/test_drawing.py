"""Pictures drawn for the API in a process of their own: the same as drawn here, and nothing that is sent there harms who asks."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tests.clips.collection import find_folder
from yeoul.base.errors import MediaToolError, TooLargeError, UnreadableError
from yeoul.media.limits import Limits
from yeoul.media.picture.avatar import make_avatar
from yeoul.media.picture.drawing import Drawing, make_environment
from yeoul.media.picture.poster import cut_frame, draw_poster
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder

DRAWING = Drawing()


def encode(width: int, height: int, form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert("RGB").save(out, form)
    return out.getvalue()


def test_pictures_are_as_those_drawn_here(tmp_path: Path):
    sent = encode(300, 200)
    assert DRAWING.make_avatar(sent) == make_avatar(sent)
    assert DRAWING.draw_poster(sent) == draw_poster(sent)
    file = find_folder() / "rabbit-480p-8s.mp4"
    plan = plan_split(file, Limits())
    piece, path = next(cut_pieces(file, plan, tmp_path))
    (made,) = encode_piece(path, piece, plan.source, make_ladder(plan.source)[-1:], tmp_path, Limits())
    assert DRAWING.cut_frame(made.init, made.path.read_bytes(), 0.5) == cut_frame(made.init, made.path.read_bytes(), 0.5)


def bomb() -> bytes:
    """A PNG that says it has 100 megapixels."""
    data = bytearray(encode(10, 10))
    data[16:24] = (10_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("sent", "error"),
    [(b"", UnreadableError), (b"GIF89a", UnreadableError), (encode(64, 64)[:200], UnreadableError), (bomb(), TooLargeError)],
)
def test_what_cannot_be_drawn_is_told_as_it_is_here(sent: bytes, error: type[Exception]):
    with pytest.raises(error):
        DRAWING.make_avatar(sent)


def test_the_drawing_process_knows_no_passwords(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("YEOUL_MAIL__SMTP_PASSWORD", "secret")
    assert not [name for name in make_environment() if name.startswith("YEOUL_")]


def test_a_segment_that_is_none_is_told(tmp_path: Path):
    with pytest.raises((UnreadableError, MediaToolError)):
        DRAWING.cut_frame(b"no init", b"no segment", 0.0)
