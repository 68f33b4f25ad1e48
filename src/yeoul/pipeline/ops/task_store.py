"""The objects of one task: what its op may read, and where it may write.

An op runs in a sandbox without a store. `AskedStore` stands there in its place and asks; `StoreGate`, outside, checks every question and
answers with files in the folders that both sides share. What the op says is not trusted: it has read what strangers sent.
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
from yeoul.blob.counted import CountedStore
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


class AskedStore:
    """Inside the sandbox: `ask` takes a question and bytes, and returns the answer. work: the folder that the op may write in."""

    def __init__(self, ask: Callable[[dict[str, Any], bytes], bytes], work: Path) -> None:
        self._ask = ask
        self._work = work

    def fetch(self, bucket: Bucket, key: str, scratch: Path) -> Path:  # noqa: ARG002 (inputs have a folder of their own)
        return Path(os.fsdecode(self._ask({"ask": "fetch", "bucket": bucket, "key": key}, b"")))

    def get_bytes(self, bucket: Bucket, key: str) -> bytes:
        return self.fetch(bucket, key, self._work).read_bytes()

    def put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        self._ask({"ask": "put_bytes", "bucket": bucket, "key": key}, data)

    def put_file(self, bucket: Bucket, key: str, path: Path) -> None:
        name = str(path.relative_to(self._work))
        self._ask({"ask": "put_file", "bucket": bucket, "key": key, "file": name}, b"")


class StoreGate:
    """Outside the sandbox: answers for one attempt. It may read what its input names, and write below its attempt's prefix.

    inputs: a folder that the op may read; work: the one it may write in; taken: one that it cannot reach, on the same file system.
    """

    def __init__(self, store: CountedStore, task: Work, inputs: Path, work: Path, taken: Path) -> None:
        self._store = store
        self._prefix = task.output_prefix
        self._video_prefix = f"{task.output_prefix.partition('/')[0]}/"
        self._readable = {text for text in _texts(task.params) if text.startswith(self._video_prefix)}
        self._inputs = inputs
        self._work = work
        self._taken = taken
        self._fetched: dict[tuple[Bucket, str], Path] = {}

    def answer(self, question: Mapping[str, Any], data: bytes) -> bytes:
        """Returns the answer. Raises ForbiddenError for what is not of this task, InvalidError for what is no question."""
        bucket, key = _read_bucket(question.get("bucket")), question.get("key")
        if not isinstance(key, str):
            raise InvalidError("a key is text")
        match question.get("ask"):
            case "fetch":
                return os.fsencode(self._fetch(bucket, check_key(key)))
            case "put_bytes":
                self._put_bytes(bucket, check_key(key), data)
            case "put_file":
                self._put_file(bucket, check_key(key), question.get("file"))
            case unknown:
                raise InvalidError(f"there is no question {str(unknown)[:40]}")
        return b""

    def check_outputs(self, outputs: object) -> None:
        """Raises ForbiddenError when outputs name an object that this task has neither read nor made."""
        known = self._readable.union(self._store.made)
        for key in _keys(outputs):
            if key not in known:
                raise ForbiddenError("the outputs name an object of another task", key=key[:200])

    def _fetch(self, bucket: Bucket, key: str) -> Path:
        if key not in self._readable and key not in self._store.made:
            raise ForbiddenError("an op reads the inputs of its task only", key=key)
        if (bucket, key) not in self._fetched:
            folder = self._inputs / str(len(self._fetched))
            folder.mkdir()
            folder.chmod(0o755)
            found = self._store.fetch(bucket, key, folder)
            place = folder / key.rpartition("/")[2]
            if found.is_relative_to(folder):
                found.replace(place)
            else:
                _copy(found, place)
            place.chmod(0o444)
            self._fetched[bucket, key] = place
        return self._fetched[bucket, key]

    def _put_bytes(self, bucket: Bucket, key: str, data: bytes) -> None:
        init = _INIT_KEY.fullmatch(key)
        if init is None:
            self._check_output(bucket, key)
            self._store.put_bytes(bucket, key, data)
            return
        # Shared by all pieces of a rendition, and named by its content: whoever stores it stores the same.
        of_video = f"{init[1]}/" == self._video_prefix and bucket is Bucket.ENCODED
        if not of_video or hashlib.sha256(data).hexdigest()[:16] != init[2]:
            raise ForbiddenError("an init segment is named by its content", key=key)
        if self._store.find(bucket, key) is None:
            self._store.put_bytes(bucket, key, data)
        else:
            self._store.made[key] = hashlib.sha256(data).hexdigest()

    def _put_file(self, bucket: Bucket, key: str, name: object) -> None:
        self._check_output(bucket, key)
        file = self._take(name)
        try:
            self._store.put_file(bucket, key, file)
        finally:
            file.unlink(missing_ok=True)

    def _check_output(self, bucket: Bucket, key: str) -> None:
        if bucket is Bucket.ORIGINAL or not key.startswith(self._prefix):
            raise ForbiddenError("an op writes below the prefix of its attempt only", key=key)

    def _take(self, name: object) -> Path:
        """Moves a file out of the op's reach: a plain file, no link, found without following links."""
        steps = name.split("/") if isinstance(name, str) else []
        if not steps or not all(_NAME.fullmatch(step) and step not in (".", "..") for step in steps):
            raise InvalidError("a file is named by plain words")
        taken = self._taken / str(len(self._store.made))
        with storage_errors("taking an output"):
            folder = os.open(self._work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                for step in steps[:-1]:
                    inner = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
                    os.close(folder)
                    folder = inner
                os.rename(steps[-1], taken, src_dir_fd=folder)
            finally:
                os.close(folder)
        found = taken.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise ForbiddenError("an output is a plain file", file=steps[-1])
        if found.st_uid != os.geteuid():
            os.chown(taken, os.geteuid(), os.getegid())
        taken.chmod(0o600)
        return taken


def _read_bucket(word: object) -> Bucket:
    try:
        return Bucket(str(word))
    except ValueError as error:
        raise InvalidError("there is no such bucket") from error


def _copy(source: Path, place: Path) -> None:
    """A copy that shares its blocks where the file system can."""
    with storage_errors("fetching an input"), source.open("rb") as reading, place.open("xb") as writing:
        try:
            while os.copy_file_range(reading.fileno(), writing.fileno(), _CHUNK_BYTES):
                pass
        except OSError:  # file systems of two kinds, or a kernel that cannot
            reading.seek(0)
            writing.seek(0)
            shutil.copyfileobj(reading, writing, _CHUNK_BYTES)


def _texts(value: object) -> list[str]:
    """All texts in a JSON value."""
    if isinstance(value, Mapping):
        return [text for one in cast("Mapping[str, object]", value).values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in cast("list[object]", value) for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def _keys(value: object, name: str = "") -> list[str]:
    """All texts in a JSON value that are keys of the store: the values of `key`, `keys`, `..._key` and `sidecars` that name a folder."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, object]", value)
        below = "keys" if name == "sidecars" else ""
        return [key for field, one in fields.items() for key in _keys(one, below or field)]
    if isinstance(value, list | tuple):
        return [key for one in cast("list[object]", value) for key in _keys(one, name)]
    is_key = isinstance(value, str) and (name in ("key", "keys") or name.endswith("_key"))
    return [value] if is_key and isinstance(value, str) and "/" in value else []
