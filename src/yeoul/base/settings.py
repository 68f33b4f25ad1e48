"""Settings: one frozen tree, read once from `yeoul.toml` and `YEOUL_SECTION__KEY`, each field documented here.

A test holds this file, `yeoul.sample.toml` and `docs/settings.md` together.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yeoul.base.errors import InvalidError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(_Section):
    """Where the API listens."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(default="", description="Address that browsers use; empty: http://host:port.")
    proxies: int = Field(
        default=0, ge=0, le=10, description="How many proxies stand in front and add to X-Forwarded-For; 0: it is not believed."
    )


class CatalogSettings(_Section):
    """The metadata database."""

    url: str = Field(default="", description="SQLAlchemy URL; empty: SQLite in the data folder.")


class BlobSettings(_Section):
    """The three buckets."""

    url: str = Field(default="", description="Empty: folders in the data folder; else s3://ENDPOINT_HOST:PORT/PREFIX, path style.")
    access_key: str = Field(default="", description="S3 access key.")
    secret_key: str = Field(default="", description="S3 secret key.")
    region: str = Field(default="us-east-1", description="S3 region.")
    insecure: bool = Field(default=False, description="Speak plain HTTP to the S3 endpoint.")
    reserve_bytes: int = Field(default=256 * 2**20, ge=0, description="Uploads and work pause when the data disk has less room than this.")


class UploadSettings(_Section):
    """Limits of uploads."""

    url_ttl_s: int = Field(default=3600, ge=10, description="Life of a presigned upload URL in seconds; clients ask for fresh ones.")
    max_piece_bytes: int = Field(default=512 * 2**20, ge=1, description="Largest piece or part in bytes.")
    max_source_bytes: int = Field(default=256 * 2**30, ge=1, description="Largest source file in bytes.")
    expire_s: int = Field(
        default=7 * 86400, ge=60, description="An upload without a sign of life for so many seconds is given up and freed."
    )
    part_bytes: int = Field(default=8 * 2**20, ge=65536, description="Size of byte-range parts of the whole-file fallback.")


class MediaSettings(_Section):
    """Limits of what is decoded."""

    max_pixels: int = Field(default=8192 * 4320, ge=1, description="Largest picture in pixels.")
    max_duration_s: int = Field(default=24 * 3600, ge=1, description="Longest video in seconds.")
    piece_s: float = Field(default=6.0, gt=0.5, le=30, description="Target length of a piece and segment in seconds.")


class VideoSettings(_Section):
    """Videos that are there."""

    trash_days: int = Field(default=7, ge=0, le=3650, description="How many days a deleted video can be restored; 0: it is freed at once.")


class EngineSettings(_Section):
    """The workers of this machine."""

    workers: int = Field(default=0, ge=0, description="CPU slots for tasks; 0: as many as there are cores.")
    memory_bytes: int = Field(
        default=0, ge=0, description="Memory slots for tasks; 0: half of the memory of the machine, or of its container."
    )
    gpus: float = Field(default=0.0, ge=0, le=64, description="GPU slots for tasks.")
    tags: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9_.-]+(,[a-z0-9_.-]+){0,5}$",
        description="Up to 6 words, separated by commas, that stages may ask for.",
    )
    name: str = Field(default="", description="Name of this machine's worker; empty: the host's name.")
    scratch: str = Field(
        default="",
        description="Folder for what tasks work on, outside the data folder, best on the same file system; empty: DATA-scratch beside it.",
    )
    user: str = Field(default="nobody", min_length=1, max_length=64, description="User that tasks run as where the server runs as root.")
    network_ops: str = Field(
        default="",
        pattern=r"^$|^[A-Za-z0-9_]+(,[A-Za-z0-9_]+)*$",
        description="Names of ops, separated by commas, that may use the network, as they ask for.",
    )
    task_timeout_s: float = Field(default=1800.0, gt=0, description="Wall time after which a task without a limit of its own is killed.")


class PipelineSettings(_Section):
    """The durable queue."""

    lease_s: float = Field(default=60.0, gt=1, description="Life of a task's lease without a heartbeat.")
    heartbeat_s: float = Field(default=10.0, gt=0.1, description="Time between heartbeats.")
    account_running: float = Field(default=0.0, ge=0, description="CPU slots that one account's tasks may have at a time; 0: all.")
    defer_after_s: float = Field(default=300.0, gt=0, description="Estimated wait from which on tasks that nobody waits for are put off.")
    park_after_s: float = Field(default=1800.0, gt=0, description="Estimated wait from which on new videos are not begun.")
    ops: str = Field(default="", description="Python files with ops of your own, separated by colons.")
    dags: str = Field(default="", description="Folder of DAG definitions of your own (NAME.yaml).")


class AccountSettings(_Section):
    """Accounts and sessions."""

    session_ttl_s: int = Field(default=30 * 86400, ge=60, le=3650 * 86400, description="Life of a browser session in seconds.")
    signup: bool = Field(default=True, description="Whether anyone may make an account.")
    confirm_email: bool = Field(default=False, description="Whether only accounts with a confirmed e-mail address may upload and publish.")
    quota_bytes: int = Field(
        default=0, ge=0, le=2**62, description="What an account without a quota of its own may keep on the server, in bytes; 0: no limit."
    )


