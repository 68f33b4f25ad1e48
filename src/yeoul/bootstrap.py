"""The only place that picks concrete parts: settings in, wired objects out."""

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
from yeoul.base.errors import DagError, InvalidError, StartError
from yeoul.base.machine import count_cores, find_memory_bytes
from yeoul.base.sandbox.room import Room, find_missing
from yeoul.base.settings import Settings, load_settings, overlay
from yeoul.blob.counted import CountedStore
from yeoul.blob.local import LocalStore
from yeoul.blob.store import BlobStore
from yeoul.media.limits import Limits
from yeoul.model.work import TRAFFIC, Slots, Work

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy import Connection

    from yeoul.catalog.database import Database
    from yeoul.identity.mailing import MailSender
    from yeoul.mail.mailer import Mailer
    from yeoul.pipeline.dag.definition import Definition
    from yeoul.pipeline.dispatcher import Dispatcher
    from yeoul.pipeline.engine import Engine
    from yeoul.pipeline.resource.manager import Policy
    from yeoul.pipeline.story.tracer import Tracer
    from yeoul.pipeline.task.data import Output, TaskInput
    from yeoul.webhook.sender import WebhookSender

RUNNER = "yeoul.bootstrap:make_runner"
_MOST_SECRET_BYTES = 64 * 2**10


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


def make_store(settings: Settings, clock: Clock, *, signs: bool = True) -> BlobStore:
    """The blob store that the settings name. signs: else the secret of the embedded store is not read, and its addresses open nothing."""
    if not settings.blob.url:
        secret = read_secret(settings.data) if signs else secrets.token_bytes(32)
        return LocalStore(settings.data / "blob", "", secret, settings.blob.reserve_bytes)
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
    memory_bytes = settings.engine.memory_bytes or find_memory_bytes() // 2
    tags = tuple(tag for tag in settings.engine.tags.split(",") if tag)
    return Slots(cpu=float(settings.engine.workers or count_cores()), memory_bytes=memory_bytes, gpu=settings.engine.gpus, tags=tags)


def make_policy(settings: Settings) -> Policy:
    """What the resource manager goes by."""
    from yeoul.pipeline.resource.manager import Policy  # noqa: PLC0415
    from yeoul.pipeline.resource.overload import Limits as OverloadLimits  # noqa: PLC0415

    pipeline = settings.pipeline
    limits = OverloadLimits(defer_after_s=pipeline.defer_after_s, park_after_s=pipeline.park_after_s)
    return Policy(account_running=pipeline.account_running, overload=limits)


# --- the worker's side ---


def make_runner(config: Mapping[str, Any]) -> Callable[[Work, Path, Callable[[float], None]], dict[str, Any]]:
    """What the zygote loads once: runs a work's op in the forked child.

    config: {"settings": ..., "secret": ...}, settings without credentials, and the descriptor of a file with those of the store as JSON.
    """
    from yeoul.engine.local.attempt import describe  # noqa: PLC0415
    from yeoul.engine.local.confined import Ask, Confined, Folders  # noqa: PLC0415
    from yeoul.pipeline.ops.context import Context  # noqa: PLC0415
    from yeoul.pipeline.ops.registry import load_ops  # noqa: PLC0415
    from yeoul.pipeline.ops.reuse import run_or_reuse  # noqa: PLC0415
    from yeoul.pipeline.ops.runner import OpRunner  # noqa: PLC0415
    from yeoul.pipeline.ops.task_store import AskedStore, StoreGate  # noqa: PLC0415
    from yeoul.pipeline.task.data import TaskInput  # noqa: PLC0415

    settings = Settings.model_validate(config["settings"])
    limits = make_limits(settings)
    clock = SystemClock()
    files = op_files(settings)
    runner = OpRunner(load_ops(files, network_ops(settings)))

    def run(work: Work, scratch: Path, progress: Callable[[float], None]) -> dict[str, Any]:
        task = TaskInput.model_validate(work.params)
        folders = Folders.make(scratch, settings.engine.user)

        def body(ask: Ask, tell: Callable[[float], None]) -> bytes:
            folders.settle()
            own = AskedStore(ask, folders.work)
            context = Context(own, folders.work, limits, work.output_prefix, task.video_id, settings.media.piece_s, tell, runner.run)
            return runner.run(work.op, context, task).model_dump_json().encode()

        room = Room(
            readable=(folders.inputs, *files),
            writable=(folders.work,),
            mount_point=folders.root,
            hidden=(settings.data,),
            user=settings.engine.user,
            network=runner.uses_network(work.op, [member.op for member in task.members]),
        )
        # The sandbox begins with a copy of this process's memory: credentials are read once it has begun.
        with Confined(room, body, partial(describe, work.op)) as confined:
            store = CountedStore(make_store(_with_credentials(settings, config["secret"]), clock, signs=False))
            gate = StoreGate(store, work, folders.inputs, folders.work, folders.taken)

            def run_in_sandbox(_: TaskInput) -> Output:
                made = runner.read(work.op, confined.run(gate.answer, progress))
                gate.check_outputs(made.model_dump(mode="json"))
                return made

            try:
                outputs = run_or_reuse(work, store, run_in_sandbox)
            except BaseException as error:
                vars(error)[TRAFFIC] = store.traffic
                raise
        return {**outputs, TRAFFIC: store.traffic}

    return run


