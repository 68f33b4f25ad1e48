"""Message authentication codes: HMAC-SHA256 over fields of text, with a context, so that a code made for one purpose never fits another.

A code that expires has its expiry among its fields.
"""

from __future__ import annotations

import hashlib
import hmac

DIGITS = 64  # of a whole code


class Mac:
    """Makes and checks codes of one purpose. separator: what stands between fields; it must not occur in them."""

    def __init__(self, secret: bytes, context: str, *, separator: str = "\n", digits: int = DIGITS) -> None:
        self._secret = secret
        self._context = context
        self._separator = separator
        self._digits = digits

    def make(self, *fields: str) -> str:
        """Returns the code of these fields, in lower-case hex."""
        message = self._separator.join((self._context, *fields)).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[: self._digits]

    def fits(self, code: str, *fields: str) -> bool:
        """True if the code was made of these fields. Takes the same time for every wrong code."""
        # As bytes: compare_digest refuses text that is not ASCII, and a forger may send it.
        return hmac.compare_digest(self.make(*fields).encode(), code.encode(errors="replace"))
