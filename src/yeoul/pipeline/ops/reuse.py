"""Reuse: returns the outputs of an earlier task with the same key, and identifies outputs by their content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from yeoul.base.errors import BlobMissingError
from yeoul.blob.counted import CountingStore
from yeoul.blob.store import BlobStore, Bucket
from yeoul.model.work import RESULT, Result, Work
from yeoul.pipeline.task.data import EarlierResult, Output, TaskInput
from yeoul.pipeline.task.result_key import hash_json, replace_keys


def run_or_reuse(work: Work, store: CountingStore, run: Callable[[TaskInput], Output]) -> dict[str, Any]:
    """Returns the outputs of an attempt, with their key and digest in RESULT. Reuses the outputs of an earlier task if they still exist."""
    task = TaskInput.model_validate(work.params)
    if task.earlier is not None and (adopted := adopt_outputs(store, task.earlier, task.video_id, work.output_prefix)) is not None:
        result = Result(key=task.key, digest=task.earlier.digest, reused=True)
        return {**adopted, RESULT: result.model_dump()}
    outputs = run(task).model_dump(mode="json")
    result = Result(key=task.key, digest=make_digest(outputs, task.video_id, store.sha256_by_key))
    return {**outputs, RESULT: result.model_dump()}


def adopt_outputs(store: BlobStore, earlier: EarlierResult, video_id: str, output_prefix: str) -> dict[str, Any] | None:
    """Returns the outputs of an earlier task for use by this one; None if any of its blobs no longer exist.

    Tasks of the same video share blobs. Blobs of another video are copied, so that each video can be deleted independently.
    """
    is_same_video = earlier.video_id == video_id

    def adopt_blob(key: str) -> str:
        if not is_same_video:
            new = _make_key(key, video_id, output_prefix)
            store.copy(Bucket.ENCODED, key, new)
            return new
        if store.find(Bucket.ENCODED, key) is None:
            raise BlobMissingError(f"{key} no longer exists", key=key)
        return key

    try:
        return replace_keys(earlier.outputs, earlier.video_id, adopt_blob)
    except BlobMissingError:
        return None


def make_digest(outputs: Mapping[str, Any], video_id: str, hashes: Mapping[str, str]) -> str:
    """Returns the SHA-256 of outputs with each key replaced by the hash of its blob. hashes: SHA-256 of the stored blobs, by key.

    The other keys below the video's prefix are those of init segments, which contain the hash already.
    """
    return hash_json(replace_keys(outputs, video_id, lambda key: hashes.get(key, key.partition("/")[2])))


def _make_key(key: str, video_id: str, output_prefix: str) -> str:
    """Returns the key of a copied blob: init segments are stored per video, other blobs below the prefix of the attempt."""
    _, folder, name = key.split("/", 2)
    return f"{video_id}/{folder}/{name}" if folder == "init" else f"{output_prefix}{name}"
