"""Creates and connects all parts of Yeoul from the settings. Only this module chooses implementations."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from yeoul.base.clock import Clock, SystemClock
from yeoul.base.errors import DagError, InvalidError, StartError, UnavailableError
from yeoul.base.machine import count_cores, find_memory_bytes
from yeoul.base.sandbox.confine import Sandbox, find_missing_parts
from yeoul.base.settings import Settings, apply_changes, load_settings
from yeoul.blob.counted import CountingStore
from yeoul.blob.hosted import HostedStore
from yeoul.blob.local import LocalStore
from yeoul.blob.store import BlobStore
from yeoul.model.work import TRAFFIC, Slots, Work

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy import Connection
    from starlette.types import ASGIApp, Scope

    from yeoul.api.deps import Parts
    from yeoul.api.stream_app import StreamApp
    from yeoul.catalog.database import Database
    from yeoul.catalog.schema.row.outgoing import WebhookRow
    from yeoul.delivery.stream_cache import StreamCache
    from yeoul.identity.mailing import MailSender
    from yeoul.mail.mailer import Mailer
    from yeoul.media.limits import Limits
    from yeoul.pipeline.dag.definition import Definition
    from yeoul.pipeline.dispatcher import Dispatcher
    from yeoul.pipeline.engine import Engine
    from yeoul.pipeline.resource.manager import Policy
    from yeoul.pipeline.story.tracer import Tracer
    from yeoul.pipeline.task.data import Output, TaskInput
    from yeoul.webhook.sender import WebhookSender

RUNNER = "yeoul.bootstrap:make_runner"
_MAX_SECRET_BYTES = 64 * 2**10


def web_folder() -> Path:
    """Returns the folder of the built web app."""
    return Path(str(files("yeoul"))) / "web_dist"


def read_secret(data: Path) -> bytes:
    """Returns the server secret, from which all signatures derive; creates it on first use with mode 0600."""
    path = data / "secret.key"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        data.mkdir(parents=True, exist_ok=True)
        partial_file = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(partial_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial_file, path)  # if several processes start at once, the first one wins
        except FileExistsError:
            pass
        finally:
            partial_file.unlink()
        return path.read_bytes()


def public_url(settings: Settings) -> str:
    """Returns the URL at which browsers reach this server."""
    server = settings.server
    host = "localhost" if server.host in {"0.0.0.0", "127.0.0.1", "::"} else server.host  # noqa: S104
    return server.public_url.rstrip("/") or f"http://{host}:{server.port}"


def make_store(settings: Settings, clock: Clock, *, signs: bool = True) -> BlobStore:
    """Returns the configured blob store. signs: if False, the embedded store does not read the server secret, and cannot sign URLs."""
    if not settings.blob.url:
        secret = read_secret(settings.data) if signs else secrets.token_bytes(32)
        return LocalStore(settings.data / "blob", "", secret, settings.blob.reserve_bytes)
    from yeoul.blob.s3 import S3Place, S3Store  # obstore starts threads, but the zygote must have only one
    from yeoul.blob.sigv4 import Credentials

    parsed = urlsplit(settings.blob.url)
    if parsed.scheme != "s3":
        raise InvalidError("blob.url must be empty or s3://HOST:PORT/PREFIX", field="blob.url")
    scheme = "http" if settings.blob.insecure else "https"
    credentials = Credentials(settings.blob.access_key, settings.blob.secret_key, settings.blob.region)
    return S3Store(S3Place(f"{scheme}://{parsed.netloc}", parsed.path.strip("/"), credentials), clock)


def make_limits(settings: Settings) -> Limits:
    """Returns the limits of media operations."""
    from yeoul.media.limits import Limits

    return Limits(max_pixels=settings.media.max_pixels, max_duration_s=settings.media.max_duration_s)


def make_slots(settings: Settings) -> Slots:
    """Returns the slots of this machine's worker."""
    memory_bytes = settings.engine.memory_bytes or find_memory_bytes() // 2
    tags = tuple(tag for tag in settings.engine.tags.split(",") if tag)
    return Slots(cpu=float(settings.engine.workers or count_cores()), memory_bytes=memory_bytes, gpu=settings.engine.gpus, tags=tags)


