"""Signatures against published examples and against everything a forger could change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yeoul.base.errors import SignatureError
from yeoul.blob.signature import Grant, UrlSigner, sign, upload_headers, verify
from yeoul.blob.sigv4 import Credentials, Window, presign
from yeoul.blob.store import Bucket

GRANT = Grant("PUT", Bucket.ORIGINAL, "a/b", 1_000, 5, "00" * 32)
# The access key of the examples in Amazon's "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")


def test_the_signature_of_amazon_s_example():
    window = Window(1_369_353_600, 86_400)  # 2013-05-24T00:00:00Z
    assert presign(EXAMPLE, "GET", "https://examplebucket.s3.amazonaws.com/test.txt", {}, window) == (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_the_secret_key_is_not_printed():
    assert EXAMPLE.secret_key not in repr(EXAMPLE)


@pytest.mark.parametrize(
    ("expires_at_s", "window"),
    [
        (1_060.9, Window(1_000, 60)),
        (1_000 + 30 * 86_400, Window(1_000, 7 * 86_400)),  # no more than S3 allows
        (900.0, Window(899, 1)),  # over already, and said so
    ],
)
def test_windows_end_when_told(expires_at_s: float, window: Window):
    assert Window.until(expires_at_s, 1_000.5) == window


def test_a_grant_is_what_it_was_signed_as():
    signature = sign(b"secret", GRANT)
    verify(b"secret", GRANT, signature, 999.9)
    others = [
        replace(GRANT, method="GET"),
        replace(GRANT, bucket=Bucket.TEMP),
        replace(GRANT, key="a/c"),
        replace(GRANT, expires_s=2_000),
        replace(GRANT, size_bytes=6),
        replace(GRANT, sha256_hex="11" * 32),
    ]
    for other in others:
        with pytest.raises(SignatureError):
            verify(b"secret", other, signature, 999.9)
    with pytest.raises(SignatureError):
        verify(b"another secret", GRANT, signature, 999.9)


def test_a_grant_ends_at_its_second():
    with pytest.raises(SignatureError):
        verify(b"secret", GRANT, sign(b"secret", GRANT), 1_000.0)


def test_the_form_of_local_urls():
    request = UrlSigner("https://host/", b"secret").sign_put(Bucket.ORIGINAL, "a/b", 5, "00" * 32, 1_000.7)
    assert request.url == f"https://host/blob/original/a/b?expires=1000&size=5&sha256={'00' * 32}&signature={sign(b'secret', GRANT)}"
    assert request.headers == upload_headers("00" * 32) == {"x-amz-checksum-sha256": "A" * 43 + "="}


@pytest.mark.parametrize(
    "change",
    [{"expires": "soon"}, {"expires": ""}, {"size": "x"}, {"sha256": "\udce9"}, {"signature": "\udce9"}, {"signature": ""}],
    ids=str,
)
def test_nonsense_in_a_url_is_a_bad_signature(change: dict[str, str]):
    query = {"expires": "1000", "size": "5", "sha256": "00" * 32, "signature": sign(b"secret", GRANT)}
    signer = UrlSigner("https://host", b"secret")
    assert signer.check("PUT", "original", "a/b", query, 0) == GRANT
    with pytest.raises(SignatureError):
        signer.check("PUT", "original", "a/b", {**query, **change}, 0)
    for bucket, key in (("attic", "a/b"), ("original", "a/../b"), ("original", "a/\udce9")):
        with pytest.raises(SignatureError):
            signer.check("PUT", bucket, key, query, 0)
