"""What a data folder holds: read from files and rows beside a living server, to prove what happened and what is left."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from yeoul.pipeline.task.result_key import find_keys

CATALOGUE = "catalogue.url"  # a file in the data folder of a server whose rows are in PostgreSQL
_EMPTY_FOLDERS = ("blob/.partial", "blob/temp")
_RENDITIONS = "SELECT name, rendition FROM rendition WHERE video_id = ?"
_ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Made:
    """What exists of one video: segment indexes and frames (or audio packets) by rendition, and attempts by task.

    frames: the same samples, segment by segment.
    """

    indexes: dict[str, list[int]]
    samples: dict[str, int]
    attempts: dict[str, int]
    frames: dict[str, list[int]]


def _rows(data: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    elsewhere = data / CATALOGUE
    if elsewhere.exists():
        with psycopg.connect(elsewhere.read_text()) as connection:
            return connection.execute(statement.replace("?", "%s").encode(), values).fetchall()
    with closing(sqlite3.connect(f"file:{data / 'yeoul.db'}?mode=ro", uri=True, timeout=20)) as connection:
        return list(connection.execute(statement, values))


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def read_made(data: Path, video_id: str) -> Made:
    """What was made of a video."""
    indexes: dict[str, list[int]] = {}
    frames: dict[str, list[int]] = {}
    for name, index, segment in _rows(data, 'SELECT name, "index", segment FROM segment WHERE video_id = ? ORDER BY 1, 2', video_id):
        indexes.setdefault(name, []).append(index)
        frames.setdefault(name, []).append(_json(segment)["samples"])
    query = "SELECT task.id, attempt FROM task JOIN run ON run.id = run_id WHERE video_id = ?"
    attempts = {task.partition(".")[2]: attempt for task, attempt in _rows(data, query, video_id)}
    return Made(indexes, {name: sum(counts) for name, counts in frames.items()}, attempts, frames)


def find_streams(data: Path, video_id: str) -> dict[str, str]:
    """Keys of a video's init and media segments, by "720p init" and "720p 0"."""
    inits = {f"{name} init": _json(rendition)["init_key"] for name, rendition in _rows(data, _RENDITIONS, video_id)}
    segments = _rows(data, 'SELECT name, "index", segment FROM segment WHERE video_id = ?', video_id)
    return {**inits, **{f"{name} {index}": _json(segment)["key"] for name, index, segment in segments}}


def find_doubles(data: Path, video_id: str) -> list[str]:
    """Effects that a video shows twice: tasks that ended well more than once, attempts that count and did not, runs beside its run."""
    task = "SELECT task.id, task.state, task.attempt, count(attempt.number), coalesce(max(attempt.number), 0)"
    task += ", coalesce(sum(CASE WHEN attempt.outcome = 'done' THEN 1 ELSE 0 END), 0)"
    task += ", coalesce(max(CASE WHEN attempt.outcome = 'done' THEN attempt.number ELSE 0 END), 0)"
    task += " FROM task JOIN run ON run.id = task.run_id LEFT JOIN attempt ON attempt.task_id = task.id"
    task += " WHERE run.video_id = ? GROUP BY task.id, task.state, task.attempt"
    found: list[str] = []
    for name, state, attempt, count, last, done, done_in in _rows(data, task, video_id):
        if done != (state == "done") or (done and done_in != attempt):
            found.append(f"task {name} is {state} in attempt {attempt}, and ended well {done} times, last in {done_in}")
        if (count, last) != (attempt, attempt):
            found.append(f"task {name} has {count} attempts up to {last}, and counts {attempt}")
    runs = _rows(data, "SELECT id FROM run WHERE video_id = ?", video_id)
    return [*found, *([f"{len(runs)} runs"] if len(runs) != 1 else []), *_foreign_segments(data, video_id)]


def _foreign_segments(data: Path, video_id: str) -> list[str]:
    """Segments that are not of the attempt that ended its task."""
    query = "SELECT task.id, attempt FROM task JOIN run ON run.id = run_id WHERE video_id = ? AND task.state = 'done'"
    valid = {f"{task}-{attempt}" for task, attempt in _rows(data, query, video_id)}
    keys = [_json(segment)["key"] for (segment,) in _rows(data, "SELECT segment FROM segment WHERE video_id = ?", video_id)]
    return [f"segment {key} is of an attempt that did not count" for key in keys if key.split("/")[1] not in valid]