def make_policy(settings: Settings) -> Policy:
    """Returns the policy of the resource manager."""
    from yeoul.pipeline.resource.manager import Policy
    from yeoul.pipeline.resource.overload import Limits as OverloadLimits

    pipeline = settings.pipeline
    limits = OverloadLimits(defer_after_s=pipeline.defer_after_s, park_after_s=pipeline.park_after_s)
    return Policy(account_running=pipeline.account_running, overload=limits)


# --- the worker's side ---


def make_runner(config: Mapping[str, Any]) -> Callable[[Work, Path, Callable[[float], None]], dict[str, Any]]:
    """Returns the function that runs a task's op in a forked child. The zygote calls this once.

    config: {"settings": ..., "secret": ...}: settings without credentials, and the descriptor of a file with the store's credentials as
    JSON.
    """
    from yeoul.engine.local.attempt import describe
    from yeoul.engine.local.confined import Ask, Confined, Folders
    from yeoul.pipeline.ops.context import Context
    from yeoul.pipeline.ops.registry import load_ops
    from yeoul.pipeline.ops.reuse import run_or_reuse
    from yeoul.pipeline.ops.runner import OpRunner
    from yeoul.pipeline.ops.task_store import SandboxStore, StoreGate
    from yeoul.pipeline.task.data import TaskInput

    settings = Settings.model_validate(config["settings"])
    limits = make_limits(settings)
    clock = SystemClock()
    files = op_files(settings)
    runner = OpRunner(load_ops(files, network_ops(settings)))

    def run(work: Work, scratch: Path, progress: Callable[[float], None]) -> dict[str, Any]:
        task = TaskInput.model_validate(work.params)
        folders = Folders.make(scratch, settings.engine.user)

        def body(ask: Ask, tell: Callable[[float], None]) -> bytes:
            folders.make_current()
            task_store = SandboxStore(ask, folders.work)
            context = Context(task_store, folders.work, limits, work.output_prefix, task.video_id, settings.media.piece_s, tell, runner.run)
            return runner.run(work.op, context, task).model_dump_json().encode()

        room = Sandbox(
            readable=(folders.inputs, *files),
            writable=(folders.work,),
            mount_point=folders.root,
            hidden=(settings.data,),
            user=settings.engine.user,
            network=runner.has_network_access(work.op, [member.op for member in task.members]),
        )
        # The sandbox starts as a copy of this process's memory, so credentials are read only after it has started.
        with Confined(room, body, partial(describe, work.op)) as confined:
            store = CountingStore(make_store(_with_credentials(settings, config["secret"]), clock, signs=False))
            gate = StoreGate(store, work, folders.inputs, folders.work, folders.taken)

            def run_in_sandbox(_: TaskInput) -> Output:
                output = runner.parse_output(work.op, confined.run(gate.handle_request, progress))
                gate.check_outputs(output.model_dump(mode="json"))
                return output

            try:
                outputs = run_or_reuse(work, store, run_in_sandbox)
            except BaseException as error:
                vars(error)[TRAFFIC] = store.traffic
                raise
        return {**outputs, TRAFFIC: store.traffic}

    return run


def _with_credentials(settings: Settings, secret: int) -> Settings:
    """Returns the settings with the store's credentials. secret: descriptor of a file with the credentials as JSON."""
    credentials = json.loads(os.pread(secret, _MAX_SECRET_BYTES, 0))
    return settings.model_copy(update={"blob": settings.blob.model_copy(update=credentials)})


# --- the pipeline's side ---


