"""The store of a fleet: any S3-compatible service, path style, through obstore. This module signs URLs itself, to include headers."""

from __future__ import annotations

import http.client
import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store as ObjectStore

from yeoul.base.clock import Clock
from yeoul.base.errors import StorageError
from yeoul.blob.partial import storage_error
from yeoul.blob.signature import upload_headers
from yeoul.blob.sigv4 import Credentials, Window, presign
from yeoul.blob.store import BlobInfo, Bucket, SignedRequest, check_key, check_prefix, make_missing_error

_MULTIPART_BYTES = 64 * 2**20  # larger files use a multipart upload, which S3 requires above 5 GB
_MIN_PART_BYTES = 16 * 2**20
_MAX_PARTS = 9_000  # S3 allows 10,000
_PUT_ATTEMPTS = 4  # if concurrent PUTs of the same key overtake ours
_DELETE_BATCH = 1_000  # the limit of one DeleteObjects request


@dataclass(frozen=True)
class S3Place:
    """The location of the three buckets: `endpoint` is http(s)://host:port; the bucket names are `prefix-original` and so on."""

    endpoint: str
    prefix: str
    credentials: Credentials

    def bucket_name(self, bucket: Bucket) -> str:
        return f"{self.prefix}-{bucket}"

    def url(self, bucket: Bucket, key: str = "") -> str:
        return "/".join(filter(None, (self.endpoint.rstrip("/"), self.bucket_name(bucket), key)))