def _with_credentials(settings: Settings, secret: int) -> Settings:
    """Settings with the credentials of the store that the file of the descriptor holds."""
    found = json.loads(os.pread(secret, _MOST_SECRET_BYTES, 0))
    return settings.model_copy(update={"blob": settings.blob.model_copy(update=found)})


# --- the pipeline's side ---


def open_data(data: Path) -> None:
    """Make the data folder, for this user alone, or close one that others may enter.

    Raises StartError where it cannot be written, or is shared by all users, as /tmp is: closing that would lock them out.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = data.stat()
        if found.st_mode & stat.S_ISVTX:
            raise StartError(f"the data folder {data} is shared by all users: name a folder in it", folder=str(data))
        if found.st_mode & 0o077 and found.st_uid == os.geteuid():
            data.chmod(0o700)
        with tempfile.TemporaryFile(dir=data):
            pass
    except OSError as error:
        raise StartError(f"the data folder {data} cannot be written: {error.strerror}", folder=str(data)) from error


def _has_room(scratch: Path, reserve_bytes: int) -> bool:
    """Whether tasks may begin: the reserve of the disk is not for them either."""
    return shutil.disk_usage(scratch).free > reserve_bytes


def open_scratch(settings: Settings) -> Path:
    """Returns the folder that tasks work in, made where it is not there; others may pass through it and see nothing.

    Raises StartError where it cannot be written, or lies in the data folder.
    """
    data = settings.data.resolve()
    folder = Path(settings.engine.scratch).resolve() if settings.engine.scratch else data.with_name(f"{data.name}-scratch")
    if folder.is_relative_to(data) or data.is_relative_to(folder):
        raise StartError(f"the folder {folder} for what tasks work on must lie outside the data folder {data}", folder=str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        message = f"the folder {folder} for what tasks work on cannot be written: {error.strerror}; engine.scratch names another"
        raise StartError(message, folder=str(folder)) from error
    return folder


def make_database(settings: Settings, *, busy_s: float = 20.0) -> Database:
    """Returns the catalogue, with its tables brought up to date. busy_s: how long to wait for others who write.

    Raises StartError, DatabaseTooNewError or DatabaseDamagedError for what cannot be used, UnavailableError for what cannot be reached.
    """
    from yeoul.catalog.database import Database  # noqa: PLC0415
    from yeoul.catalog.migrate import migrate  # noqa: PLC0415

    open_data(settings.data)
    database = Database(settings.catalog.url or f"sqlite:///{settings.data / 'yeoul.db'}", busy_s)
    migrate(database)
    return database


def lock_pipeline(settings: Settings) -> IO[str] | None:
    """Returns what keeps other pipelines away from the data folder while it is open; None where they may share a database.

    Raises StartError where another has it.
    """
    if settings.catalog.url and not settings.catalog.url.startswith("sqlite"):
        return None
    return lock_file(
        settings.data / "pipeline.lock", f"another pipeline works on {settings.data}: a folder has one, a fleet uses PostgreSQL"
    )


def lock_file(path: Path, taken: str) -> IO[str]:
    """Returns a file that is locked until it is closed. Raises StartError with the sentence `taken` where another process has it."""
    open_data(path.parent)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise StartError(taken, folder=str(path.parent)) from error
    return file


def check_port(settings: Settings) -> None:
    """Raises StartError where another program listens: the web server would share the port with it, and get half of the requests."""
    host, port = settings.server.host, settings.server.port
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        what = "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        raise StartError(f"port {port} of {host} {what}", host=host, port=port) from error


def read_definitions(settings: Settings | None = None) -> dict[str, str]:
    """DAG definitions, the built-in ones and those of the settings' folder: YAML text by name."""
    folders = [
        files("yeoul.pipeline") / "dags",
        *([Path(settings.pipeline.dags)] if settings is not None and settings.pipeline.dags else []),
    ]
    entries = [entry for folder in folders for entry in folder.iterdir() if entry.name.endswith(".yaml")]
    return {entry.name.removesuffix(".yaml"): entry.read_text() for entry in entries}