def open_data(data: Path) -> None:
    """Creates the data folder with access for this user only, or restricts the access of an existing one.

    Raises StartError if the folder is not writable, or is shared by all users like /tmp, since restricting it would lock them out.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = data.stat()
        if status.st_mode & stat.S_ISVTX:
            raise StartError(f"the data folder {data} is shared by all users; use a subfolder instead", folder=str(data))
        if status.st_mode & 0o077 and status.st_uid == os.geteuid():
            data.chmod(0o700)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise StartError(f"cannot write to the data folder {data}: {error.strerror}", folder=str(data)) from error


def _has_space(scratch: Path, reserve_bytes: int) -> bool:
    """True if tasks may start, because the scratch disk has more free space than the reserve."""
    return shutil.disk_usage(scratch).free > reserve_bytes


def open_scratch(settings: Settings) -> Path:
    """Returns the folder for scratch folders, and creates it if needed. Other users can pass through it, but cannot list it.

    Raises StartError if the folder is not writable, or is inside the data folder.
    """
    data = settings.data.resolve()
    folder = Path(settings.engine.scratch).resolve() if settings.engine.scratch else data.with_name(f"{data.name}-scratch")
    if folder.is_relative_to(data) or data.is_relative_to(folder):
        raise StartError(f"the scratch folder {folder} must be outside the data folder {data}; set engine.scratch", folder=str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        message = f"cannot write to the scratch folder {folder}: {error.strerror}; set engine.scratch to another folder"
        raise StartError(message, folder=str(folder)) from error
    return folder


def make_database(settings: Settings, *, busy_s: float = 20.0) -> Database:
    """Returns the database, after migrating it to the current version. busy_s: how long to wait for other writers.

    Raises StartError, DatabaseTooNewError or DatabaseDamagedError if it cannot be used, InvalidError if its URL is wrong,
    UnavailableError if another process writes to it for too long.
    """
    from yeoul.catalog.database import Database
    from yeoul.catalog.migrate import migrate

    open_data(settings.data)
    database = Database(settings.catalog.url or f"sqlite:///{settings.data / 'yeoul.db'}", busy_s)
    try:
        migrate(database)
    except UnavailableError as error:
        if not settings.catalog.url:
            raise
        # Only whoever starts a server is told what the database's client says: it names the host and the user.
        reason = str(getattr(error.__cause__, "orig", error.message)).partition("\n")[0]
        raise StartError(f"the database cannot be used: {reason}; check catalog.url") from error
    return database


def lock_pipeline(settings: Settings) -> IO[str] | None:
    """Locks the data folder for one pipeline; returns the lock file, or None if pipelines may share the database (PostgreSQL).

    Raises StartError if another pipeline holds the lock.
    """
    if settings.catalog.url and not settings.catalog.url.startswith("sqlite"):
        return None
    message = f"another pipeline uses {settings.data}; to run several pipelines, use PostgreSQL (catalog.url)"
    return lock_file(settings.data / "pipeline.lock", message)


def lock_file(path: Path, message: str) -> IO[str]:
    """Returns a file that is locked until it is closed. Raises StartError with the message `message` if another process holds the lock."""
    open_data(path.parent)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise StartError(message, folder=str(path.parent)) from error
    return file


def check_port(settings: Settings) -> None:
    """Raises StartError if another program listens on the port, because the web server would share it and get only some requests."""
    host, port = settings.server.host, settings.server.port
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = "is used by another program" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        raise StartError(f"port {port} of {host} {reason}", host=host, port=port) from error


def read_definitions(settings: Settings | None = None) -> dict[str, str]:
    """Returns the built-in DAG definitions and those in the folder `pipeline.dags`, as YAML text by name."""
    folders = [
        files("yeoul.pipeline") / "dags",
        *([Path(settings.pipeline.dags)] if settings is not None and settings.pipeline.dags else []),
    ]
    entries = [entry for folder in folders for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return {entry.name.removesuffix(".yaml"): entry.read_text() for entry in entries}


def op_files(settings: Settings) -> list[Path]:
    """Returns the Python files with users' ops."""
    return [Path(name).resolve() for name in settings.pipeline.ops.split(":") if name]


