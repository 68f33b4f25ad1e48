"""Settings: one frozen tree, read once from `yeoul.toml` and `YEOUL_SECTION__KEY`. Each field is documented here.

`scripts/settings_manual.py` generates `yeoul.sample.toml` and `docs/settings.md` from this file; a test compares them.
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
    """The API server."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(default="", description="URL that browsers use; empty: http://host:port.")
    proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="Number of proxies in front of the server that append to X-Forwarded-For; 0: the header is ignored.",
    )
    stream_index_mb: int = Field(
        default=64,
        ge=1,
        le=65_536,
        description="Memory for the indexes of streams that were requested last, in MiB; an hour of video needs about half of one.",
    )


class CatalogSettings(_Section):
    """The metadata database."""

    url: str = Field(
        default="", description="postgresql://USER:PASSWORD@HOST:PORT/NAME, percent-encoded; empty: an SQLite file in the data folder."
    )


class BlobSettings(_Section):
    """The blob store."""

    url: str = Field(default="", description="s3://ENDPOINT_HOST:PORT/PREFIX, path style; empty: folders in the data folder.")
    access_key: str = Field(default="", description="S3 access key.")
    secret_key: str = Field(default="", description="S3 secret key.")
    region: str = Field(default="us-east-1", description="S3 region.")
    insecure: bool = Field(default=False, description="Use plain HTTP for the S3 endpoint.")
    reserve_bytes: int = Field(
        default=256 * 2**20, ge=0, description="Free space to keep on the data disk, in bytes; below it, uploads and tasks pause."
    )


class UploadSettings(_Section):
    """Upload limits."""

    url_ttl_s: int = Field(
        default=3600, ge=10, description="Lifetime of a presigned upload URL in seconds; clients request new URLs as needed."
    )
    max_piece_bytes: int = Field(default=512 * 2**20, ge=1, description="Largest piece or part in bytes.")
    max_source_bytes: int = Field(default=256 * 2**30, ge=1, description="Largest source file in bytes.")
    expire_s: int = Field(
        default=7 * 86400, ge=60, description="An upload expires after this many seconds without activity; its data is deleted."
    )
    part_bytes: int = Field(default=8 * 2**20, ge=65536, description="Part size, in bytes, when a file is uploaded as a whole.")


class MediaSettings(_Section):
    """Limits of source videos."""

    max_pixels: int = Field(default=8192 * 4320, ge=1, description="Largest frame in pixels (width times height).")
    max_duration_s: int = Field(default=24 * 3600, ge=1, description="Longest video in seconds.")
    piece_s: float = Field(default=6.0, gt=0.5, le=30, description="Target length of a piece and segment in seconds.")


class VideoSettings(_Section):
    """Existing videos."""

    trash_days: int = Field(
        default=7, ge=0, le=3650, description="Days for which a deleted video stays in the trash; 0: it is deleted immediately."
    )


class EngineSettings(_Section):
    """The workers of this machine."""

    workers: int = Field(default=0, ge=0, description="CPU slots for tasks; 0: one for each core.")
    memory_bytes: int = Field(
        default=0, ge=0, description="Memory for tasks, in bytes; 0: half of the memory of the machine or its container."
    )
    gpus: float = Field(default=0.0, ge=0, le=64, description="GPU slots for tasks.")
    tags: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9_.-]+(,[a-z0-9_.-]+){0,5}$",
        description="Up to 6 tags of this machine, separated by commas; a stage can require a tag.",
    )
    name: str = Field(default="", description="Name of this machine's worker; empty: the host name.")
    scratch: str = Field(
        default="",
        description="Folder for temporary files of tasks, outside the data folder, best on its file system; empty: DATA-scratch beside it.",
    )
    user: str = Field(default="nobody", min_length=1, max_length=64, description="User that runs tasks if the server runs as root.")
    network_ops: str = Field(
        default="",
        pattern=r"^$|^[A-Za-z0-9_]+(,[A-Za-z0-9_]+)*$",
        description="Names of ops, separated by commas, that get network access if they request it.",
    )
    task_timeout_s: float = Field(
        default=1800.0, gt=0, description="Wall time in seconds after which a task is killed, unless its stage sets its own limit."
    )


class PipelineSettings(_Section):
    """The task queue."""

    lease_s: float = Field(default=60.0, gt=1, description="Seconds until a task's lease expires without a heartbeat.")
    heartbeat_s: float = Field(default=10.0, gt=0.1, description="Seconds between heartbeats.")
    account_running: float = Field(default=0.0, ge=0, description="CPU slots that the tasks of one account can use at a time; 0: all.")
    defer_after_s: float = Field(
        default=300.0, gt=0, description="Estimated wait in seconds above which tasks that are not latency-sensitive are postponed."
    )
    park_after_s: float = Field(
        default=1800.0, gt=0, description="Estimated wait in seconds above which the processing of new videos is postponed."
    )
    ops: str = Field(default="", description="Python files with your own ops, separated by colons.")
    dags: str = Field(default="", description="Folder with your own DAG definitions (NAME.yaml).")


