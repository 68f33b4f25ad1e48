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

from yeoul.pipeline.dag.definition import Stage


def hash_json(value: object) -> str:
    """SHA-256 of a JSON value, the same for equal values; lower-case hex."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def make_key(op: str, stages: Sequence[Stage], task: Mapping[str, Any], digests: Sequence[str | None]) -> str | None:
    """The key of a task; None when an input is not known by its content.

    stages: those that the task runs. task: a `TaskInput` in its wire form. digests: of what its needs gave, in their order.
    """
    needs: list[Any] = []
    for need, digest in zip(task["needs"], digests, strict=True):
        if need["outputs"] is not None and digest is None:
            return None
        needs.append([need["op"], need["piece"], need["rung"], None if need["outputs"] is None else digest])
    looks_at = {name for stage in stages for name in stage.looks_at}
    names = [name for name in _INPUTS if name in looks_at or "task" in looks_at]
    return hash_json(
        {
            "op": op,
            "stages": [[stage.op, stage.version, stage.parameters] for stage in stages],
            "needs": needs,
            "inputs": {name: _INPUTS[name](task) for name in names},
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


def _content(landed: Mapping[str, Any] | None) -> list[Any] | None:
    return None if landed is None else [landed["piece"], landed["sha256"]]


# What there is besides the outputs of other tasks, under the names that `Stage.looks_at` has for it.
_INPUTS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "source": lambda task: task["source"],
    "ladder": lambda task: [task["ladder"], sorted(task["dropped"])],
    "rung": lambda task: task.get("rung"),
    "piece": lambda task: _content(task.get("piece")),
    "pieces": lambda task: [_content(piece) for piece in task.get("pieces", ())],
    "sound": lambda task: None if task.get("sound") is None else [task["sound"][name] for name in ("name", "sound", "sha256")],
    "parts": lambda task: [part["sha256"] for part in task.get("parts", ())],
    "task": lambda task: [
        *(task["max_height"], task["cover"], task["file_name"]),
        [[member["stage"], member["optional"]] for member in task.get("members", ())],
    ],
}
