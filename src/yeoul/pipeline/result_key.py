"""Results by content: the key of a task is the hash of all that its op looks at. Pure.

Tasks of one key give the same, so that what one has made serves the others (`queue.find_result`, `ops/reuse.py`). Inputs that
were made by other tasks count by the digest of what they are, not by how they came to be: where a changed stage gives what it
gave before, nothing below it runs again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast

from yeoul.model.piece import LandedPiece
from yeoul.pipeline.dag import Stage
from yeoul.pipeline.task_data import TaskInput


def hash_json(value: object) -> str:
    """SHA-256 of a JSON value, the same for equal values; lower-case hex."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def make_key(op: str, stages: Sequence[Stage], task: TaskInput, digests: Sequence[str | None]) -> str | None:
    """The key of a task; None when an input is not known by its content.

    stages: those that the task runs. digests: of the outputs of `task.needs`, in their order.
    """
    needs: list[Any] = []
    for need, digest in zip(task.needs, digests, strict=True):
        if need.outputs is not None and digest is None:
            return None
        needs.append([need.op, need.piece, need.rung, None if need.outputs is None else digest])
    looks_at = {name for stage in stages for name in stage.looks_at}
    return hash_json(
        {
            "op": op,
            "stages": [[stage.op, stage.version, stage.parameters] for stage in stages],
            "needs": needs,
            "inputs": {name: value for name, value in _inputs(task).items() if name in looks_at or "task" in looks_at},
        }
    )


def replace_keys(value: Any, video_id: str, replace: Callable[[str], str]) -> Any:
    """A JSON value with every blob key in it replaced: every text that lies below the video's prefix."""
    if isinstance(value, dict):
        return {name: replace_keys(one, video_id, replace) for name, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [replace_keys(one, video_id, replace) for one in cast("Sequence[Any]", value)]
    if isinstance(value, str) and value.startswith(f"{video_id}/") and value.count("/") > 1:
        return replace(value)
    return value


def find_keys(outputs: Any, video_id: str, dropped: Collection[str] = ()) -> set[str]:
    """Every blob key in outputs, less those of renditions that were dropped."""
    found: set[str] = set()

    def note(key: str) -> str:
        found.add(key)
        return key

    replace_keys(_without(outputs, dropped), video_id, note)
    return found


def _without(value: Any, dropped: Collection[str]) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _without_tracks(one, dropped) if name == "tracks" else _without(one, dropped) for name, one in fields.items()}
    if isinstance(value, list):
        return [_without(one, dropped) for one in cast("list[Any]", value)]
    return value


def _without_tracks(tracks: Sequence[Any], dropped: Collection[str]) -> list[Any]:
    return [track for track in tracks if track["rendition"]["name"] not in dropped]


def _inputs(task: TaskInput) -> Mapping[str, Any]:
    """What there is besides the outputs of other tasks, under the names that `Stage.looks_at` has for it."""
    return {
        "source": None if task.source is None else task.source.model_dump(mode="json"),
        "ladder": [[rung.model_dump(mode="json") for rung in task.ladder], sorted(task.dropped)],
        "rung": None if task.rung is None else task.rung.model_dump(mode="json"),
        "piece": None if task.piece is None else _content(task.piece),
        "pieces": [_content(piece) for piece in task.pieces],
        "parts": [part.sha256 for part in task.parts],
        "task": [task.max_height, task.cover, task.file_name, [[member.stage, member.optional] for member in task.members]],
    }


def _content(landed: LandedPiece) -> list[Any]:
    return [landed.piece.model_dump(mode="json"), landed.sha256]
