"""Reuse: giving what another task of the same key has made, and telling by content what a task made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yeoul.base.errors import BlobMissingError
from yeoul.blob.counted import CountedStore
from yeoul.blob.store import BlobStore, Bucket
from yeoul.model.work import RESULT, Result, Work
from yeoul.pipeline.task.data import Earlier, Output, TaskInput
from yeoul.pipeline.task.result_key import hash_json, replace_keys


def run_or_reuse(work: Work, store: CountedStore, run: Callable[[TaskInput], Output]) -> dict[str, Any]:
    """The outputs of a work, and below RESULT what they are known by. What was made before and is still there is not made again."""
    task = TaskInput.model_validate(work.params)
    if task.earlier is not None and (adopted := adopt(store, task.earlier, task.video_id, work.output_prefix)) is not None:
        known = Result(key=task.key, digest=task.earlier.digest, reused=True)
        return {**adopted, RESULT: known.model_dump()}
    outputs = run(task).model_dump(mode="json")
    known = Result(key=task.key, digest=make_digest(outputs, task.video_id, store.made))
    return {**outputs, RESULT: known.model_dump()}


def adopt(store: BlobStore, earlier: Earlier, video_id: str, output_prefix: str) -> dict[str, Any] | None:
    """The outputs of an earlier task, for this one; None when blobs of it are gone.

    Within one video blobs are shared; of another video they are copied, so that either may be deleted.
    """
    shares = earlier.video_id == video_id

    def take(key: str) -> str:
        if not shares:
            new = _new_key(key, video_id, output_prefix)
            store.copy(Bucket.ENCODED, key, new)
            return new
        if store.find(Bucket.ENCODED, key) is None:
            raise BlobMissingError(f"{key} is gone", key=key)
        return key

    try:
        return replace_keys(earlier.outputs, earlier.video_id, take)
    except BlobMissingError:
        return None


def make_digest(outputs: Mapping[str, Any], video_id: str, made: Mapping[str, str]) -> str:
    """SHA-256 over outputs in which keys stand for what they hold. made: SHA-256 of what this attempt has stored, by key.

    The other keys below the video's prefix are those of init segments, which are addresses of their content.
    """
    return hash_json(replace_keys(outputs, video_id, lambda key: made.get(key, key.partition("/")[2])))


def _new_key(key: str, video_id: str, output_prefix: str) -> str:
    """Init segments lie beside the attempts, everything else below its attempt's prefix."""
    _, folder, name = key.split("/", 2)
    return f"{video_id}/{folder}/{name}" if folder == "init" else f"{output_prefix}{name}"
