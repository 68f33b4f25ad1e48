"""Presigned S3 URLs with signed headers: AWS Signature Version 4, "Authenticating Requests: Using Query Parameters". Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_MAX_EXPIRY_S = 7 * 86400  # the specification's limit for X-Amz-Expires


@dataclass(frozen=True)
class Credentials:
    """An S3 key pair and its region."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str


@dataclass(frozen=True)
class Window:
    """The time in which a URL is valid: `expiry_s` seconds from `signed_at_s`."""

    signed_at_s: int
    expiry_s: int

    @classmethod
    def until(cls, expires_at_s: float, now_s: float) -> Window:
        """Returns the window from now until `expires_at_s`, at most seven days; a window in the past if that time has passed."""
        signed_at_s = min(int(now_s), int(expires_at_s) - 1)
        return cls(signed_at_s, min(int(expires_at_s) - signed_at_s, _MAX_EXPIRY_S))

    def stamp(self) -> str:
        return datetime.fromtimestamp(self.signed_at_s, UTC).strftime("%Y%m%dT%H%M%SZ")


def presign(credentials: Credentials, method: str, url: str, headers: Mapping[str, str], window: Window) -> str:
    """Returns the URL with its signature. The request must carry exactly these headers and Host.

    url: scheme://host/path with an unescaped path and no query. The payload is "UNSIGNED-PAYLOAD"; a signed x-amz-checksum-sha256 header
    protects the body instead.
    """
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    signed = dict(sorted({"host": host, **{name.lower(): value.strip() for name, value in headers.items()}}.items()))
    scope = f"{window.stamp()[:8]}/{credentials.region}/s3/aws4_request"
    query = _query(credentials, scope, window, ";".join(signed))
    canonical_headers = "".join(f"{name}:{value}\n" for name, value in signed.items())
    escaped_path = "/" + quote(path, safe="/-_.~")
    request = "\n".join((method, escaped_path, query, canonical_headers, ";".join(signed), "UNSIGNED-PAYLOAD"))
    to_sign = "\n".join((_ALGORITHM, window.stamp(), scope, hashlib.sha256(request.encode()).hexdigest()))
    signature = _mac(_signing_key(credentials, window.stamp()[:8]), to_sign).hex()
    return f"{scheme}://{host}{escaped_path}?{query}&X-Amz-Signature={signature}"


def _query(credentials: Credentials, scope: str, window: Window, signed_headers: str) -> str:
    """Returns the canonical query string: escaped, and sorted by name (the dictionary is in that order)."""
    fields = {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{credentials.access_key}/{scope}",
        "X-Amz-Date": window.stamp(),
        "X-Amz-Expires": str(window.expiry_s),
        "X-Amz-SignedHeaders": signed_headers,
    }
    return "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in fields.items())


def _signing_key(credentials: Credentials, day: str) -> bytes:
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (day, credentials.region, "s3", "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
