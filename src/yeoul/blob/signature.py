"""Presigned URLs of stores that this server serves itself: the signature covers everything that the URL allows. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from yeoul.base.errors import InvalidError, SignatureError
from yeoul.base.mac import Mac
from yeoul.blob.store import Bucket, SignedRequest, check_key

_CONTEXT = "yeoul-blob-1"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Grant:
    """What a presigned URL allows: one method on one key until `expires_s`; for PUT, exactly this size and SHA-256 (else 0 and "")."""

    method: str
    bucket: Bucket
    key: str
    expires_s: int
    size_bytes: int = 0
    sha256_hex: str = ""


def sign(secret: bytes, grant: Grant) -> str:
    """Returns the grant's signature in lower-case hex."""
    return Mac(secret, _CONTEXT).make(*_fields(grant))


def verify(secret: bytes, grant: Grant, signature: str, now_s: float) -> None:
    """Raises SignatureError if the signature does not belong to this grant, or the grant has expired."""
    if not Mac(secret, _CONTEXT).is_valid(signature, *_fields(grant)):
        raise SignatureError("the URL's signature does not match the request")
    if now_s >= grant.expires_s:
        raise SignatureError("the URL has expired", expired_s=grant.expires_s)


def _fields(grant: Grant) -> tuple[str, ...]:
    return (grant.method, grant.bucket, grant.key, str(grant.expires_s), str(grant.size_bytes), grant.sha256_hex)


def upload_headers(sha256_hex: str) -> dict[str, str]:
    """Returns the headers of every presigned PUT, here and on S3: the body's digest in S3's notation. Raises InvalidError."""
    if not _SHA256.fullmatch(sha256_hex):
        raise InvalidError("a SHA-256 is 64 lower-case hex digits", field="sha256")
    return {"x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256_hex)).decode()}


class UrlSigner:
    """Makes and checks URLs of the form `{base_url}/blob/{bucket}/{key}?expires=&size=&sha256=&signature=`."""

    def __init__(self, base_url: str, secret: bytes) -> None:
        self._base_url = base_url.rstrip("/")
        self._secret = secret

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest:
        grant = Grant("PUT", bucket, check_key(key), int(expires_at_s), size_bytes, sha256_hex)
        query = {"expires": grant.expires_s, "size": size_bytes, "sha256": sha256_hex, "signature": sign(self._secret, grant)}
        return SignedRequest("PUT", self._url(bucket, key, query), upload_headers(sha256_hex))

    def sign_get(self, bucket: Bucket, key: str, expires_at_s: float) -> SignedRequest:
        grant = Grant("GET", bucket, check_key(key), int(expires_at_s))
        query = {"expires": grant.expires_s, "signature": sign(self._secret, grant)}
        return SignedRequest("GET", self._url(bucket, key, query), {})

    def check(self, method: str, bucket: str, key: str, query: Mapping[str, str], now_s: float) -> Grant:
        """Returns what the URL allows. Raises SignatureError if the request is not the one that was signed."""
        grant = _read_grant(method, bucket, key, query)
        verify(self._secret, grant, query.get("signature", ""), now_s)
        return grant

    def _url(self, bucket: Bucket, key: str, query: Mapping[str, object]) -> str:
        return f"{self._base_url}/blob/{bucket}/{key}?{urlencode(query)}"


def _read_grant(method: str, bucket: str, key: str, query: Mapping[str, str]) -> Grant:
    try:
        expires_s, size_bytes = _read_number(query["expires"]), _read_number(query.get("size", "0"))
        grant = Grant(method, Bucket(bucket), check_key(key), expires_s, size_bytes, query.get("sha256", ""))
    except (KeyError, ValueError, InvalidError) as error:
        raise SignatureError("this server did not sign the URL") from error
    if grant.sha256_hex and not _SHA256.fullmatch(grant.sha256_hex):
        raise SignatureError("this server did not sign the URL")
    return grant


def _read_number(text: str) -> int:
    """Returns a decimal number in canonical form, unlike `int`, which accepts more spellings. Raises ValueError."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII):
        raise ValueError("not a canonical number")
    return int(text)
