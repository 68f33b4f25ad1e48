"""The only place that picks concrete parts: settings in, wired objects out."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from yeoul.base.clock import Clock, SystemClock
from yeoul.base.errors import InvalidError
from yeoul.base.settings import Settings, load_settings
from yeoul.blob.local import LocalStore
from yeoul.blob.store import BlobStore
from yeoul.media.limits import Limits
from yeoul.model.work import Slots, Work

if TYPE_CHECKING:
    from fastapi import FastAPI

    from yeoul.catalog.database import Database
    from yeoul.pipeline.dispatcher import Dispatcher
    from yeoul.pipeline.engine import Engine

RUNNER = "yeoul.bootstrap:make_runner"


def web_folder() -> Path:
    """The built web app."""
    return Path(str(files("yeoul"))) / "web_dist"


def read_secret(data: Path) -> bytes:
    """The server's secret, made on first use with mode 0600; all signatures derive from it."""
    path = data / "secret.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
        written = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(written, path)  # the first of several starters wins
        except FileExistsError:
            pass
        finally:
            written.unlink()
        return path.read_bytes()


def public_url(settings: Settings) -> str:
    """Where browsers find this server."""
    server = settings.server
    host = "localhost" if server.host in {"0.0.0.0", "127.0.0.1", "::"} else server.host  # noqa: S104
    return server.public_url.rstrip("/") or f"http://{host}:{server.port}"


def make_store(settings: Settings, clock: Clock) -> BlobStore:
    """The blob store that the settings name."""
    if not settings.blob.url:
        return LocalStore(settings.data / "blob", public_url(settings), read_secret(settings.data), settings.blob.reserve_bytes)
    from yeoul.blob.s3 import S3Place, S3Store  # noqa: PLC0415 (obstore starts threads, which the zygote must not have)
    from yeoul.blob.sigv4 import Credentials  # noqa: PLC0415

    parsed = urlsplit(settings.blob.url)
    if parsed.scheme != "s3":
        raise InvalidError("blob.url must be empty or s3://HOST:PORT/PREFIX", field="blob.url")
    scheme = "http" if settings.blob.insecure else "https"
    credentials = Credentials(settings.blob.access_key, settings.blob.secret_key, settings.blob.region)
    return S3Store(S3Place(f"{scheme}://{parsed.netloc}", parsed.path.strip("/"), credentials), clock)


def make_limits(settings: Settings) -> Limits:
    """Limits of media operations."""
    return Limits(max_pixels=settings.media.max_pixels, max_duration_s=settings.media.max_duration_s)


def make_slots(settings: Settings) -> Slots:
    """What this machine's worker offers."""
    memory_bytes = settings.engine.memory_bytes or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return Slots(cpu=float(settings.engine.workers or _count_cores()), memory_bytes=memory_bytes)


def _count_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# --- the worker's side ---


def make_runner(config: Mapping[str, Any]) -> Callable[[Work, Path, Callable[[float], None]], dict[str, Any]]:
    """What the zygote loads once: runs a work's op in the forked child. config: {"settings": ...} without database credentials."""
    from yeoul.pipeline.ops.context import Context  # noqa: PLC0415
    from yeoul.pipeline.ops.registry import OPS  # noqa: PLC0415
    from yeoul.pipeline.task_data import TaskInput  # noqa: PLC0415

    settings = Settings.model_validate(config["settings"])
    limits = make_limits(settings)
    clock = SystemClock()

    def run(work: Work, scratch: Path, progress: Callable[[float], None]) -> dict[str, Any]:
        task = TaskInput.model_validate(work.params)
        if work.op not in OPS:
            raise InvalidError(f"this worker has no op {work.op}", op=work.op)
        store = make_store(settings, clock)
        context = Context(store, scratch, limits, work.output_prefix, task.video_id, settings.media.piece_s, progress)
        return OPS[work.op](context, task).model_dump(mode="json")

    return run


# --- the pipeline's side ---