def op_files(settings: Settings) -> list[Path]:
    """Python files with ops of users."""
    return [Path(name).resolve() for name in settings.pipeline.ops.split(":") if name]


def network_ops(settings: Settings) -> list[str]:
    """Names of the ops that may use the network."""
    return [name for name in settings.engine.network_ops.split(",") if name]


def load_definitions(settings: Settings) -> dict[str, Definition]:
    """All definitions, compiled by a child process: code of users is never loaded where there are database credentials.

    Raises DagError naming everything that is wrong.
    """
    from yeoul.pipeline.dag.definition import Definition  # noqa: PLC0415

    ops = [str(path) for path in op_files(settings)]
    request = {"ops": ops, "network_ops": network_ops(settings), "definitions": read_definitions(settings)}
    environ = {name: value for name, value in os.environ.items() if not name.startswith("YEOUL_")}
    child = [sys.executable, "-m", "yeoul.pipeline.dag.compile_process"]
    done = subprocess.run(child, input=json.dumps(request), capture_output=True, text=True, env=environ, check=False)
    if done.returncode != 0:
        raise DagError(done.stderr.strip() or "the DAG definitions could not be compiled")
    return {name: Definition.model_validate(found) for name, found in json.loads(done.stdout).items()}


def make_engine(settings: Settings) -> Engine:
    """The local engine; its workers see neither the database nor the mail server, and their sandboxes not the store's credentials."""
    from yeoul.engine.local.engine import LocalEngine  # noqa: PLC0415

    credentials = {"access_key": settings.blob.access_key, "secret_key": settings.blob.secret_key}
    kept = {
        "catalog": type(settings.catalog)(),
        "mail": type(settings.mail)(),
        "blob": settings.blob.model_copy(update=dict.fromkeys(credentials, "")),
    }
    plain = settings.model_copy(update={"data": settings.data.resolve(), **kept}).model_dump(mode="json")
    name = settings.engine.name or socket.gethostname()
    return LocalEngine(
        make_slots(settings), RUNNER, {"settings": plain}, open_scratch(settings), name, secret=json.dumps(credentials).encode()
    )


def make_tracer(settings: Settings, database: Database) -> Tracer | None:
    """What sends traces, when the settings name a collector. Raises InvalidError when the packages for it are not installed."""
    if not settings.telemetry.otlp_endpoint:
        return None
    try:
        from yeoul.pipeline.story.tracer import Tracer  # noqa: PLC0415 (its packages are an extra)
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
    """The pipeline's loop with everything behind it. definitions: by name, instead of those that the settings name."""
    from yeoul.base.ids import new_id  # noqa: PLC0415
    from yeoul.pipeline.completion_handler import CompletionHandler  # noqa: PLC0415
    from yeoul.pipeline.dispatcher import Dispatcher  # noqa: PLC0415
    from yeoul.pipeline.options import DispatchOptions  # noqa: PLC0415
    from yeoul.pipeline.preprocessor import Preprocessor  # noqa: PLC0415
    from yeoul.pipeline.run_book import RunBook  # noqa: PLC0415
    from yeoul.pipeline.sweeper import Sweeper  # noqa: PLC0415

    known = load_definitions(settings) if definitions is None else definitions
    book = RunBook()
    scratch = open_scratch(settings)
    return Dispatcher(
        database,
        engine,
        Preprocessor(book, known),
        book,
        CompletionHandler(),
        # An address for sending must not outlive its upload.
        Sweeper(
            *(database, store, max(settings.upload.expire_s, settings.upload.url_ttl_s)),
            lambda: _read_live(settings, database).video.trash_days * 86400.0,
        ),
        clock,
        new_id(clock.now()),
        DispatchOptions(settings.pipeline.lease_s, settings.pipeline.heartbeat_s, make_policy(settings)),
        room=lambda: store.free_bytes() != 0 and _has_room(scratch, settings.blob.reserve_bytes),
        on_run_ended=(lambda _: None) if tracer is None else tracer.run_ended,
    )


# --- the API's side ---


def _read_live(settings: Settings, database: Database) -> Settings:
    """The settings as admins have changed them since the start."""
    from yeoul.catalog.account import setting  # noqa: PLC0415

    with database.read() as connection:
        return overlay(settings, setting.changed(connection))


def _describe(text: str) -> dict[str, Any]:
    """What a definition says of itself; one that is wrong is the pipeline's matter, and is not loaded here."""
    import yaml  # noqa: PLC0415

    try:
        tree: Any = yaml.safe_load(text)
    except yaml.YAMLError:
        tree = None
    said = cast("dict[str, Any]", tree) if isinstance(tree, dict) else {}
    return {"description": str(said.get("description", "")), "whole": said.get("upload") == "whole"}


