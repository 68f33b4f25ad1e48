"""What a data folder on embedded parts holds: read from files and rows beside a living server, to prove what happened and what is left."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yeoul.pipeline.result_key import find_keys

_EMPTY_FOLDERS = ("scratch", "blob/.partial", "blob/temp")
_ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Made:
    """What exists of one video: segment indexes and frames (or audio packets) by rendition, and attempts by task."""

    indexes: dict[str, list[int]]
    samples: dict[str, int]
    attempts: dict[str, int]


def _rows(data: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{data / 'yeoul.db'}?mode=ro", uri=True, timeout=20)) as connection:
        return list(connection.execute(statement, values))


def read_made(data: Path, video_id: str) -> Made:
    """What was made of a video."""
    indexes: dict[str, list[int]] = {}
    samples: dict[str, int] = {}
    for name, index, segment in _rows(data, 'SELECT name, "index", segment FROM segment WHERE video_id = ? ORDER BY 1, 2', video_id):
        indexes.setdefault(name, []).append(index)
        samples[name] = samples.get(name, 0) + json.loads(segment)["samples"]
    query = "SELECT task.id, attempt FROM task JOIN run ON run.id = run_id WHERE video_id = ?"
    attempts = {task.partition(".")[2]: attempt for task, attempt in _rows(data, query, video_id)}
    return Made(indexes, samples, attempts)


def find_state(data: Path, title: str) -> str | None:
    """The state of the video of a title, None when there is none."""
    return next((str(state) for (state,) in _rows(data, "SELECT state FROM video WHERE title = ?", title)), None)


def find_running(data: Path) -> list[str]:
    """Running tasks, by stage: "encode_all 2"."""
    query = "SELECT stage, count(*) FROM task WHERE state = 'running' GROUP BY stage ORDER BY stage"
    return [f"{stage} {count}" for stage, count in _rows(data, query)]


def find_encode_s(data: Path, video_id: str) -> list[float]:
    """Seconds that the encode of each piece to all its rungs lasted, in its successful attempts, by index."""
    query = (
        "SELECT sum(task.ended_at - task.started_at) FROM task JOIN run ON run.id = run_id"
        " WHERE video_id = ? AND op = 'encode' AND task.state = 'done' GROUP BY piece ORDER BY piece"
    )
    return [lasted_s for (lasted_s,) in _rows(data, query, video_id)]


def find_leftovers(data: Path) -> list[str]:
    """Everything that should be gone when no upload is open and no run goes on: temporary files, unused outputs, rows of work.

    Failed videos keep what a retry can use.
    """
    failed = {video for (video,) in _rows(data, "SELECT id FROM video WHERE state = 'failed'")}
    found = [str(path.relative_to(data)) for folder in _EMPTY_FOLDERS for path in _walk(data / folder) if _is_left(path, data / folder)]
    open_tasks = f"SELECT id, state FROM task WHERE state NOT IN {_ENDED}"
    found += [f"task {task} is {state}" for task, state in _rows(data, open_tasks)]
    found += [f"event {topic} of {video}" for topic, video in _rows(data, "SELECT topic, video_id FROM outbox")]
    used = {*_used_keys(data), *_known_keys(data)}
    encoded = data / "blob" / "encoded"
    found += [f"unused {key}" for path in _walk(encoded) if path.is_file() and (key := str(path.relative_to(encoded))) not in used]
    deleted = [video for (video,) in _rows(data, "SELECT id FROM video WHERE state = 'deleted'")]
    found += [
        f"original {path.name} of deleted {video}"
        for video in deleted
        for path in _walk(data / "blob" / "original" / video)
        if path.is_file()
    ]
    return sorted(line for line in found if not any(part in failed for part in line.replace(" ", "/").split("/")))


def find_missing(data: Path) -> list[str]:
    """Keys that rows refer to and that are not there."""
    return sorted(key for key in _used_keys(data) if not (data / "blob" / "encoded" / key).is_file())


def _walk(folder: Path) -> Iterator[Path]:
    """Everything below a folder, of which parts may vanish meanwhile."""
    for place, folders, files in os.walk(folder):
        yield from (Path(place) / name for name in (*folders, *files))


def _is_left(path: Path, folder: Path) -> bool:
    """Files, and folders right below one that should be empty; folders of deleted blobs may stay for a moment."""
    return path.is_file() or (path.parent == folder and folder.name != "temp")


def _used_keys(data: Path) -> Iterator[str]:
    for (segment,) in _rows(data, "SELECT segment FROM segment"):
        yield json.loads(segment)["key"]
    for (rendition,) in _rows(data, "SELECT rendition FROM rendition"):
        if key := json.loads(rendition)["init_key"]:
            yield key
    for poster, storyboard, sidecars in _rows(data, "SELECT poster_key, storyboard, sidecars FROM video"):
        yield from [poster] if poster else []
        yield from json.loads(sidecars).values()
        yield from json.loads(storyboard)["keys"] if storyboard else []


def _known_keys(data: Path) -> Iterator[str]:
    """Keys of what done tasks have made that others may use."""
    query = "SELECT video_id, outputs FROM task JOIN run ON run.id = run_id WHERE key IS NOT NULL"
    for video_id, outputs in _rows(data, query):
        yield from find_keys(json.loads(outputs), video_id)
