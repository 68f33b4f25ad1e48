"""Store access for the op of one task: it can read its inputs, and write its outputs.

An op runs in a sandbox that has no access to the store. Inside, `SandboxStore` sends each request to `StoreGate`, which runs outside. The
gate checks the request and exchanges files with the sandbox through shared folders. It does not trust the op, which has read untrusted
files.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, cast

from yeoul.base.errors import ForbiddenError, InvalidError
from yeoul.blob.counted import CountingStore
from yeoul.blob.partial import storage_errors
from yeoul.blob.store import Bucket, check_key
from yeoul.model.work import Work

_INIT_KEY: Final = re.compile(r"([A-Za-z0-9]{1,64})/init/[A-Za-z0-9._-]{1,80}-([0-9a-f]{16})\.mp4")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")
_CHUNK_BYTES: Final = 1 << 24


class TaskStore(Protocol):
    """The part of a `BlobStore` that ops use."""

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path: ...

    def get_bytes(self, bucket: Bucket, key: str) -> bytes: ...

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None: ...

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None: ...


class SandboxStore:
    """The store inside the sandbox. send: sends a request with bytes, and returns the response. work: folder that the op can write to."""

    def __init__(self, send: Callable[[dict[str, Any], bytes], bytes], work: Path) -> None:
        self._send = send
        self._work = work

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path:  # noqa: ARG002 (inputs have a separate folder)
        return Path(os.fsdecode(self._send({"ask": "fetch", "bucket": bucket, "key": key}, b"")))

    def get_bytes(self, bucket: Bucket, key: str) -> bytes:
        return self.fetch(bucket, key, self._work).read_bytes()

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        self._send({"ask": "put_bytes", "bucket": bucket, "key": key}, data)

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        name = str(path.relative_to(self._work))
        self._send({"ask": "put_file", "bucket": bucket, "key": key, "file": name}, b"")


class StoreGate:
    """Handles the store requests of one attempt, outside the sandbox. The op can read its inputs, and write below its attempt's prefix.

    inputs: a folder that the op can read. work: a folder that it can write to. outputs: a folder on the same file system that it cannot
    access.
    """

    def __init__(self, store: CountingStore, task: Work, inputs: Path, work: Path, outputs: Path) -> None:
        self._store = store
        self._prefix = task.output_prefix
        self._video_prefix = f"{task.output_prefix.partition('/')[0]}/"
        self._readable = {text for text in _list_texts(task.params) if text.startswith(self._video_prefix)}
        self._inputs = inputs
        self._work = work
        self._outputs = outputs
        self._fetched: dict[tuple[Bucket, str], Path] = {}

    def handle_request(self, request: Mapping[str, Any], data: bytes) -> bytes:
        """Returns the response to a request. Raises ForbiddenError for objects of other tasks, InvalidError for malformed requests."""
        bucket, key = _parse_bucket(request.get("bucket")), request.get("key")
        if not isinstance(key, str):
            raise InvalidError("the key of a store request must be a string")
        match request.get("ask"):
            case "fetch":
                return os.fsencode(self._fetch(bucket, check_key(key)))
            case "put_bytes":
                self._put_bytes(bucket, check_key(key), data)
            case "put_file":
                self._put_file(bucket, check_key(key), request.get("file"))
            case unknown:
                raise InvalidError(f"unknown store request {str(unknown)[:40]}")
        return b""

    def check_outputs(self, outputs: object) -> None:
        """Raises ForbiddenError if the outputs contain a key that this task could not read and did not store."""
        allowed = self._readable.union(self._store.sha256_by_key)
        for key in _list_keys(outputs):
            if key not in allowed:
                raise ForbiddenError("the outputs contain a key of another task", key=key[:200])

    def _fetch(self, bucket: Bucket, key: str) -> Path:
        if key not in self._readable and key not in self._store.sha256_by_key:
            raise ForbiddenError("an op can read only the inputs of its task", key=key)
        if (bucket, key) not in self._fetched:
            folder = self._inputs / str(len(self._fetched))
            folder.mkdir()
            folder.chmod(0o755)
            fetched = self._store.fetch(bucket, key, folder)
            target = folder / key.rpartition("/")[2]
            if fetched.is_relative_to(folder):
                fetched.replace(target)
            else:
                _copy(fetched, target)
            target.chmod(0o444)
            self._fetched[bucket, key] = target
        return self._fetched[bucket, key]

    def _put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        init = _INIT_KEY.fullmatch(key)
        if init is None:
            self._check_output(bucket, key)
            self._store.put_bytes(bucket, key, data)
            return
        # All pieces of a rendition share an init segment. Its name is the hash of its content, so that all of them store the same bytes.
        is_of_video = f"{init[1]}/" == self._video_prefix and bucket is Bucket.ENCODED
        if not is_of_video or hashlib.sha256(data).hexdigest()[:16] != init[2]:
            raise ForbiddenError("the key of an init segment must contain the hash of its content", key=key)
        if self._store.find(bucket, key) is None:
            self._store.put_bytes(bucket, key, data)
        else:
            self._store.sha256_by_key[key] = hashlib.sha256(data).hexdigest()

    def _put_file(self, bucket: Bucket, key: str, name: object) -> None:
        self._check_output(bucket, key)
        file = self._move_output(name)
        try:
            self._store.put_file(bucket, key, file)
        finally:
            file.unlink(missing_ok=True)

    def _check_output(self, bucket: Bucket, key: str) -> None:
        if bucket is Bucket.ORIGINAL or not key.startswith(self._prefix):
            raise ForbiddenError("an op can write only below the prefix of its attempt", key=key)

    def _move_output(self, name: object) -> Path:
        """Moves an output to a folder that the op cannot access. Raises ForbiddenError unless it is a regular file; follows no links."""
        steps = name.split("/") if isinstance(name, str) else []
        if not steps or not all(_NAME.fullmatch(step) and step not in (".", "..") for step in steps):
            raise InvalidError("the path of an output may contain only plain names")
        target = self._outputs / str(len(self._store.sha256_by_key))
        with storage_errors("moving an output"):
            folder = os.open(self._work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                for step in steps[:-1]:
                    inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
                    os.close(folder)
                    folder = inner
                os.rename(steps[-1], target, src_dir_fd=folder)
            finally:
                os.close(folder)
        status = target.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise ForbiddenError("an output must be a regular file without other links", file=steps[-1])
        if status.st_uid != os.geteuid():
            os.chown(target, os.geteuid(), os.getegid())
        target.chmod(0o600)
        return target


def _parse_bucket(name: object) -> Bucket:
    try:
        return Bucket(str(name))
    except ValueError as error:
        raise InvalidError("unknown bucket") from error


def _copy(source: Path, target: Path) -> None:
    """Copies a file. The copy shares its blocks if the file system supports that."""
    with storage_errors("fetching an input"), source.open("rb") as reader, target.open("xb") as writer:
        try:
            while os.copy_file_range(reader.fileno(), writer.fileno(), _CHUNK_BYTES):
                pass
        except OSError:  # two different file systems, or a kernel without support
            reader.seek(0)
            writer.seek(0)
            shutil.copyfileobj(reader, writer, _CHUNK_BYTES)


def _list_texts(value: object) -> list[str]:
    """Returns all strings in a JSON value."""
    if isinstance(value, Mapping):
        return [text for item in cast("Mapping[str, object]", value).values() for text in _list_texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in cast("list[object]", value) for text in _list_texts(item)]
    return [value] if isinstance(value, str) else []


def _list_keys(value: object, name: str = "") -> list[str]:
    """Returns all store keys in a JSON value: strings with a slash in the fields `key`, `keys`, `..._key` and `sidecars`."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        below = "keys" if name == "sidecars" else ""
        return [key for field, item in fields.items() for key in _list_keys(item, below or field)]
    if isinstance(value, list | tuple):
        return [key for item in cast("list[object]", value) for key in _list_keys(item, name)]
    is_key = isinstance(value, str) and (name in ("key", "keys") or name.endswith("_key"))
    return [value] if is_key and isinstance(value, str) and "/" in value else []
