"""Posters that owners choose: a picture of their own, or a frame of the video, both at most 1280 px long."""

from __future__ import annotations

import io
from typing import cast

import av
import av.error
from PIL import Image

from yeoul.base.errors import UnreadableError
from yeoul.media.mp4 import fragment
from yeoul.media.mp4.edit_list import get_media_time
from yeoul.media.picture.uploaded import read_picture

_LONGEST = 1280
_QUALITY = 88
_SLACK_S = 0.0005  # times come as decimals


def draw_thumbnail(data: bytes) -> bytes:
    """The JPEG of a picture that was sent. Raises what `read_picture` raises."""
    return _jpeg(read_picture(data, _LONGEST))


def cut_frame(init: bytes, media: bytes, time_s: float) -> bytes:
    """The JPEG of the frame that a media segment shows at a moment of the video: the last that has begun. Raises UnreadableError."""
    timescale, delay = fragment.get_timescale(init), get_media_time(init)
    begun = sum((start - delay) / timescale <= time_s + _SLACK_S for start in fragment.list_pts(fragment.list_fragments(media)))
    try:
        with av.open(io.BytesIO(init + media), "r", format="mp4") as container:
            for number, frame in enumerate(container.decode(video=0), 1):
                if number >= begun:
                    return _jpeg(cast("Image.Image", frame.to_image()))  # pyright: ignore[reportUnknownMemberType]
    except av.error.FFmpegError as error:
        raise UnreadableError("the segment cannot be decoded", reason=error.strerror) from error
    raise UnreadableError("the segment holds no picture")


def _jpeg(picture: Image.Image) -> bytes:
    picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return out.getvalue()
