"""Tables of playback: one row per playback session, kept for a day, and sums per video and day."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, Index, Integer, Table, Text

from yeoul.catalog.schema.base import metadata

# Playback sessions (`insight/`). No foreign keys: counting must not lock rows of videos.
viewing = Table(
    "viewing",
    metadata,
    Column("id", Text, primary_key=True),  # `insight.visitor.make_session_id`
    Column("video_id", Text, nullable=False),
    Column("visitor", Text, nullable=False),  # `insight.visitor.make_visitor_hash`
    Column("device", Text, nullable=False),
    Column("first_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("high", BigInteger, nullable=False),  # highest sequence number of a received beacon
    Column("window", BigInteger, nullable=False),  # bit n: beacon number high - n was received
    Column("played_s", Float, nullable=False),
    Column("stalled_s", Float, nullable=False),
    Column("noted", Integer, nullable=False),  # number of counted stalls, quality changes and errors
    Column("buckets", Text, nullable=False),
    Column("is_view", Boolean, nullable=False),
    Column("is_finished", Boolean, nullable=False),
    Index("viewing_visitor", "visitor"),
    Index("viewing_age", "seen_at"),
)

audience = Table(
    "audience",
    metadata,
    Column("video_id", Text, primary_key=True),
    Column("day", Integer, primary_key=True),  # days since 1970 (UTC)
    Column("owner_id", Text, nullable=False),
    Column("views", BigInteger, nullable=False),
    Column("finished", BigInteger, nullable=False),
    Column("watch_s", Float, nullable=False),
    Column("stalls", BigInteger, nullable=False),
    Column("stall_s", Float, nullable=False),
    Column("switches", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("detail", JSON, nullable=False),  # `insight.tally.Tally.detail`
    Index("audience_owner", "owner_id", "day"),
)