def network_ops(settings: Settings) -> list[str]:
    """Returns the names of ops that may use the network."""
    return [name for name in settings.engine.network_ops.split(",") if name]


def load_definitions(settings: Settings) -> dict[str, Definition]:
    """Returns all definitions, compiled in a child process, so that users' code never runs in a process with database credentials.

    Raises DagError with all problems.
    """
    from yeoul.pipeline.dag.definition import Definition

    ops = [str(path) for path in op_files(settings)]
    request = {"ops": ops, "network_ops": network_ops(settings), "definitions": read_definitions(settings)}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("YEOUL_")}
    child = [sys.executable, "-m", "yeoul.pipeline.dag.compile_process"]
    done = subprocess.run(child, input=json.dumps(request), capture_output=True, text=True, env=environ, check=False)
    if done.returncode != 0:
        raise DagError(done.stderr.strip() or "cannot compile the DAG definitions")
    return {name: Definition.model_validate(tree) for name, tree in json.loads(done.stdout).items()}


def make_engine(settings: Settings) -> Engine:
    """Returns the local engine. Its workers get no settings of the database and mail server, and sandboxes no credentials of the store."""
    from yeoul.engine.local.engine import LocalEngine

    credentials = {"access_key": settings.blob.access_key, "secret_key": settings.blob.secret_key}
    redacted = {
        "catalog": type(settings.catalog)(),
        "mail": type(settings.mail)(),
        "blob": settings.blob.model_copy(update=dict.fromkeys(credentials, "")),
    }
    worker_settings = settings.model_copy(update={"data": settings.data.resolve(), **redacted}).model_dump(mode="json")
    name = settings.engine.name or socket.gethostname()
    return LocalEngine(
        make_slots(settings), RUNNER, {"settings": worker_settings}, open_scratch(settings), name, secret=json.dumps(credentials).encode()
    )


def make_tracer(settings: Settings, database: Database) -> Tracer | None:
    """Returns the tracer if a collector is configured, else None. Raises InvalidError if the packages for it are not installed."""
    if not settings.telemetry.otlp_endpoint:
        return None
    try:
        from yeoul.pipeline.story.tracer import Tracer  # its packages are optional
    except ImportError as error:
        message = f"telemetry.otlp_endpoint needs the extra otel: pip install 'yeoul[otel]' ({error})"
        raise InvalidError(message, field="telemetry.otlp_endpoint") from error
    return Tracer(database, settings.telemetry.otlp_endpoint)


def make_dispatcher(
    settings: Settings,
    database: Database,
    engine: Engine,
    store: BlobStore,
    clock: Clock,
    definitions: Mapping[str, Definition] | None = None,
    tracer: Tracer | None = None,
) -> Dispatcher:
    """Returns the dispatcher with all its parts. definitions: by name, replaces the configured ones."""
    from yeoul.base.ids import new_id
    from yeoul.pipeline.completion_handler import CompletionHandler
    from yeoul.pipeline.dispatcher import Dispatcher
    from yeoul.pipeline.options import DispatchOptions
    from yeoul.pipeline.preprocessor import Preprocessor
    from yeoul.pipeline.scheduler_cache import SchedulerCache
    from yeoul.pipeline.sweeper import Sweeper

    active = load_definitions(settings) if definitions is None else definitions
    schedulers = SchedulerCache()
    scratch = open_scratch(settings)
    return Dispatcher(
        database,
        engine,
        Preprocessor(schedulers, active),
        schedulers,
        CompletionHandler(),
        # An upload must not be swept while a presigned URL of it is still valid.
        Sweeper(
            *(database, store, max(settings.upload.expire_s, settings.upload.url_ttl_s)),
            lambda: _read_live(settings, database).video.trash_days * 86400.0,
        ),
        clock,
        new_id(clock.now()),
        DispatchOptions(settings.pipeline.lease_s, settings.pipeline.heartbeat_s, make_policy(settings)),
        has_space=lambda: store.free_bytes() != 0 and _has_space(scratch, settings.blob.reserve_bytes),
        on_run_ended=(lambda _: None) if tracer is None else tracer.enqueue,
    )


