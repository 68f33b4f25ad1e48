"""What every request handler may use, made once by `bootstrap` and kept on the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from yeoul.api.answer_cache import AnswerCache
from yeoul.api.metrics.pipeline import PipelineMetrics
from yeoul.api.video.followers import Followers
from yeoul.base.clock import Clock
from yeoul.base.settings import AccountSettings, Settings, overlay
from yeoul.blob.store import BlobStore
from yeoul.catalog.account import setting
from yeoul.catalog.database import Database
from yeoul.delivery.access import StreamAccess
from yeoul.delivery.catalogue_view import PresentationCache
from yeoul.insight.collector import BeaconCollector
from yeoul.media.picture.process import Drawing
from yeoul.upload.service import UploadService
from yeoul.upload.track_service import TrackService


@dataclass(frozen=True)
class PipelineNote:
    """What a DAG definition says of itself. whole: it wants files as they are, not in pieces."""

    description: str
    whole: bool


@dataclass(frozen=True)
class Parts:
    """The concrete parts behind the API. pipelines: what there is to know of the DAG definitions that uploads may choose, by name.

    secret: what this server signs with. sandbox_lacks: the parts of a sandbox that this machine does not have.
    """

    settings: Settings
    database: Database
    store: BlobStore
    uploads: UploadService
    tracks: TrackService
    access: StreamAccess
    presentations: PresentationCache
    clock: Clock
    web: Path
    pipelines: Mapping[str, PipelineNote]
    metrics: PipelineMetrics
    secret: bytes
    answers: AnswerCache
    beacons: BeaconCollector
    followers: Followers
    drawing: Drawing
    sandbox_lacks: tuple[str, ...]


async def _parts(request: Request) -> Parts:  # async: another thread for this would cost more than all the rest
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]


def read_settings(parts: Parts) -> Settings:
    """Returns the settings with the changes that admins made at run time."""
    with parts.database.read() as connection:
        return overlay(parts.settings, setting.changed(connection))


def read_account_settings(parts: Parts) -> AccountSettings:
    """Returns the settings of accounts with the changes that admins made at run time."""
    return read_settings(parts).account
