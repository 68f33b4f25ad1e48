"""`yeoul dag run`: processes one file with a definition, through the real pipeline in a temporary folder, without a server."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from yeoul import bootstrap
from yeoul.base.clock import SystemClock
from yeoul.base.errors import InvalidError
from yeoul.base.ids import new_id
from yeoul.base.settings import Settings
from yeoul.blob.store import BlobStore, Bucket
from yeoul.catalog.account import account
from yeoul.catalog.database import Database
from yeoul.catalog.queue import run as run_rows
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.video import audio_track, caption, stream, video
from yeoul.cli.connection import EXIT_FAILED
from yeoul.delivery import static
from yeoul.delivery.catalogue_view import make_presentation
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.story.dag_drawing import draw_run
from yeoul.pipeline.story.run import read_timeline
from yeoul.pipeline.story.timeline_drawing import draw_timeline
from yeoul.upload.service import OpenUpload, UploadService
from yeoul.upload.session import Declared

_ENDED = ("ready", "failed")


def run(arguments: argparse.Namespace, definition: Definition) -> int:
    """Processes the file and returns the exit code: 0 if the video is ready, 3 if it failed. Raises InvalidError if there is no file."""
    source, out = arguments.input, arguments.out
    if not source.is_file():
        raise InvalidError(f"the file {source} does not exist", field="INPUT")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yeoul-run-")))
        settings = _private_settings(folder, source.stat().st_size)
        database = bootstrap.make_database(settings)
        stack.callback(database.close)
        video_id = _run(settings, database, definition, source)
        report = _report(database, video_id)
        out.mkdir(parents=True, exist_ok=True)
        _write_timeline(database, video_id, out)
        _export(settings, database, video_id, out)
    print(json.dumps(report)) if arguments.json else _print(report, out)
    return 0 if report["state"] == "ready" else EXIT_FAILED


def _private_settings(folder: Path, size_bytes: int) -> Settings:
    """Returns this machine's settings with a database and blob store in `folder`."""
    settings = bootstrap.open_settings(folder / "data", catalog={"url": ""}, blob={"url": ""})
    upload = settings.upload.model_copy(update={"max_piece_bytes": size_bytes, "max_source_bytes": size_bytes})
    return settings.model_copy(update={"upload": upload})


def _run(settings: Settings, database: Database, definition: Definition, source: Path) -> str:
    clock = SystemClock()
    store = bootstrap.make_store(settings, clock)
    engine = bootstrap.make_engine(settings)
    dispatcher = bootstrap.make_dispatcher(settings, database, engine, store, clock, {definition.name: definition})
    try:
        video_id = _upload(settings, database, store, definition, source)
        while _state(database, video_id) not in _ENDED:
            dispatcher.step(0.1)
    finally:
        engine.close()
        dispatcher.close()
    return video_id


def _upload(settings: Settings, database: Database, store: BlobStore, definition: Definition, source: Path) -> str:
    """Creates a video and uploads the file as a single part; returns the video's id."""
    clock = SystemClock()
    now_s = clock.now()
    owner_id, video_id = new_id(now_s), new_id(now_s)
    fields = {"title": source.name, "description": "", "visibility": "private", "pipeline": definition.name}
    with database.write() as connection:
        account.add_account(connection, owner_id, "local", "local@localhost", "", "maker", now_s)
        video.add(connection, {"id": video_id, "owner_id": owner_id, **fields}, now_s)
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    uploads = UploadService(database, store, lambda: settings.upload, clock)
    size_bytes = source.stat().st_size
    row, _ = uploads.open(video_id, OpenUpload(mode="whole", file_name=source.name, size_bytes=size_bytes, fingerprint=sha256))
    uploads.declare(row["id"], [Declared(index=0, size_bytes=size_bytes, sha256=sha256)])
    copy = settings.data / source.name
    shutil.copyfile(source, copy)
    (part,) = uploads.status(row["id"])[1]
    store.put_file(Bucket.ORIGINAL, part["key"], copy)
    uploads.land(row["id"], [0])
    uploads.complete(row["id"], 1)
    return video_id


def _state(database: Database, video_id: str) -> str:
    with database.read() as connection:
        return str(video.get(connection, video_id)["state"])


def _report(database: Database, video_id: str) -> dict[str, Any]:
    with database.read() as connection:
        row = video.get(connection, video_id)
        current = run_rows.find_of_video(connection, video_id)
        tasks = queue_view.of_run(connection, current["id"]) if current is not None else []
    return {
        "state": row["state"],
        "error": None if row["error"] is None else {name: row["error"][name] for name in ("code", "message")},
        "dropped": sorted(row["dropped"]),
        "sidecars": sorted(row["sidecars"]),
        "tasks": [{name: task[name] for name in ("stage", "piece", "rung", "op", "state", "attempt", "cpu_s")} for task in tasks],
    }


def _export(settings: Settings, database: Database, video_id: str, out: Path) -> None:
    """Writes the video's streams, as files for a static web server, and its sidecars."""
    store = bootstrap.make_store(settings, SystemClock())
    with database.read() as connection:
        row = video.get(connection, video_id)
        captions, tracks = caption.of_video(connection, video_id), stream.tracks(connection, video_id, row["edition"])
        presentation = make_presentation(row, tracks, captions, audio_track.of_video(connection, video_id), settings.media.piece_s)
    if presentation is not None:
        texts = {row["name"]: row["webvtt"] for row in captions}
        for name, content in static.make_texts(presentation, texts).items():
            _write(out / name, content.encode())
        for name, key in static.make_files(presentation).items():
            _write(out / name, store.get_bytes(Bucket.ENCODED, key))
    for name, key in {**row["sidecars"], **({"poster.jpg": row["poster_key"]} if row["poster_key"] else {})}.items():
        _write(out / name, store.get_bytes(Bucket.ENCODED, key))


def _write_timeline(database: Database, video_id: str, out: Path) -> None:
    """Writes the timeline as timeline.json and timeline.svg, and the stages with their times as dag.svg."""
    with database.read() as connection:
        current = run_rows.find_of_video(connection, video_id)
        if current is None:
            return
        timeline = read_timeline(connection, current, SystemClock().now())
    _write(out / "timeline.json", timeline.model_dump_json(indent=1).encode())
    _write(out / "timeline.svg", draw_timeline(timeline).encode())
    _write(out / "dag.svg", draw_run(Definition.model_validate(current["definition"]), timeline).encode())


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _print(report: Mapping[str, Any], out: Path) -> None:
    table = Table("stage", "tasks", "done", "attempts", "CPU s", box=None)
    stages: dict[str, list[Mapping[str, Any]]] = {}
    for task in report["tasks"]:
        stages.setdefault(task["stage"], []).append(task)
    for stage, tasks in stages.items():
        done = sum(task["state"] == "done" for task in tasks)
        table.add_row(
            stage, str(len(tasks)), str(done), str(sum(task["attempt"] for task in tasks)), f"{sum(task['cpu_s'] for task in tasks):.2f}"
        )
    Console().print(table)
    if report["error"] is not None:
        print(f"failed: {report['error']['message']} ({report['error']['code']})", file=sys.stderr)
    print(f"{report['state']}: {out}")