# --- the API's side ---


def _read_live(settings: Settings, database: Database) -> Settings:
    """Returns the settings with the changes that admins have made since the start."""
    from yeoul.catalog.account import setting

    with database.read() as connection:
        return apply_changes(settings, setting.all_overrides(connection))


def _describe(text: str) -> dict[str, Any]:
    """Returns a definition's description and upload mode, without checking the definition, which is the pipeline's task."""
    import yaml

    try:
        # CSafeLoader, where libyaml is there, is as safe and ten times as fast.
        tree: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 (both loaders are safe)
    except yaml.YAMLError:
        tree = None
    fields = cast("dict[str, Any]", tree) if isinstance(tree, dict) else {}
    return {"description": str(fields.get("description", "")), "whole": fields.get("upload") == "whole"}


def find_missing_sandbox_parts(settings: Settings) -> tuple[str, ...]:
    """Returns the parts of the sandbox that this machine lacks, by entering one. This process must have only one thread."""
    with tempfile.TemporaryDirectory(prefix="yeoul-sandbox-") as folder:
        return find_missing_parts(Path(folder), settings.engine.user)


def make_api(settings: Settings, database: Database, store: BlobStore, clock: Clock, sandbox_lacks: tuple[str, ...] = ()) -> FastAPI:
    """Returns the ASGI application. sandbox_lacks: the result of `find_missing_sandbox_parts`, for `/readyz`."""
    from yeoul.api.app import make_app
    from yeoul.api.deps import Parts, PipelineInfo
    from yeoul.api.metrics.pipeline import PipelineMetrics
    from yeoul.api.response_cache import ResponseCache
    from yeoul.api.video.followers import Followers
    from yeoul.delivery.access import StreamAccess
    from yeoul.insight.collector import BeaconCollector
    from yeoul.media.picture.drawing import Drawing
    from yeoul.upload.service import UploadService
    from yeoul.upload.track_service import TrackService

    parts = Parts(
        settings=settings,
        database=database,
        store=store,
        uploads=UploadService(database, store, lambda: _read_live(settings, database).upload, clock),
        tracks=TrackService(database, store, lambda: _read_live(settings, database).upload, clock),
        access=StreamAccess(read_secret(settings.data)),
        streams=make_stream_cache(settings, database, clock),
        clock=clock,
        web=web_folder(),
        pipelines={name: PipelineInfo(**_describe(text)) for name, text in read_definitions(settings).items()},
        metrics=PipelineMetrics(database, clock.now()),
        secret=read_secret(settings.data),
        response_cache=ResponseCache(database),
        beacons=BeaconCollector(database, clock, read_secret(settings.data)),
        followers=Followers(database),
        drawing=Drawing(settings.engine.user),
        missing_sandbox_features=sandbox_lacks,
    )
    return make_app(parts)


def make_stream_cache(settings: Settings, database: Database, clock: Clock) -> StreamCache:
    """Returns the cache of stream indexes."""
    from yeoul.delivery.stream_cache import StreamCache

    return StreamCache(database, clock, settings.media.piece_s, settings.server.stream_index_mb * 2**20)


def _limit_concurrency(settings: Settings, app: ASGIApp) -> ASGIApp:
    """Returns an application that works on a few requests of an address at a time."""
    from yeoul.api.concurrency_limit import ConcurrencyLimit

    return ConcurrencyLimit(app, _make_address_finder(settings))


