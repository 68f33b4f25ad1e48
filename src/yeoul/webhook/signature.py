"""Signatures of deliveries. Each webhook's secret is derived from the server secret, so the database does not store it."""

from __future__ import annotations

import hashlib
import hmac

from yeoul.base.mac import Mac

HEADER = "Yeoul-Signature"
_CONTEXT = "yeoul-webhook-1"


def make_secret(server_secret: bytes, webhook_id: str) -> str:
    """Returns the secret that signs a webhook's deliveries. Its owner sees it once."""
    return "whsec_" + Mac(server_secret, _CONTEXT).make(webhook_id)


def sign(secret: str, body: bytes, at_s: int) -> str:
    """Returns `t=<unix time>,v1=<hex HMAC-SHA256 of "t.body">`. The signature includes the time to prevent replay attacks."""
    signed = str(at_s).encode() + b"." + body
    return f"t={at_s},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
