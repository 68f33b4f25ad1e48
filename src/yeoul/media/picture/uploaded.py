"""Uploaded pictures: decoded and encoded again, so that no bytes of the uploaded file are ever served."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from yeoul.base.errors import TooLargeError, UnreadableError

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_MAX_PIXELS = 40_000_000  # of a file; phone cameras take such pictures
_MAX_DECODED_PIXELS = 12_000_000


def read_picture(data: bytes, side: int) -> Image.Image:
    """Returns the picture in RGB, upright, with transparency on white; the first picture of an animation.

    side: the minimum length of the sides that the caller needs, in pixels; large JPEGs are decoded at a reduced size.
    Raises UnreadableError if the file is not a JPEG, PNG, WebP or GIF, and TooLargeError if it has more than 40 megapixels, or is decoded
    to more than 12.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                return _decode(picture, side)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooLargeError("the picture has too many pixels", max_pixels=_MAX_PIXELS) from error
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError) as error:
        raise UnreadableError("the picture cannot be read; upload a JPEG, PNG, WebP or GIF") from error


def _decode(picture: Image.Image, side: int) -> Image.Image:
    if picture.width * picture.height > _MAX_PIXELS:
        raise TooLargeError("the picture has too many pixels", max_pixels=_MAX_PIXELS)
    picture.draft("RGB", (side * 2, side * 2))  # decodes a large JPEG at a reduced size
    if picture.width * picture.height > _MAX_DECODED_PIXELS:
        raise TooLargeError("the picture has too many pixels", max_pixels=_MAX_DECODED_PIXELS)
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    flattened = Image.new("RGB", upright.size, "white")
    flattened.paste(upright, mask=upright.getchannel("A"))
    return flattened
