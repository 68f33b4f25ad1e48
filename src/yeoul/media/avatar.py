"""Pictures of people: whatever was sent is decoded and drawn anew, so that nothing of the file itself is ever served."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from yeoul.base.errors import TooLargeError, UnreadableError

SIDE = 256
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_MOST_PIXELS = 40_000_000
_QUALITY = 88


def make_avatar(data: bytes) -> bytes:
    """A square JPEG of 256 pixels, upright, cut from the middle, without any metadata; of a moving picture the first.

    Raises UnreadableError for what is no JPEG, PNG, WebP or GIF (SVG is none), TooLargeError for too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                return _draw(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooLargeError("the picture has too many pixels", max_pixels=_MOST_PIXELS) from error
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError) as error:
        raise UnreadableError("this is no picture that can be read; send a JPEG, PNG, WebP or GIF") from error


def _draw(picture: Image.Image) -> bytes:
    if picture.width * picture.height > _MOST_PIXELS:
        raise TooLargeError("the picture has too many pixels", max_pixels=_MOST_PIXELS)
    picture.draft("RGB", (SIDE * 2, SIDE * 2))  # a large JPEG is decoded small
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    square = ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.LANCZOS)
    white = Image.new("RGB", square.size, "white")
    white.paste(square, mask=square.getchannel("A"))
    out = io.BytesIO()
    white.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