class S3Store:
    """A BlobStore on S3. Presigned PUTs include length and SHA-256, so the service refuses any other body."""

    def __init__(self, place: S3Place, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._buckets = {bucket: _open(place, bucket) for bucket in Bucket}

    def make_buckets(self) -> None:
        """Creates the buckets that do not exist yet."""
        for bucket in Bucket:
            _send_empty(self._sign("PUT", bucket, "", {"content-length": "0"}, self._clock.now() + 60))

    # --- writing ---

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        with _store_errors(bucket, check_key(key)):
            _put_with_retries(lambda: obstore.put(self._buckets[bucket], key, data, use_multipart=False))

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        size_bytes = path.stat().st_size
        part_bytes = max(_MIN_PART_BYTES, size_bytes // _MAX_PARTS)
        in_parts = size_bytes > _MULTIPART_BYTES
        with _store_errors(bucket, check_key(key)):
            _put_with_retries(
                lambda: obstore.put(self._buckets[bucket], key, path, use_multipart=in_parts, chunk_size=part_bytes, max_concurrency=4)
            )

    def copy(self, bucket: Bucket, key: str, new_key: str) -> None:
        with _store_errors(bucket, check_key(key)):
            obstore.copy(self._buckets[bucket], key, check_key(new_key))

    # --- reading ---

    def get_bytes(self, bucket: Bucket, key: str, start: int = 0, end: int | None = None) -> bytes:
        with _store_errors(bucket, check_key(key)):
            if start == 0 and end is None:
                return bytes(obstore.get(self._buckets[bucket], key).bytes())
            # S3 answers 416 for a range that would be an empty slice in Python.
            size_bytes = obstore.head(self._buckets[bucket], key)["size"]
            end = size_bytes if end is None else min(end, size_bytes)
            return bytes(obstore.get_range(self._buckets[bucket], key, start=start, end=end)) if start < end else b""

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path:
        path = scratch / bucket / check_key(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{secrets.token_hex(8)}.partial")  # concurrent fetches of one blob need separate files
        try:
            with _store_errors(bucket, key), partial.open("wb") as file:
                for chunk in obstore.get(self._buckets[bucket], key).stream():
                    file.write(chunk)
            return partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def find(self, bucket: Bucket, key: str) -> BlobInfo | None:
        with _store_errors(bucket, check_key(key)):
            try:
                return _info(obstore.head(self._buckets[bucket], key))
            except FileNotFoundError:
                return None

    def list(self, bucket: Bucket, prefix: str) -> Iterator[BlobInfo]:
        return self._list(bucket, check_prefix(prefix))

    def _list(self, bucket: Bucket, prefix: str) -> Iterator[BlobInfo]:
        with _store_errors(bucket, prefix):
            # The overloads for Arrow output refer to a package that is not installed.
            for batch in obstore.list(self._buckets[bucket], prefix or None, chunk_size=_DELETE_BATCH):  # pyright: ignore[reportUnknownMemberType]
                yield from map(_info, batch)

    def free_bytes(self) -> int | None:
        return None

    # --- deleting ---

    def delete(self, bucket: Bucket, key: str) -> None:
        with _store_errors(bucket, check_key(key)):
            try:
                obstore.delete(self._buckets[bucket], key)
            except FileNotFoundError:
                return

    def delete_prefix(self, bucket: Bucket, prefix: str) -> int:
        keys = [info.key for info in self.list(bucket, check_key(check_prefix(prefix)))]
        with _store_errors(bucket, prefix):
            for start in range(0, len(keys), _DELETE_BATCH):
                obstore.delete(self._buckets[bucket], keys[start : start + _DELETE_BATCH])
        return len(keys)

    # --- signed URLs ---

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest:
        headers = upload_headers(sha256_hex)
        # Content-Length is signed but not returned: HTTP clients send it themselves, and browsers forbid scripts to set it.
        signed = self._sign("PUT", bucket, check_key(key), {**headers, "content-length": str(size_bytes)}, expires_at_s)
        return SignedRequest("PUT", signed.url, headers)

    def sign_get(self, bucket: Bucket, key: str, expires_at_s: float) -> SignedRequest:
        return self._sign("GET", bucket, check_key(key), {}, expires_at_s)

    def _sign(self, method: str, bucket: Bucket, key: str, headers: dict[str, str], expires_at_s: float) -> SignedRequest:
        window = Window.until(expires_at_s, self._clock.now())
        return SignedRequest(method, presign(self._place.credentials, method, self._place.url(bucket, key), headers, window), headers)


def _open(place: S3Place, bucket: Bucket) -> ObjectStore:
    return ObjectStore(
        place.bucket_name(bucket),
        endpoint=place.endpoint,
        region=place.credentials.region,
        access_key_id=place.credentials.access_key,
        secret_access_key=place.credentials.secret_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": place.endpoint.startswith("http://"), "timeout": timedelta(minutes=10)},
        retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=30)},
    )


def _info(meta: obstore.ObjectMeta) -> BlobInfo:
    return BlobInfo(meta["path"], meta["size"], meta["last_modified"].timestamp())


def _put_with_retries(put: Callable[[], object]) -> None:
    """Puts an object, and retries if another PUT of the same key overtook it.

    Swift answers such a PUT with 202 and no ETag, which obstore reports as an error. AWS and other services never do this.
    """
    for attempts_left in reversed(range(_PUT_ATTEMPTS)):
        try:
            put()
            return
        except BaseError as error:
            if "ETag Header missing" not in str(error) or not attempts_left:
                raise


@contextmanager
def _store_errors(bucket: Bucket, key: str) -> Generator[None]:
    """Converts obstore's errors to StorageError and BlobMissingError."""
    try:
        yield
    except FileNotFoundError as error:
        raise make_missing_error(bucket, key) from error
    except OSError as error:  # from obstore's network code or from the scratch disk
        raise storage_error(error, f"copying {bucket}/{key}") from error
    except BaseError as error:
        reason = str(error).partition("\n")[0]  # the other lines are a dump of Rust structures
        raise StorageError(f"{bucket}/{key}: {reason}", bucket=str(bucket), key=key) from error


def _send_empty(request: SignedRequest) -> None:
    """Sends a presigned request without a body; ignores 409 (the bucket already exists)."""
    address = urlsplit(request.url)
    connection_class = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = connection_class(address.netloc, timeout=30)
    try:
        connection.request(request.method, f"{address.path}?{address.query}", body=b"", headers=request.headers)
        answer = connection.getresponse()
        text = answer.read(500).decode(errors="replace")
    except OSError as error:
        raise StorageError(f"{address.netloc} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status not in (200, 409):
        raise StorageError(f"{request.method} {address.path} failed with status {answer.status}: {text}", status=answer.status)