class AccountSettings(_Section):
    """Accounts and login sessions."""

    session_ttl_s: int = Field(default=30 * 86400, ge=60, le=3650 * 86400, description="Lifetime of a login session in seconds.")
    signup: bool = Field(default=True, description="Whether anyone can create an account.")
    confirm_email: bool = Field(default=False, description="Whether uploading and publishing require a confirmed e-mail address.")
    quota_bytes: int = Field(default=0, ge=0, le=2**62, description="Default storage quota of an account, in bytes; 0: no limit.")


# Admins can change these while the server runs (PATCH admin/settings). They are read on each use; values in the database win.
LIVE_SETTINGS = (
    *("account.signup", "account.confirm_email", "account.quota_bytes", "account.session_ttl_s"),
    *("upload.max_source_bytes", "upload.max_piece_bytes", "video.trash_days"),
)


class MailSettings(_Section):
    """Mails to account owners."""

    sender: str = Field(default="Yeoul <yeoul@localhost>", description="From address of mails.")
    smtp_host: str = Field(default="", description="Mail server; empty: mails are written to the data folder as mail/*.eml.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_user: str = Field(default="", description="User name on the mail server; empty: no login.")
    smtp_password: str = Field(default="", description="Password on the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="starttls: upgrade to TLS, fail without it; tls: TLS from the first byte; none: no encryption."
    )


class WebhookSettings(_Section):
    """Webhooks: messages to servers of video owners."""

    allow_private: bool = Field(
        default=False, description="Allow webhooks to this machine and private networks. Enable it only if you trust all makers."
    )


class TelemetrySettings(_Section):
    """Telemetry export."""

    otlp_endpoint: str = Field(
        default="",
        pattern=r"^$|^https?://\S+$",
        description="OpenTelemetry collector (OTLP over HTTP, such as http://HOST:4318) that receives a trace of each video; empty: none.",
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


def apply_changes(started: Settings, changed: Mapping[str, Any]) -> Settings:
    """Returns the settings with changed LIVE_SETTINGS applied. changed: values by section.field. Raises InvalidError for a bad value."""
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
        path, message = _read_first_error(error)
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
        previous = merged.get(key)
        are_mappings = isinstance(previous, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(cast("Mapping[str, Any]", previous), cast("Mapping[str, Any]", value)) if are_mappings else value
    return merged


def load_settings(file: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Reads the settings: defaults, then the file, then the environment, then `overrides` (nested mappings). Later values win.

    Raises InvalidError if a value is invalid or unknown, or the file cannot be read; it names the field and, for a file, the line.
    """
    tree = {} if file is None else _read_file(file)
    tree = _merge(tree, _from_environment(os.environ if environ is None else environ))
    tree = _merge(tree, overrides)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        path, message = _read_first_error(error)
        raise InvalidError(f"setting {message}", field=".".join(path)) from error


def _read_file(file: Path) -> dict[str, Any]:
    """Returns the tree of a settings file; empty if the file does not exist. Checks it separately, so that errors name the line."""
    text = _read_text(file)
    try:
        tree = tomllib.loads(text)
        Settings.model_validate(tree)
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"{file} is not valid TOML: {error}; see yeoul.sample.toml for the format", file=str(file)) from error
    except ValidationError as error:
        path, message = _read_first_error(error)
        line = _find_line(text, path)
        message = f"{file}, line {line}: setting {message}; see yeoul.sample.toml for all settings"
        raise InvalidError(message, field=".".join(path), file=str(file), line=line) from error
    return tree


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise InvalidError(f"{file} cannot be read: {error.strerror}; make it readable or remove it", file=str(file)) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InvalidError(f"{file}, line {line}: the file is not UTF-8; save it as UTF-8", file=str(file), line=line) from error


def _read_first_error(error: ValidationError) -> tuple[list[str], str]:
    """Returns (path, message) of the first invalid setting; the message starts with the setting's name."""
    first = error.errors()[0]
    path = [str(part) for part in first["loc"]]
    reason = "this is a section; write it as [section] with one setting per line" if first["type"] == "model_type" else first["msg"]
    return path, f"{'.'.join(path)}: {reason}"


def _find_line(text: str, path: list[str]) -> int:
    """Returns the line of a setting, or of its section, in valid TOML. This is a best effort without a full parser."""
    section, section_line = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            section = header[1]
            section_line = number if section == path[0] else section_line
        elif name := re.match(r"""\s*["']?([\w.-]+?)["']?\s*=""", line):
            full = f"{section}.{name[1]}" if section else name[1]
            if full in (".".join(path), path[0]):
                return number
    return section_line
