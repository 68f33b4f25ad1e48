"""Pictures of people: upright, square, without anything of the file but what is seen."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from yeoul.base.errors import TooLargeError, UnreadableError
from yeoul.media.picture.avatar import make_avatar

RED, BLUE = (255, 0, 0), (0, 0, 255)


def encode(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def two_halves(size: tuple[int, int]) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture


def drawn(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(make_avatar(data)))
    assert (picture.format, picture.size, picture.mode) == ("JPEG", (256, 256), "RGB")
    return picture


def is_near(pixel: Any, colour: tuple[int, int, int]) -> bool:
    return all(abs(found - wanted) < 40 for found, wanted in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(600, 400), (400, 2000), (16, 16)])
def test_the_middle_is_shown(form: str, size: tuple[int, int]):
    picture = drawn(encode(two_halves(size), form))
    assert is_near(picture.getpixel((20, 128)), RED) and is_near(picture.getpixel((236, 128)), BLUE)


def test_a_phone_held_upright_stays_upright_and_its_place_is_not_told():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right to see it
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    data = encode(two_halves((600, 400)), "JPEG", exif=exif, comment=b"secret")
    assert b"secret" in data
    picture = drawn(data)
    assert is_near(picture.getpixel((128, 20)), RED) and is_near(picture.getpixel((128, 236)), BLUE)
    assert not picture.getexif() and b"secret" not in make_avatar(data)


def test_what_is_transparent_is_white():
    assert is_near(drawn(encode(Image.new("RGBA", (64, 64), (0, 0, 0, 0)), "PNG")).getpixel((100, 100)), (255, 255, 255))


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>',
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        encode(two_halves((64, 64)), "JPEG")[:200],
        encode(two_halves((64, 64)), "PNG")[:120],
        encode(two_halves((64, 64)), "BMP"),
        encode(two_halves((64, 64)), "TIFF"),
    ],
)
def test_what_is_no_picture_of_a_known_kind_is_refused(data: bytes):
    with pytest.raises(UnreadableError):
        make_avatar(data)


def test_a_small_file_of_a_huge_picture_is_refused():
    data = encode(Image.new("1", (30_000, 30_000)), "PNG")
    assert len(data) < 200_000
    with pytest.raises(TooLargeError):
        make_avatar(data)
