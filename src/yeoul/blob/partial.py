"""Files being written: kept apart from finished blobs, locked by their writer, swept when the writer is dead."""

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
    """Turn the operating system's errors into ours: no room is StorageFullError, the rest StorageError."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, doing) from error


def storage_error(error: OSError, doing: str) -> StorageError:
    """Our error for the operating system's: StorageFullError where the disk or the quota is full."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFullError(f"no room left while {doing}")
    return StorageError(f"{doing}: {error.strerror or error}", errno=error.errno)


class Partial:
    """A blob on its way in; nobody sees it before `commit`, and leaving its `with` block without that removes it."""

    def __init__(self, folder: Path, publish: Callable[[Path], None], need_room: Callable[[int], None]) -> None:
        self.size_bytes = 0
        self._publish = publish
        self._need_room = need_room
        self._digest = hashlib.sha256()
        with storage_errors("opening a partial file"):
            self._path, self._file = _open_locked(folder)

    def write(self, data: bytes) -> None:
        """Append; raises StorageFullError before the reserve is touched."""
        self._need_room(len(data))
        with storage_errors("writing a blob"):
            self._file.write(data)
        self._digest.update(data)
        self.size_bytes += len(data)

    def commit(self, expected_size: int | None = None, expected_sha256: str | None = None) -> None:
        """Make the blob durable and visible under its key; raises ChecksumError, and drops it, when it is not what was expected."""
        try:
            self._check(expected_size, expected_sha256)
            with storage_errors("storing a blob"):
                self._file.flush()
                os.fsync(self._file.fileno())
                self._publish(self._path)
        finally:
            self.abort()

    def abort(self) -> None:
        """Drop what was written; after `commit` it does nothing."""
        with suppress(OSError):  # unwritten buffers of a full disk are of no interest any more
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _check(self, expected_size: int | None, expected_sha256: str | None) -> None:
        if expected_size is not None and expected_size != self.size_bytes:
            raise ChecksumError("the body has another size than declared", declared_bytes=expected_size, found_bytes=self.size_bytes)
        found = self._digest.hexdigest()
        if expected_sha256 is not None and expected_sha256 != found:
            raise ChecksumError("the body has another SHA-256 than declared", declared=expected_sha256, found=found)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.abort()


def _open_locked(folder: Path) -> tuple[Path, BinaryIO]:
    """A new file that its writer holds the lock of, which the system gives back when the writer dies in any way."""
    while True:
        path = folder / secrets.token_hex(16)
        file = path.open("xb")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return path, file
        file.close()  # a sweep of another process came between open and lock


def sweep(folder: Path) -> int:
    """Remove what dead writers and interrupted deletions left; returns how many. Files of living writers stay."""
    swept = 0
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
            swept += 1
        else:
            swept += _sweep_file(path)
    return swept


def _sweep_file(path: Path) -> bool:
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return True
    except (BlockingIOError, FileNotFoundError):
        return False