def make_database(settings: Settings) -> Database:
    """The catalogue, with its tables brought up to date."""
    from yeoul.catalog.database import Database  # noqa: PLC0415
    from yeoul.catalog.migrate import migrate  # noqa: PLC0415

    settings.data.mkdir(parents=True, exist_ok=True)
    database = Database(settings.catalog.url or f"sqlite:///{settings.data / 'yeoul.db'}")
    migrate(database)
    return database


def read_definitions() -> dict[str, str]:
    """The built-in DAG definitions: YAML text by name."""
    folder = files("yeoul.pipeline") / "dags"
    return {entry.name.removesuffix(".yaml"): entry.read_text() for entry in folder.iterdir() if entry.name.endswith(".yaml")}


def make_engine(settings: Settings) -> Engine:
    """The local engine; its workers see no database."""
    from yeoul.engine.local import LocalEngine  # noqa: PLC0415

    plain = settings.model_copy(update={"data": settings.data.resolve(), "catalog": type(settings.catalog)()})
    return LocalEngine(make_slots(settings), RUNNER, {"settings": plain.model_dump(mode="json")}, settings.data / "scratch")


def make_dispatcher(settings: Settings, database: Database, engine: Engine, store: BlobStore, clock: Clock) -> Dispatcher:
    """The pipeline's loop with everything behind it."""
    from yeoul.base.ids import new_id  # noqa: PLC0415
    from yeoul.pipeline.completion_handler import CompletionHandler  # noqa: PLC0415
    from yeoul.pipeline.dag import parse_definition  # noqa: PLC0415
    from yeoul.pipeline.dispatcher import Dispatcher  # noqa: PLC0415
    from yeoul.pipeline.op_names import OP_NAMES  # noqa: PLC0415
    from yeoul.pipeline.preprocessor import Preprocessor  # noqa: PLC0415
    from yeoul.pipeline.run_book import RunBook  # noqa: PLC0415
    from yeoul.pipeline.sweeper import Sweeper  # noqa: PLC0415

    definitions = {name: parse_definition(text, f"{name}.yaml", OP_NAMES) for name, text in read_definitions().items()}
    book = RunBook()
    return Dispatcher(
        database,
        engine,
        Preprocessor(book, definitions.__getitem__),
        book,
        CompletionHandler(),
        # An address for sending must not outlive its upload.
        Sweeper(database, store, max(settings.upload.expire_s, settings.upload.url_ttl_s)),
        clock,
        owner=new_id(clock.now()),
        room=lambda: store.free_bytes() != 0,
        lease_s=settings.pipeline.lease_s,
        heartbeat_s=settings.pipeline.heartbeat_s,
    )


# --- the API's side ---


def make_api(settings: Settings, database: Database, store: BlobStore, clock: Clock) -> FastAPI:
    """The ASGI application."""
    from yeoul.api.app import make_app  # noqa: PLC0415
    from yeoul.api.deps import Parts  # noqa: PLC0415
    from yeoul.delivery.access import StreamAccess  # noqa: PLC0415
    from yeoul.delivery.catalogue_view import PresentationCache  # noqa: PLC0415
    from yeoul.upload.service import UploadService  # noqa: PLC0415

    parts = Parts(
        settings=settings,
        database=database,
        store=store,
        uploads=UploadService(database, store, settings.upload, clock),
        access=StreamAccess(read_secret(settings.data)),
        presentations=PresentationCache(database, clock, settings.media.piece_s),
        clock=clock,
        web=web_folder(),
        pipelines=frozenset(read_definitions()),
    )
    return make_app(parts)


def open_settings(data: Path | None = None, **overrides: Any) -> Settings:
    """Settings of this process: `yeoul.toml` in the working folder, the environment, then what the command line says."""
    if data is not None:
        overrides["data"] = str(data)
    settings = load_settings(Path("yeoul.toml"), **overrides)
    return settings.model_copy(update={"data": settings.data.resolve()})
