"""The parts that request handlers use. `bootstrap` creates them once and stores them on the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from yeoul.base.settings import AccountSettings, Settings, apply_changes
from yeoul.catalog.account import setting

if TYPE_CHECKING:  # this module only holds the parts, and every router imports it
    from yeoul.api.metrics.pipeline import PipelineMetrics
    from yeoul.api.response_cache import ResponseCache
    from yeoul.api.video.followers import Followers
    from yeoul.base.clock import Clock
    from yeoul.blob.store import BlobStore
    from yeoul.catalog.database import Database
    from yeoul.delivery.access import StreamAccess
    from yeoul.delivery.stream_cache import StreamCache
    from yeoul.insight.collector import BeaconCollector
    from yeoul.media.picture.drawing import Drawing
    from yeoul.upload.service import UploadService
    from yeoul.upload.track_service import TrackService


@dataclass(frozen=True)
class PipelineInfo:
    """Description of a DAG definition. whole: it needs the source as one file, not in pieces."""

    description: str
    whole: bool


@dataclass(frozen=True)
class Parts:
    """The parts behind the API.

    pipelines: the DAG definitions that an upload can choose, by name. secret: the key that this server signs with.
    missing_sandbox_features: the sandbox features that this machine does not have.
    """

    settings: Settings
    database: Database
    store: BlobStore
    uploads: UploadService
    tracks: TrackService
    access: StreamAccess
    streams: StreamCache
    clock: Clock
    web: Path
    pipelines: Mapping[str, PipelineInfo]
    metrics: PipelineMetrics
    secret: bytes
    response_cache: ResponseCache
    beacons: BeaconCollector
    followers: Followers
    drawing: Drawing
    missing_sandbox_features: tuple[str, ...]


async def _parts(request: Request) -> Parts:  # async: starting a thread would cost more than the function
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]


def read_settings(parts: Parts) -> Settings:
    """Returns the settings, including the changes that admins made at run time."""
    with parts.database.read() as connection:
        return apply_changes(parts.settings, setting.all_overrides(connection))


def read_account_settings(parts: Parts) -> AccountSettings:
    """Returns the account settings, including the changes that admins made at run time."""
    return read_settings(parts).account
