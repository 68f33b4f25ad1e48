"""Pictures that people send: decoded and drawn anew, so that nothing of the file itself is ever served."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from yeoul.base.errors import TooLargeError, UnreadableError

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
_MOST_PIXELS = 40_000_000  # of a file, as the camera of a phone makes it
_MOST_DECODED = 12_000_000


def read_picture(data: bytes, side: int) -> Image.Image:
    """The picture in RGB, upright, on white where it was transparent; of a moving picture the first.

    side: what its sides are needed for at least, in pixels. Raises UnreadableError for what is no JPEG, PNG, WebP or GIF (SVG is none),
    TooLargeError for more than 12 megapixels (of a JPEG that is much larger than needed, 40).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                return _draw(picture, side)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise TooLargeError("the picture has too many pixels", max_pixels=_MOST_PIXELS) from error
    except (OSError, ValueError, SyntaxError, EOFError, ArithmeticError) as error:
        raise UnreadableError("this is no picture that can be read; send a JPEG, PNG, WebP or GIF") from error


def _draw(picture: Image.Image, side: int) -> Image.Image:
    if picture.width * picture.height > _MOST_PIXELS:
        raise TooLargeError("the picture has too many pixels", max_pixels=_MOST_PIXELS)
    picture.draft("RGB", (side * 2, side * 2))  # a large JPEG is decoded small
    if picture.width * picture.height > _MOST_DECODED:
        raise TooLargeError("the picture has too many pixels", max_pixels=_MOST_DECODED)
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    white = Image.new("RGB", upright.size, "white")
    white.paste(upright, mask=upright.getchannel("A"))
    return white