def find_open_attempts(data: Path) -> list[str]:
    """Attempts whose story has no end."""
    return [f"attempt {number} of {task}" for task, number in _rows(data, "SELECT task_id, number FROM attempt WHERE outcome IS NULL")]


def find_running_on(data: Path, worker: str) -> set[tuple[str, int]]:
    """(task, attempt) of what runs on a worker."""
    query = "SELECT id, attempt FROM task WHERE state = 'running' AND worker = ?"
    return {(str(task), int(attempt)) for task, attempt in _rows(data, query, worker)}


def find_done_since(data: Path, video_id: str, piece: int, since_s: float) -> list[str]:
    """Tasks of a piece that read its bytes and of which an attempt that began after a time ended well."""
    query = "SELECT task.id FROM attempt JOIN task ON task.id = task_id JOIN run ON run.id = task.run_id"
    query += " WHERE video_id = ? AND piece = ? AND attempt.started_at > ? AND attempt.outcome = 'done'"
    query += " AND op IN ('encode', 'audio') AND attempt.read_bytes > 0"
    return [str(task) for (task,) in _rows(data, query, video_id, piece, since_s)]


def find_errors(data: Path, video_id: str) -> tuple[dict[str, Any] | None, dict[str, dict[str, Any]]]:
    """(what a video's row says it failed of, why it lacks renditions)."""
    ((error, dropped),) = _rows(data, "SELECT error, dropped FROM video WHERE id = ?", video_id)
    return _json(error), _json(dropped)


def find_landed(data: Path, title: str) -> list[tuple[int, str]]:
    """(index, key) of the pieces of the video of a title that lie in the store."""
    query = 'SELECT piece."index", piece.key FROM piece JOIN upload ON upload.id = upload_id JOIN video ON video.id = video_id'
    query += " WHERE title = ? AND kind = 'piece' AND landed_at IS NOT NULL ORDER BY 1"
    return [(int(index), str(key)) for index, key in _rows(data, query, title)]


def find_state(data: Path, title: str) -> str | None:
    """The state of the video of a title, None when there is none."""
    return next((str(state) for (state,) in _rows(data, "SELECT state FROM video WHERE title = ?", title)), None)


def find_running(data: Path) -> list[str]:
    """Running tasks, by stage: "encode_all 2"."""
    query = "SELECT stage, count(*) FROM task WHERE state = 'running' GROUP BY stage ORDER BY stage"
    return [f"{stage} {count}" for stage, count in _rows(data, query)]


def count_done(data: Path, title: str, op: str) -> int:
    """How many tasks of an op have ended well for the video of a title."""
    query = "SELECT count(*) FROM task JOIN run ON run.id = run_id JOIN video ON video.id = video_id"
    ((count,),) = _rows(data, f"{query} WHERE title = ? AND op = ? AND task.state = 'done'", title, op)
    return int(count)


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
    folders = (data.with_name(f"{data.name}-scratch"), *(data / name for name in _EMPTY_FOLDERS))
    found = [str(path.relative_to(data.parent)) for folder in folders for path in _walk(folder) if _is_left(path, folder)]
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
        yield _json(segment)["key"]
    for (rendition,) in _rows(data, "SELECT rendition FROM rendition"):
        if key := _json(rendition)["init_key"]:
            yield key
    for poster, storyboard, sidecars in _rows(data, "SELECT poster_key, storyboard, sidecars FROM video"):
        yield from [poster] if poster else []
        yield from _json(sidecars).values()
        yield from _json(storyboard)["keys"] if storyboard else []


def _known_keys(data: Path) -> Iterator[str]:
    """Keys of what done tasks have made that others may use."""
    query = "SELECT video_id, outputs FROM task JOIN run ON run.id = run_id WHERE key IS NOT NULL"
    for video_id, outputs in _rows(data, query):
        yield from find_keys(_json(outputs), video_id)