# May change while the server runs, by PATCH admin/settings: they are read each time, from the database first.
LIVE_SETTINGS = (
    *("account.signup", "account.confirm_email", "account.quota_bytes", "account.session_ttl_s"),
    *("upload.max_source_bytes", "upload.max_piece_bytes", "video.trash_days"),
)


class MailSettings(_Section):
    """Mails to the owners of accounts."""

    sender: str = Field(default="Yeoul <yeoul@localhost>", description="From whom mails are.")
    smtp_host: str = Field(default="", description="Mail server; empty: mails are files in the data folder, mail/*.eml.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_user: str = Field(default="", description="User at the mail server; empty: no login.")
    smtp_password: str = Field(default="", description="Password of that user.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="starttls: begins plain, refuses to go on without TLS; tls: from the first byte; none: plain."
    )


class WebhookSettings(_Section):
    """Messages to the servers of makers."""

    allow_private: bool = Field(
        default=False, description="Whether webhooks may go to this machine and its own network: only where all makers are trusted."
    )


class TelemetrySettings(_Section):
    """What is told to others."""

    otlp_endpoint: str = Field(
        default="",
        pattern=r"^$|^https?://\S+$",
        description="OpenTelemetry collector (OTLP over HTTP, like http://HOST:4318) that gets a trace of every video; empty: none.",
    )


class Settings(_Section):
    """All settings."""

    data: Path = Field(default=Path("data"), description="The data folder.")
    server: ServerSettings = ServerSettings()
    catalog: CatalogSettings = CatalogSettings()
    blob: BlobSettings = BlobSettings()
    upload: UploadSettings = UploadSettings()
    media: MediaSettings = MediaSettings()
    video: VideoSettings = VideoSettings()
    engine: EngineSettings = EngineSettings()
    pipeline: PipelineSettings = PipelineSettings()
    account: AccountSettings = AccountSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    mail: MailSettings = MailSettings()
    webhook: WebhookSettings = WebhookSettings()


def overlay(started: Settings, changed: Mapping[str, Any]) -> Settings:
    """The settings with changes of live ones on top, by name as section.field. Raises InvalidError for a value that does not fit."""
    tree: dict[str, dict[str, Any]] = {}
    for name in set(changed).intersection(LIVE_SETTINGS):
        section, _, field = name.partition(".")
        tree.setdefault(section, {})[field] = changed[name]
    return started.model_copy(update={section: _overlay_section(started, section, values) for section, values in tree.items()})


def _overlay_section(started: Settings, name: str, values: Mapping[str, Any]) -> _Section:
    section: _Section = getattr(started, name)
    try:
        return type(section).model_validate({**section.model_dump(), **values}, strict=True)
    except ValidationError as error:
        path, message = _first(error)
        raise InvalidError(f"setting {name}.{message}", field=".".join((name, *path))) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in environ.items():
        if not name.startswith("YEOUL_"):
            continue
        parts = name.removeprefix("YEOUL_").lower().split("__")
        if len(parts) == 2:
            tree.setdefault(parts[0], {})[parts[1]] = value
        elif parts == ["data"]:
            tree["data"] = value
    return tree


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        both_trees = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", value)) if both_trees else value
    return merged


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the tree: defaults, then the file, then the environment, then `overrides` (nested mappings).

    Raises InvalidError that names the field, and of a file the line, when something does not fit, is unknown or cannot be read.
    """
    tree = {} if file is None else _read_file(file)
    tree = _merge(tree, _from_environment(os.environ if environ is None else environ))
    tree = _merge(tree, overrides)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        path, message = _first(error)
        raise InvalidError(f"setting {message}", field=".".join(path)) from error


def _read_file(file: Path) -> dict[str, Any]:
    """The tree of a settings file, checked by itself, so that a mistake is told with its line; empty when there is no file."""
    text = _read_text(file)
    try:
        tree = tomllib.loads(text)
        Settings.model_validate(tree)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"{file} is not TOML: {error}; correct it there, yeoul.sample.toml shows the form", file=str(file)) from error
    except ValidationError as error:
        path, message = _first(error)
        line = _find_line(text, path)
        message = f"{file}, line {line}: setting {message}; correct it there, yeoul.sample.toml lists all settings"
        raise InvalidError(message, field=".".join(path), file=str(file), line=line) from error
    return tree


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise InvalidError(f"{file} cannot be read: {error.strerror}; make it readable, or move it away", file=str(file)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InvalidError(f"{file}, line {line}: not UTF-8; save it as UTF-8", file=str(file), line=line) from error


def _first(error: ValidationError) -> tuple[list[str], str]:
    """(path of the first setting that does not fit, its name and what is wrong)."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    what = "is a section: write it as [section] with one setting on each line" if first["type"] == "model_type" else first["msg"]
    return path, f"{'.'.join(path)}: {what}"


def _find_line(text: str, path: list[str]) -> int:
    """The line of a setting in TOML that parses, or of its section, as near as can be told without a parser of our own."""
    section, near = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            section = header[1]
            near = number if section == path[0] else near
        elif name := re.match(r"""\s*["']?([\w.-]+?)["']?\s*=""", line):
            full = f"{section}.{name[1]}" if section else name[1]
            if full in (".".join(path), path[0]):
                return number
    return near
