"""Result keys: the key of a task is the hash of everything that its op reads. Pure.

Tasks with the same key have the same result, so that other tasks can reuse it (`catalog/queue/result.py`, `ops/reuse.py`). Outputs of
other tasks enter the key as the digest of their content: if a changed stage has the same output as before, later stages do not run
again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast

from yeoul.pipeline.dag.definition import Stage


def hash_json(value: object) -> str:
    """Returns the SHA-256 of a JSON value in lower-case hex. Equal values have equal hashes."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def make_key(op: str, stages: Sequence[Stage], task: Mapping[str, Any], digests: Sequence[str | None]) -> str | None:
    """Returns the key of a task; None if the content of an input is unknown.

    stages: those that the task runs. task: a `TaskInput` as JSON. digests: of the outputs of its needs, in their order.
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
    """Returns a JSON value with every object key in it replaced: every string that starts with the video's prefix."""
    if isinstance(value, dict):
        return {name: replace_keys(item, video_id, replace) for name, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [replace_keys(item, video_id, replace) for item in cast("Sequence[Any]", value)]
    if isinstance(value, str) and value.startswith(f"{video_id}/") and value.count("/") > 1:
        return replace(value)
    return value


def find_keys(outputs: Any, video_id: str, dropped: Collection[str] = ()) -> set[str]:
    """Returns every object key in outputs, except those of dropped renditions."""
    keys: set[str] = set()

    def collect(key: str) -> str:
        keys.add(key)
        return key

    replace_keys(_without(outputs, dropped), video_id, collect)
    return keys


def _without(value: Any, dropped: Collection[str]) -> Any:
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {name: _without_tracks(item, dropped) if name == "tracks" else _without(item, dropped) for name, item in fields.items()}
    if isinstance(value, list):
        return [_without(item, dropped) for item in cast("list[Any]", value)]
    return value


def _without_tracks(tracks: Sequence[Any], dropped: Collection[str]) -> list[Any]:
    return [track for track in tracks if track["rendition"]["name"] not in dropped]


def _content(landed: Mapping[str, Any] | None) -> list[Any] | None:
    return None if landed is None else [landed["piece"], landed["sha256"]]


# The inputs in addition to outputs of other tasks, by the names used in `Stage.looks_at`.
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
