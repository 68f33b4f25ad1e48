"""Settings: one frozen tree, read once from `yeoul.toml` and `YEOUL_SECTION__KEY`, each field documented here.

A test holds this file, `yeoul.sample.toml` and `docs/settings.md` together.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yeoul.base.errors import InvalidError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(_Section):
    """Where the API listens."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    public_url: str = Field(default="", description="Address that browsers use; empty: http://host:port.")


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
    part_bytes: int = Field(default=8 * 2**20, ge=65536, description="Size of byte-range parts of the whole-file fallback.")


class MediaSettings(_Section):
    """Limits of what is decoded."""

    max_pixels: int = Field(default=8192 * 4320, ge=1, description="Largest picture in pixels.")
    max_duration_s: int = Field(default=24 * 3600, ge=1, description="Longest video in seconds.")
    piece_s: float = Field(default=6.0, gt=0.5, le=30, description="Target length of a piece and segment in seconds.")


class EngineSettings(_Section):
    """The workers of this machine."""

    workers: int = Field(default=0, ge=0, description="CPU slots for tasks; 0: as many as there are cores.")
    memory_bytes: int = Field(default=0, ge=0, description="Memory slots for tasks; 0: half of the machine's memory.")
    gpus: float = Field(default=0.0, ge=0, le=64, description="GPU slots for tasks.")
    tags: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9_.-]+(,[a-z0-9_.-]+){0,5}$",
        description="Up to 6 words, separated by commas, that stages may ask for.",
    )
    name: str = Field(default="", description="Name of this machine's worker; empty: the host's name.")
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

    session_ttl_s: int = Field(default=30 * 86400, ge=60, description="Life of a browser session in seconds.")
    signup: bool = Field(default=True, description="Whether anyone may make an account.")


class Settings(_Section):
    """All settings."""

    data: Path = Field(default=Path("data"), description="The data folder.")
    server: ServerSettings = ServerSettings()
    catalog: CatalogSettings = CatalogSettings()
    blob: BlobSettings = BlobSettings()
    upload: UploadSettings = UploadSettings()
    media: MediaSettings = MediaSettings()
    engine: EngineSettings = EngineSettings()
    pipeline: PipelineSettings = PipelineSettings()
    account: AccountSettings = AccountSettings()


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

    Raises InvalidError that names the field when a value does not fit or a name is unknown.
    """
    tree: dict[str, Any] = {}
    if file is not None and file.exists():
        tree = tomllib.loads(file.read_text())
    tree = _merge(tree, _from_environment(os.environ if environ is None else environ))
    tree = _merge(tree, overrides)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidError(f"setting {field}: {first['msg']}", field=field) from error
