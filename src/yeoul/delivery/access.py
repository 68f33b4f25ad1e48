"""Stream tokens: "public" for public and unlisted videos, a signed token with an expiry for private ones.

The token is the first path segment of a stream's URL, so that relative URLs in playlists keep it and an edge can check it.
"""

from __future__ import annotations

import re

from yeoul.base.errors import SignatureError
from yeoul.base.mac import Mac
from yeoul.model.video import Visibility

PUBLIC = "public"
_TTL_S = 12 * 3600
_CONTEXT = "yeoul-stream-1"
_DIGITS = 40


class StreamAccess:
    """Makes and checks stream tokens `expiry-signature`, where the signature is HMAC-SHA256 over video id and expiry."""

    def __init__(self, secret: bytes) -> None:
        self._mac = Mac(secret, _CONTEXT, digits=_DIGITS)

    def make_token(self, video_id: str, visibility: str, now_s: float) -> str:
        """Returns a token for a video. The caller has already checked that the viewer may watch it."""
        if visibility != Visibility.PRIVATE.value:
            return PUBLIC
        expires = int(now_s) + _TTL_S
        return f"{expires}-{self._mac.make(video_id, str(expires))}"

    def check(self, token: str, video_id: str, visibility: str, now_s: float) -> None:
        """Raises SignatureError if the token is not valid for this video now."""
        if visibility != Visibility.PRIVATE.value and token == PUBLIC:
            return
        expires, _, signature = token.partition("-")
        if not re.fullmatch(r"[1-9][0-9]{0,11}", expires, re.ASCII) or not self._mac.is_valid(signature, video_id, expires):
            raise SignatureError("this URL does not give access to the video")
        if now_s >= int(expires):
            raise SignatureError("this URL has expired; reload the page", expired_s=int(expires))
