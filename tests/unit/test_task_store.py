"""What a task may do with the store: read its own inputs, write below its own prefix, and nothing else, whatever its op says."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yeoul.base.errors import ForbiddenError, InvalidError, StorageError, YeoulError
from yeoul.blob.counted import CountingStore
from yeoul.blob.local import LocalStore
from yeoul.blob.store import Bucket
from yeoul.model.work import Work
from yeoul.pipeline.ops.task_store import SandboxStore, StoreGate

MINE, PREFIX = "v1/pieces/0.mp4", "v1/t/1/"
INIT = b"an init segment"
INIT_KEY = f"v1/init/720p-{hashlib.sha256(INIT).hexdigest()[:16]}.mp4"


class Place:
    """A store with an input of the task and a secret of another video, and the folders of the attempt."""

    def __init__(self, root: Path) -> None:
        self.store = LocalStore(root / "data" / "blob", "http://localhost", b"s" * 32, 0)
        self.store.put_bytes(Bucket.TEMP, MINE, b"mine")
        self.store.put_bytes(Bucket.ENCODED, "v2/t/1/720p.m4s", b"theirs")
        self.counted = CountingStore(self.store)
        self.inputs, self.work, self.taken = (root / name for name in ("in", "work", "taken"))
        for folder in (self.inputs, self.work, self.taken):
            folder.mkdir()
        needs = [{"outputs": {"key": "v2/t/1/720p.m4s"}}]  # what an op above was made to say
        params = {"pieces": [{"bucket": "temp", "key": MINE}], "needs": needs}
        task = Work(task="t", attempt=1, op="encode", params=params, output_prefix=PREFIX)
        self.gate = StoreGate(self.counted, task, self.inputs, self.work, self.taken)
        self.asked = SandboxStore(self.gate.handle_request, self.work)

    def make(self, name: str, data: bytes = b"made") -> Path:
        file = self.work / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
        return file


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_an_op_reads_its_inputs_and_writes_its_outputs(place: Place):
    copy = place.asked.fetch(Bucket.TEMP, MINE, place.work)
    assert copy.read_bytes() == b"mine"
    assert copy.is_relative_to(place.inputs)
    assert not copy.samefile(place.store.path(Bucket.TEMP, MINE)), "the store's own file is never handed out"
    assert place.asked.fetch(Bucket.TEMP, MINE, place.work) == copy
    file = place.make("member/720p.m4s")
    place.asked.put_file(Bucket.ENCODED, PREFIX + "720p.m4s", file)
    assert not file.exists()
    assert place.store.get_bytes(Bucket.ENCODED, PREFIX + "720p.m4s") == b"made"
    assert place.store.path(Bucket.ENCODED, PREFIX + "720p.m4s").stat().st_mode & 0o777 == 0o600
    assert place.asked.get_bytes(Bucket.ENCODED, PREFIX + "720p.m4s") == b"made", "what it made it may read"
    place.asked.put_bytes(Bucket.ENCODED, INIT_KEY, INIT)
    place.gate.check_outputs({"tracks": [{"init_key": INIT_KEY, "key": PREFIX + "720p.m4s"}], "sidecars": {}, "key": "C minor"})
    assert place.counted.traffic == {"read_bytes": 4 + 4, "written_bytes": 4 + len(INIT)}


READS: list[tuple[Bucket, str]] = [
    (Bucket.ENCODED, "v2/t/1/720p.m4s"),  # another video's, though its input names it
    (Bucket.TEMP, "v1/pieces/1.mp4"),  # its own video's, but no input
    (Bucket.TEMP, "../secret.key"),
    (Bucket.TEMP, f"{MINE}/../../v2/x"),
    (Bucket.TEMP, "/etc/passwd"),
]


@pytest.mark.parametrize(("bucket", "key"), READS)
def test_other_objects_are_not_read(place: Place, bucket: Bucket, key: str):
    with pytest.raises((ForbiddenError, InvalidError)):
        place.asked.fetch(bucket, key, place.work)
    assert list(place.inputs.iterdir()) == []


WRITES: list[tuple[Bucket, str]] = [
    (Bucket.ENCODED, "v1/t/2/720p.m4s"),  # another task's
    (Bucket.ENCODED, "v2/t/1/720p.m4s"),
    (Bucket.ORIGINAL, PREFIX + "x"),
    (Bucket.ENCODED, PREFIX + "../2/x"),
    (Bucket.ENCODED, "v1/init/720p-0123456789abcdef.mp4"),  # not the name of these bytes
    (Bucket.ENCODED, INIT_KEY.replace("v1", "v2")),
    (Bucket.TEMP, INIT_KEY),
]


@pytest.mark.parametrize(("bucket", "key"), WRITES)
def test_nothing_is_written_elsewhere(place: Place, bucket: Bucket, key: str):
    with pytest.raises((ForbiddenError, InvalidError)):
        place.asked.put_bytes(bucket, key, INIT)
    with pytest.raises((ForbiddenError, InvalidError)):
        place.asked.put_file(bucket, key, place.make("x"))
    assert place.counted.sha256_by_key == {}
    assert place.store.get_bytes(Bucket.ENCODED, "v2/t/1/720p.m4s") == b"theirs"


def plant_link(place: Place) -> str:
    (place.work / "x").symlink_to(place.store.path(Bucket.ENCODED, "v2/t/1/720p.m4s"))
    return "x"


def plant_folder_link(place: Place) -> str:
    (place.work / "x").symlink_to(place.store.path(Bucket.ENCODED, "v2/t/1/720p.m4s").parent)
    return "x/720p.m4s"


def plant_second_name(place: Place) -> str:
    os.link(place.store.path(Bucket.ENCODED, "v2/t/1/720p.m4s"), place.work / "x")
    return "x"


def plant_folder(place: Place) -> str:
    (place.work / "x").mkdir()
    return "x"


def plant_pipe(place: Place) -> str:
    os.mkfifo(place.work / "x")
    return "x"


NAMES: list[Callable[[Place], Any]] = [
    *(plant_link, plant_folder_link, plant_second_name, plant_folder, plant_pipe),
    *(
        lambda _, name=name: name
        for name in ("../data/blob/encoded/v2/t/1/720p.m4s", "/etc/passwd", "", ".", "a//b", "a\0b", "missing", 7, None)
    ),
]


@pytest.mark.parametrize("plant", NAMES)
def test_an_output_is_a_plain_file_of_its_own(place: Place, plant: Callable[[Place], Any]):
    name = plant(place)
    with pytest.raises((ForbiddenError, InvalidError, StorageError)):
        place.gate.handle_request({"ask": "put_file", "bucket": "encoded", "key": PREFIX + "x", "file": name}, b"")
    assert place.store.find(Bucket.ENCODED, PREFIX + "x") is None
    assert place.store.get_bytes(Bucket.ENCODED, "v2/t/1/720p.m4s") == b"theirs"


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"ask": "sign_get", "bucket": "encoded", "key": MINE},
    {"ask": "delete", "bucket": "temp", "key": MINE},
    {"ask": "fetch", "bucket": "nowhere", "key": MINE},
    {"ask": "fetch", "bucket": "temp", "key": None},
    {"ask": "fetch", "bucket": ["temp"], "key": MINE},
    {"ask": ["fetch"], "bucket": "temp", "key": MINE},
]


@pytest.mark.parametrize("question", QUESTIONS, ids=json.dumps)
def test_other_questions_have_no_answer(place: Place, question: dict[str, Any]):
    with pytest.raises(YeoulError):
        place.gate.handle_request(question, b"")


@pytest.mark.parametrize(
    "outputs", [{"poster_key": "v2/t/1/720p.m4s"}, {"storyboard": {"keys": ["v2/t/1/x"]}}, {"sidecars": {"a": "v2/t/1/x"}}]
)
def test_outputs_name_no_object_of_others(place: Place, outputs: dict[str, Any]):
    with pytest.raises(ForbiddenError):
        place.gate.check_outputs({"members": {"one": outputs}})
