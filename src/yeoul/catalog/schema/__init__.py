"""The tables. Times are seconds since 1970 (UTC), ids are text, JSON columns hold model objects in their wire form.

The migrations in `migration/` build the same tables; a test compares the two.
"""

from __future__ import annotations

# All modules are imported here, so that the metadata knows every table.
from yeoul.catalog.schema import account, outgoing, pipeline, playback, version, videos

__all__ = ["account", "outgoing", "pipeline", "playback", "version", "videos"]
