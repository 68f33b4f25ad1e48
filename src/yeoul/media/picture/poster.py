"""Posters that owners choose: an uploaded picture or a frame of the video, with sides of at most 1280 px."""

from __future__ import annotations

import io
from typing import cast

import av
import av.error
from PIL import Image

from yeoul.base.errors import UnreadableError
from yeoul.media.limits import make_media_error
from yeoul.media.mp4 import fragment
from yeoul.media.mp4.edit_list import get_media_time
from yeoul.media.picture.uploaded import read_picture

_MAX_SIDE = 1280
_QUALITY = 88
_SLACK_S = 0.0005  # clients send times as rounded decimals


def draw_poster(data: bytes) -> bytes:
    """Returns an uploaded picture as a JPEG. Raises what `read_picture` raises."""
    return _encode_jpeg(read_picture(data, _MAX_SIDE))


def cut_frame(init: bytes, media: bytes, time_s: float) -> bytes:
    """Returns the frame of a media segment that is shown at `time_s` of the video, as a JPEG. Raises UnreadableError."""
    timescale, delay = fragment.get_timescale(init), get_media_time(init)
    frame_number = sum((start - delay) / timescale <= time_s + _SLACK_S for start in fragment.list_pts(fragment.list_fragments(media)))
    try:
        with av.open(io.BytesIO(init + media), "r", format="mp4") as container:
            for number, frame in enumerate(container.decode(video=0), 1):
                if number >= frame_number:
                    return _encode_jpeg(cast("Image.Image", frame.to_image()))  # pyright: ignore[reportUnknownMemberType]
    except av.error.FFmpegError as error:
        raise make_media_error(error, "the segment cannot be decoded") from error
    raise UnreadableError("the segment has no frame")


def _encode_jpeg(picture: Image.Image) -> bytes:
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return out.getvalue()
