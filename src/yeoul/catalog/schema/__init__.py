"""The tables. Times are seconds since 1970 (UTC), ids are text, JSON columns hold model objects in their wire form.

The migrations in `migration/` build the same tables; a test compares the two.
"""

from __future__ import annotations

from yeoul.catalog.schema.account import account, api_token, audit, avatar, guess, session, setting, usage
from yeoul.catalog.schema.base import metadata
from yeoul.catalog.schema.outgoing import idempotency, outbox, webhook, webhook_delivery
from yeoul.catalog.schema.pipeline import attempt, edge, event, piece, rendition, run, segment, task, upload, worker
from yeoul.catalog.schema.playback import audience, viewing
from yeoul.catalog.schema.version import schema_version
from yeoul.catalog.schema.videos import (
    IS_UNUSED,
    audio_track,
    caption,
    channel,
    listing,
    playlist,
    playlist_entry,
    subscription,
    video,
    watched,
)

__all__ = [
    "IS_UNUSED",
    "account",
    "api_token",
    "attempt",
    "audience",
    "audio_track",
    "audit",
    "avatar",
    "caption",
    "channel",
    "edge",
    "event",
    "guess",
    "idempotency",
    "listing",
    "metadata",
    "outbox",
    "piece",
    "playlist",
    "playlist_entry",
    "rendition",
    "run",
    "schema_version",
    "segment",
    "session",
    "setting",
    "subscription",
    "task",
    "upload",
    "usage",
    "video",
    "viewing",
    "watched",
    "webhook",
    "webhook_delivery",
    "worker",
]