def _make_address_finder(settings: Settings) -> Callable[[Scope], str]:
    """Returns the function that finds the address by which requests take turns."""
    from fastapi import Request

    from yeoul.api.client_address import client_address
    from yeoul.identity.attempt_throttle import make_address_key

    return lambda scope: make_address_key(client_address(Request(scope), settings.server))


def _make_stream_app(settings: Settings, streams: StreamCache, store: BlobStore, clock: Clock) -> StreamApp:
    from yeoul.api.stream_app import StreamApp
    from yeoul.delivery.access import StreamAccess

    access = StreamAccess(read_secret(settings.data))
    return StreamApp(streams, access, store, clock, lambda app: _limit_concurrency(settings, app))


def make_site(api: FastAPI) -> ASGIApp:
    """Returns the application of the role `api`: the applications for streams, blobs and pages in front of the API."""
    from yeoul.api.concurrency_limit import Turns
    from yeoul.api.file.pages import Pages
    from yeoul.api.file.receiver import Receiver
    from yeoul.api.front import Front
    from yeoul.api.metrics.requests import RequestMetrics

    parts: Parts = api.state.parts
    receiver = None
    if isinstance(parts.store, HostedStore):
        receiver = Receiver(parts.store, parts.database, parts.clock, Turns(_make_address_finder(parts.settings)))
    pages = RequestMetrics(Pages(parts, lambda app: _limit_concurrency(parts.settings, app)))
    return Front(_make_stream_app(parts.settings, parts.streams, parts.store, parts.clock), api, receiver=receiver, pages=pages)


def make_edge_site(settings: Settings, streams: StreamCache, store: BlobStore, clock: Clock) -> ASGIApp:
    """Returns the application of the role `edge`: the stream path alone."""
    from yeoul.api.edge import make_probes
    from yeoul.api.front import Front

    return Front(_make_stream_app(settings, streams, store, clock), make_probes())


def make_mailer(settings: Settings) -> Mailer:
    """Returns the configured mailer."""
    mail = settings.mail
    if not mail.smtp_host:
        from yeoul.mail.folder import FolderMailer

        return FolderMailer(settings.data / "mail", mail.sender)
    from yeoul.mail.smtp import SmtpMailer, SmtpServer

    server = SmtpServer(mail.smtp_host, mail.smtp_port, mail.smtp_user, mail.smtp_password, mail.smtp_security)
    return SmtpMailer(server, mail.sender)


def make_mail_sender(settings: Settings, database: Database, clock: Clock) -> MailSender:
    """Returns the sender of queued mails."""
    from yeoul.identity.mailing import MailSender

    return MailSender(database, make_mailer(settings), clock, public_url(settings), read_secret(settings.data))


def make_webhook_sender(settings: Settings, database: Database, clock: Clock) -> WebhookSender:
    """Returns the sender of webhook deliveries. It mails the owner of a webhook that is switched off."""
    from yeoul.catalog.account import account
    from yeoul.identity import mailing
    from yeoul.webhook.post import HttpPoster
    from yeoul.webhook.sender import WebhookSender

    def notify_owner(connection: Connection, webhook: WebhookRow) -> None:
        owner = account.get(connection, webhook["account_id"])
        mailing.queue_mail(connection, "webhook_off", owner, clock.now(), webhook["url"])

    poster = HttpPoster(allow_private=settings.webhook.allow_private)
    return WebhookSender(database, poster, clock, read_secret(settings.data), notify_owner)


def open_settings(data: Path | None = None, **overrides: Any) -> Settings:
    """Returns the settings of this process, from `yeoul.toml` in the working folder, the environment, then the command line."""
    if data is not None:
        overrides["data"] = str(data)
    settings = load_settings(Path("yeoul.toml"), **overrides)
    pipeline = settings.pipeline.model_copy(update={"ops": ":".join(str(path) for path in op_files(settings))})
    return settings.model_copy(update={"data": settings.data.resolve(), "pipeline": pipeline})
