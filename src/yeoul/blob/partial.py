"""Partial files: blobs that are being written, locked by their writer, and swept if the writer is dead."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from yeoul.base.errors import ChecksumError, StorageError, StorageFullError


@contextmanager
def storage_errors(doing: str) -> Generator[None]:
    """Converts OSError to StorageFullError if the disk or quota is full, else to StorageError. doing: a phrase for the message."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, doing) from error


def storage_error(error: OSError, doing: str) -> StorageError:
    """Returns the StorageError for an OSError; StorageFullError if the disk or the quota is full."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFullError(f"no space left while {doing}")
    return StorageError(f"error while {doing}: {error.strerror or error}", errno=error.errno)


class Partial:
    """A blob that is being written. It becomes visible at `commit`; leaving the `with` block earlier deletes it."""

    def __init__(self, folder: Path, publish: Callable[[Path], None], check_space: Callable[[int], None]) -> None:
        self.size_bytes = 0
        self._publish = publish
        self._check_space = check_space
        self._digest = hashlib.sha256()
        with storage_errors("opening a partial file"):
            self._path, self._file = _open_locked(folder)

    def write(self, data: bytes) -> None:
        """Appends bytes. Raises StorageFullError if the write would use the reserve."""
        self._check_space(len(data))
        with storage_errors("writing a blob"):
            self._file.write(data)
        self._digest.update(data)
        self.size_bytes += len(data)

    def commit(self, expected_size: int | None = None, expected_sha256: str | None = None) -> None:
        """Makes the blob durable and visible under its key. Deletes it and raises ChecksumError if size or SHA-256 differ."""
        try:
            self._check(expected_size, expected_sha256)
            with storage_errors("storing a blob"):
                self._file.flush()
                os.fsync(self._file.fileno())
                self._publish(self._path)
        finally:
            self.abort()

    def abort(self) -> None:
        """Deletes the partial blob; does nothing after `commit`."""
        with suppress(OSError):  # closing flushes, which fails on a full disk, and the data is not needed any more
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _check(self, expected_size: int | None, expected_sha256: str | None) -> None:
        if expected_size is not None and expected_size != self.size_bytes:
            message = "the size of the body differs from the declared size"
            raise ChecksumError(message, declared_bytes=expected_size, found_bytes=self.size_bytes)
        actual_sha256 = self._digest.hexdigest()
        if expected_sha256 is not None and expected_sha256 != actual_sha256:
            message = "the SHA-256 of the body differs from the declared one"
            raise ChecksumError(message, declared=expected_sha256, found=actual_sha256)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.abort()


def _open_locked(folder: Path) -> tuple[Path, BinaryIO]:
    """Creates a file and locks it. The operating system releases the lock when the writer dies."""
    while True:
        path = folder / secrets.token_hex(16)
        file = path.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return path, file
        file.close()  # a sweep deleted the file between open and lock


def sweep(folder: Path) -> int:
    """Deletes partial files of dead writers and folders of interrupted deletions; returns the number. Keeps files of living writers."""
    count = 0
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
            count += 1
        else:
            count += _sweep_file(path)
    return count


def _sweep_file(path: Path) -> bool:
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return True
    except (BlockingIOError, FileNotFoundError):
        return False
