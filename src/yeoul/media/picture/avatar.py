"""Avatars of accounts."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

from yeoul.media.picture.uploaded import read_picture

SIDE = 256
_QUALITY = 88


def make_avatar(data: bytes) -> bytes:
    """Returns an upright square JPEG of 256 pixels from the middle of the picture, without metadata. Raises what `read_picture` raises."""
    square = ImageOps.fit(read_picture(data, SIDE), (SIDE, SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    square.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue()
