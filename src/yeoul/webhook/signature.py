"""How a receiver knows that a message is ours. Secrets are derived, so that no table holds what signs."""

from __future__ import annotations

import hashlib
import hmac

from yeoul.base.mac import Mac

HEADER = "Yeoul-Signature"
_CONTEXT = "yeoul-webhook-1"


def make_secret(server_secret: bytes, webhook_id: str) -> str:
    """What a webhook's messages are signed with, shown to its owner once."""
    return "whsec_" + Mac(server_secret, _CONTEXT).make(webhook_id)


def sign(secret: str, body: bytes, at_s: int) -> str:
    """`t=<unix time>,v1=<hex HMAC-SHA256 of "t.body">`: the time is signed, too, so that nobody can send an old message again."""
    signed = str(at_s).encode() + b"." + body
    return f"t={at_s},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