def find_sandbox_lacks(settings: Settings) -> tuple[str, ...]:
    """Returns the parts of a sandbox that this machine lacks, by trying. This process must have one thread."""
    with tempfile.TemporaryDirectory(prefix="yeoul-sandbox-") as folder:
        return find_missing(Path(folder), settings.engine.user)


def make_api(settings: Settings, database: Database, store: BlobStore, clock: Clock, sandbox_lacks: tuple[str, ...] = ()) -> FastAPI:
    """The ASGI application. sandbox_lacks: what `find_sandbox_lacks` found, for `/readyz`."""
    from yeoul.api.answer_cache import AnswerCache  # noqa: PLC0415
    from yeoul.api.app import make_app  # noqa: PLC0415
    from yeoul.api.deps import Parts, PipelineNote  # noqa: PLC0415
    from yeoul.api.metrics.pipeline import PipelineMetrics  # noqa: PLC0415
    from yeoul.api.video.followers import Followers  # noqa: PLC0415
    from yeoul.delivery.access import StreamAccess  # noqa: PLC0415
    from yeoul.delivery.catalogue_view import PresentationCache  # noqa: PLC0415
    from yeoul.insight.collector import BeaconCollector  # noqa: PLC0415
    from yeoul.media.picture.process import Drawing  # noqa: PLC0415
    from yeoul.upload.service import UploadService  # noqa: PLC0415
    from yeoul.upload.track_service import TrackService  # noqa: PLC0415

    parts = Parts(
        settings=settings,
        database=database,
        store=store,
        uploads=UploadService(database, store, lambda: _read_live(settings, database).upload, clock),
        tracks=TrackService(database, store, lambda: _read_live(settings, database).upload, clock),
        access=StreamAccess(read_secret(settings.data)),
        presentations=PresentationCache(database, clock, settings.media.piece_s),
        clock=clock,
        web=web_folder(),
        pipelines={name: PipelineNote(**_describe(text)) for name, text in read_definitions(settings).items()},
        metrics=PipelineMetrics(database, clock.now()),
        secret=read_secret(settings.data),
        answers=AnswerCache(database),
        beacons=BeaconCollector(database, clock, read_secret(settings.data)),
        followers=Followers(database),
        drawing=Drawing(settings.engine.user),
        sandbox_lacks=sandbox_lacks,
    )
    return make_app(parts)


def make_mailer(settings: Settings) -> Mailer:
    """The way out for mails that the settings name."""
    mail = settings.mail
    if not mail.smtp_host:
        from yeoul.mail.folder import FolderMailer  # noqa: PLC0415

        return FolderMailer(settings.data / "mail", mail.sender)
    from yeoul.mail.smtp import SmtpMailer, SmtpServer  # noqa: PLC0415

    server = SmtpServer(mail.smtp_host, mail.smtp_port, mail.smtp_user, mail.smtp_password, mail.smtp_security)
    return SmtpMailer(server, mail.sender)


def make_mail_sender(settings: Settings, database: Database, clock: Clock) -> MailSender:
    """Who takes mails out of the outbox."""
    from yeoul.identity.mailing import MailSender  # noqa: PLC0415

    return MailSender(database, make_mailer(settings), clock, public_url(settings), read_secret(settings.data))


def make_webhook_sender(settings: Settings, database: Database, clock: Clock) -> WebhookSender:
    """Who tells webhooks what happened, and their owners when one is switched off."""
    from yeoul.catalog.account import account  # noqa: PLC0415
    from yeoul.identity import mailing  # noqa: PLC0415
    from yeoul.webhook.post import HttpPoster  # noqa: PLC0415
    from yeoul.webhook.sender import WebhookSender  # noqa: PLC0415

    def tell_owner(connection: Connection, webhook: Mapping[str, Any]) -> None:
        owner = account.get(connection, webhook["account_id"])
        mailing.write(connection, "webhook_off", owner, clock.now(), webhook["url"])

    poster = HttpPoster(allow_private=settings.webhook.allow_private)
    return WebhookSender(database, poster, clock, read_secret(settings.data), tell_owner)


def open_settings(data: Path | None = None, **overrides: Any) -> Settings:
    """Settings of this process: `yeoul.toml` in the working folder, the environment, then what the command line says."""
    if data is not None:
        overrides["data"] = str(data)
    settings = load_settings(Path("yeoul.toml"), **overrides)
    pipeline = settings.pipeline.model_copy(update={"ops": ":".join(str(path) for path in op_files(settings))})
    return settings.model_copy(update={"data": settings.data.resolve(), "pipeline": pipeline})
