"""Who may stream: public and unlisted videos by the word "public", private ones by a token that is signed and expires.

The token is one path segment before everything else, so that relative addresses in playlists keep it and an edge can check it.
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
    """Makes and checks stream tokens `expiry-signature`; the signature is HMAC-SHA256 over video and expiry. A token has one spelling."""

    def __init__(self, secret: bytes) -> None:
        self._mac = Mac(secret, _CONTEXT, digits=_DIGITS)

    def make_token(self, video_id: str, visibility: str, now_s: float) -> str:
        """A token for whoever was found to be allowed."""
        if visibility != Visibility.PRIVATE.value:
            return PUBLIC
        expires = int(now_s) + _TTL_S
        return f"{expires}-{self._mac.make(video_id, str(expires))}"

    def check(self, token: str, video_id: str, visibility: str, now_s: float) -> None:
        """Raises SignatureError when the token does not open this video now."""
        if visibility != Visibility.PRIVATE.value and token == PUBLIC:
            return
        expires, _, signature = token.partition("-")
        if not re.fullmatch(r"[1-9][0-9]{0,11}", expires, re.ASCII) or not self._mac.fits(signature, video_id, expires):
            raise SignatureError("this address does not open the video")
        if now_s >= int(expires):
            raise SignatureError("this address has expired; load the page again", expired_s=int(expires))
