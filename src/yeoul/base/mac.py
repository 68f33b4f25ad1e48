"""Message authentication codes: HMAC-SHA256 over text fields and a context, so that a code for one purpose is never valid for another.

If a code expires, its expiry is one of its fields.
"""

from __future__ import annotations

import hashlib
import hmac

DIGITS = 64  # length of a full code in hex


class Mac:
    """Makes and checks codes for one purpose. separator: joins the fields, and must not occur in them; digits: length of the codes."""

    def __init__(self, secret: bytes, context: str, *, separator: str = "\n", digits: int = DIGITS) -> None:
        self._secret = secret
        self._context = context
        self._separator = separator
        self._digits = digits

    def make(self, *fields: str) -> str:
        """Returns the code of these fields in lower-case hex."""
        message = self._separator.join((self._context, *fields)).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()[: self._digits]

    def is_valid(self, code: str, *fields: str) -> bool:
        """True if the code belongs to these fields. The comparison takes constant time."""
        # compare_digest raises on text that is not ASCII, which an attacker may send, so bytes are compared.
        return hmac.compare_digest(self.make(*fields).encode(), code.encode(errors="replace"))
