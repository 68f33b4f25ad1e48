"""The embedded store: one file per blob at `root/<bucket>/<key>`, written to a temporary file, synced, then renamed."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from yeoul.base.errors import StorageFullError
from yeoul.blob.partial import Partial, storage_errors, sweep
from yeoul.blob.signature import Grant, UrlSigner
from yeoul.blob.store import BlobInfo, Bucket, SignedRequest, check_key, check_prefix, make_missing_error

_CHUNK_BYTES = 1 << 20
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class LocalStore:
    """A BlobStore in a folder, which several processes can share. Writes fail if less than `reserve_bytes` would stay free."""

    def __init__(self, root: Path, base_url: str, secret: bytes, reserve_bytes: int) -> None:
        self._root = root
        self._partials = root / ".partial"  # no bucket has this name
        self._lock_file = root / ".lock"
        self._reserve_bytes = reserve_bytes
        self._signer = UrlSigner(base_url, secret)
        with storage_errors("creating the data folder"):
            for folder in (self._partials, *(root / bucket for bucket in Bucket)):
                folder.mkdir(parents=True, exist_ok=True)
            self._lock_file.touch()

    # --- writing ---

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        with self.open_put(bucket, key) as partial:
            partial.write(data)
            partial.commit()

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        """Stores a file: renames it if it is on the same file system, else copies it."""
        target = self.path(bucket, key)
        with storage_errors("storing a file"), path.open("rb") as file:
            os.fsync(file.fileno())
            try:
                self._publish(path, target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self._copy(bucket, key, file)

    def _copy(self, bucket: Bucket, key: str, file: BinaryIO) -> None:
        with self.open_put(bucket, key) as partial:
            while chunk := file.read(_CHUNK_BYTES):
                partial.write(chunk)
            partial.commit()

    def copy(self, bucket: Bucket, key: str, new_key: str) -> None:
        """Copies a blob: creates a hard link, which is safe because blobs never change; copies the bytes if links are not supported."""
        source, target = self.path(bucket, key), self.path(bucket, new_key)
        link = self._partials / secrets.token_hex(16)
        with storage_errors("copying a blob"):
            try:
                os.link(source, link)
            except _ABSENT as error:
                raise make_missing_error(bucket, key) from error
            except OSError:
                with source.open("rb") as file:
                    self._copy(bucket, new_key, file)
                return
            self._publish(link, target)
            link.unlink(missing_ok=True)  # rename(2) does nothing if both names are links to the same file

    def open_put(self, bucket: Bucket, key: str) -> Partial:
        """Opens a new blob for writing in several steps; end it with `commit`, `abort` or its `with` block."""
        target = self.path(bucket, key)
        self._check_space(0)
        return Partial(self._partials, lambda written: self._publish(written, target), self._check_space)

    def sweep_partials(self) -> int:
        """Deletes partial files of processes that were killed; returns the number. Safe while other processes write."""
        with storage_errors("sweeping partial files"):
            return sweep(self._partials)

    def _publish(self, written: Path, target: Path) -> None:
        """Renames a finished file to its place and syncs the folder."""
        with self._lock_folders(fcntl.LOCK_SH):
            _make_folder(target.parent)
            written.replace(target)
        with suppress(FileNotFoundError):  # another process deleted the folder, and the blob with it
            _sync_folder(target.parent)

    @contextmanager
    def _lock_folders(self, kind: int) -> Generator[None]:
        """Holds the lock between publishing files (shared) and deleting folders (exclusive), across processes."""
        with self._lock_file.open("rb") as file:
            fcntl.flock(file, kind)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)  # a child that another thread forked may keep the file open

    def _check_space(self, size_bytes: int) -> None:
        if self.free_bytes() < max(size_bytes, 1):
            raise StorageFullError("the data disk is full", reserve_bytes=self._reserve_bytes)

    # --- reading ---

    def get_bytes(self, bucket: Bucket, key: str, start: int = 0, end: int | None = None) -> bytes:
        with storage_errors("reading a blob"):
            try:
                with self.path(bucket, key).open("rb") as file:
                    file.seek(start)
                    return file.read() if end is None else file.read(max(0, end - start))
            except _ABSENT as error:
                raise make_missing_error(bucket, key) from error

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path:  # noqa: ARG002 (callers get the stored file itself)
        path = self.path(bucket, key)
        if not path.is_file():
            raise make_missing_error(bucket, key)
        return path

    def path(self, bucket: Bucket, key: str) -> Path:
        """Returns the path of a blob's file, which may not exist. Callers only read it."""
        return self._root / bucket / check_key(key)

    def find(self, bucket: Bucket, key: str) -> BlobInfo | None:
        path = self.path(bucket, key)
        with storage_errors("looking for a blob"):
            return _info(key, path) if path.is_file() else None

    def list(self, bucket: Bucket, prefix: str) -> Iterator[BlobInfo]:
        prefix = check_prefix(prefix)
        return _walk(self._root / bucket / prefix, f"{prefix}/" if prefix else "")

    def free_bytes(self) -> int:
        with storage_errors("reading the free disk space"):
            status = os.statvfs(self._root)
        return max(0, status.f_bavail * status.f_frsize - self._reserve_bytes)

    # --- deleting ---

    def delete(self, bucket: Bucket, key: str) -> None:
        with storage_errors("deleting a blob"):
            try:
                self.path(bucket, key).unlink()
            except _ABSENT:
                return

    def delete_prefix(self, bucket: Bucket, prefix: str) -> int:
        """Deletes a folder atomically: renames it first, so that a kill leaves either all of its blobs visible or none."""
        folder = self._root / bucket / check_key(check_prefix(prefix))
        trash = self._partials / secrets.token_hex(16)
        with storage_errors("deleting a folder"):
            with self._lock_folders(fcntl.LOCK_EX):
                if not folder.is_dir():
                    return 0
                folder.rename(trash)
            count = sum(len(files) for _, _, files in os.walk(trash))
            shutil.rmtree(trash, ignore_errors=True)
            return count

    # --- signed URLs ---

    def sign_put(self, bucket: Bucket, key: str, size_bytes: int, sha256_hex: str, expires_at_s: float) -> SignedRequest:
        return self._signer.sign_put(bucket, key, size_bytes, sha256_hex, expires_at_s)

    def sign_get(self, bucket: Bucket, key: str, expires_at_s: float) -> SignedRequest:
        return self._signer.sign_get(bucket, key, expires_at_s)

    def check_url(self, method: str, bucket: str, key: str, query: Mapping[str, str], now_s: float) -> Grant:
        """Returns what a presigned URL allows. Raises SignatureError if the URL does not allow this request."""
        return self._signer.check(method, bucket, key, query, now_s)


def _info(key: str, path: Path) -> BlobInfo | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return BlobInfo(key, status.st_size, status.st_mtime)


def _walk(folder: Path, prefix: str) -> Iterator[BlobInfo]:
    """Yields the blobs below a folder, sorted by key; skips files that are deleted meanwhile."""
    try:
        entries = [(entry.name + "/" if entry.is_dir() else entry.name, entry) for entry in os.scandir(folder)]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name, entry in sorted(entries, key=lambda pair: pair[0]):
        if name.endswith("/"):
            yield from _walk(Path(entry.path), prefix + name)
        elif info := _info(prefix + name, Path(entry.path)):
            yield info


def _make_folder(folder: Path) -> None:
    """Creates a folder and its parents, and syncs them so that they survive a power failure."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
