"""The tables. Times are seconds since 1970 (UTC); ids are text; JSON holds nouns in their wire form.

`migration/` builds the same tables step by step; a test holds the two together.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
    text,
    true,
)

metadata = MetaData()

# SQLite counts rows up by itself only for a column typed INTEGER.
_Serial = BigInteger().with_variant(Integer, "sqlite")
# Ordered by code point whatever the database's locale, so that what begins with a word stands together.
_Plain = Text().with_variant(Text(collation="C"), "postgresql")
_IS_LATER = text("kind = 'later'")
_IS_TRASHED = text("trashed_at IS NOT NULL")
_IS_PENDING = text("next_at IS NOT NULL")

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", _Plain, nullable=False, unique=True),
    Column("email", _Plain, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("pipeline", Text),  # of uploads that name none
    Column("display_name", Text, nullable=False, server_default=""),  # empty: the handle
    Column("bio", Text, nullable=False, server_default=""),
    Column("language", Text),  # of mails and pages; null: as the browser says
    Column("avatar", Text),  # digest of its picture, which is a row of `avatar`
    Column("pending_email", Text),  # the address that becomes `email` when it is confirmed
    Column("confirmed_at", Float),  # when `email` was last shown to be the owner's
    Column("disabled_at", Float),
    Column("quota_bytes", BigInteger),  # null: as the settings say
    Column("used_bytes", BigInteger, nullable=False, server_default="0"),  # the sum of its rows of `usage`
    Column("keep_history", Boolean, nullable=False, server_default=true()),  # whether it wants to find again what it watched
    Index("account_age", "created_at", "id"),
    Index("account_used", "used_bytes"),
)

avatar = Table(
    "avatar",
    metadata,
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("jpeg", LargeBinary, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),  # SHA-256 of the token: a stolen database opens no door
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("id", Text, nullable=False, server_default=""),  # what its owner calls it by
    Column("last_seen_at", Float, nullable=False, server_default="0"),
    Column("user_agent", Text, nullable=False, server_default=""),
    Column("ip", Text, nullable=False, server_default=""),
    Index("session_id", "id", unique=True),
    Index("session_end", "expires_at"),
    Index("session_account", "account_id", "created_at", "id"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("token_hash", Text, primary_key=True),  # as of sessions
    Column("id", Text, nullable=False, unique=True),
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", JSON, nullable=False),  # [identity.Scope]
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("last_used_at", Float),
    Index("api_token_account", "account_id", "created_at", "id"),
)

guess = Table(
    "guess",
    metadata,
    Column("key", Text, primary_key=True),  # what was guessed at, or from where
    Column("count", Integer, nullable=False),
    Column("blocked_until", Float, nullable=False),
    Column("updated_at", Float, nullable=False, index=True),
)

usage = Table(
    "usage",
    metadata,
    Column("video_id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("original_bytes", BigInteger, nullable=False),  # as its upload was opened or its pieces declared, whichever is more
    Column("encoded_bytes", BigInteger, nullable=False),  # as the sweeper last found them
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),  # section.field, of those that change while the server runs
    Column("value", JSON, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", Float, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_handle", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Index("audit_time", "created_at", "id"),
    Index("audit_actor", "actor_handle", "created_at", "id"),
    Index("audit_action", "action", "created_at", "id"),
    Index("audit_target", "target", "created_at", "id"),
)

video = Table(
    "video",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_id", Text, ForeignKey("account.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", JSON(none_as_null=True)),  # YeoulError.to_dict of what failed it
    Column("notice", JSON(none_as_null=True)),  # YeoulError.to_dict of what holds it up; it will go on by itself
    Column("source", JSON(none_as_null=True)),  # Source
    Column("poster_key", Text),
    Column("storyboard", JSON(none_as_null=True)),  # Storyboard
    Column("dropped", JSON, nullable=False),  # {rung name: error}
    Column("sidecars", JSON, nullable=False),  # {file name: key}: what ops of users publish beside the streams
    Column("edition", Integer, nullable=False, server_default="1"),  # of the run that is shown
    Column("progress", Float, nullable=False),
    Column("version", Integer, nullable=False),  # counts every change that a viewer may see
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("playable_at", Float),
    Column("ready_at", Float),
    Column("tags", JSON, nullable=False, server_default="[]"),  # [word of its owner]
    Column("views", BigInteger, nullable=False, server_default="0"),
    Column("trend", Float, nullable=False, server_default="0"),  # `catalog.views.make_trend`: how much it is watched of late
    Column("hidden", Boolean, nullable=False, server_default=false()),  # by moderators: it is as if private, until they show it again
    Column("trashed_at", Float),  # it is gone for everybody, and can be restored
    Column("own_poster_key", Text),  # what its owner chose instead of poster_key
    Index("video_feed", "visibility", "state", "created_at", "id"),
    Index("video_owner", "owner_id", "created_at", "id"),
    Index("video_owner_views", "owner_id", "views", "id"),
    Index("video_owner_title", "owner_id", "title", "id"),
    Index("video_trash", "owner_id", "trashed_at", "id", sqlite_where=_IS_TRASHED, postgresql_where=_IS_TRASHED),
    Index("video_trashed", "trashed_at", sqlite_where=_IS_TRASHED, postgresql_where=_IS_TRASHED),
    Index("video_playable", "playable_at"),
    Index("video_ready", "ready_at"),
)

# What everybody may find: the public videos that can be watched, and no other. Written where the video is (`catalog.listing`).
listing = Table(
    "listing",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),  # of its grams; FTS5 knows rows by number
    Column("video_id", Text, ForeignKey("video.id"), nullable=False, unique=True),
    Column("owner_id", Text, ForeignKey("account.id"), nullable=False),
    Column("created_at", Float, nullable=False),  # the video's
    Column("title", _Plain, nullable=False),  # folded by `gram.fold`
    Column("words", Text, nullable=False),  # the rest of what it is found by, folded
    Column("duration_s", Float),
    Column("height", Integer),
    Column("trend", Float, nullable=False),  # the video's
    Index("listing_new", "created_at", "video_id"),
    Index("listing_owner", "owner_id", "created_at", "video_id"),
    Index("listing_trend", "trend", "video_id"),
    Index("listing_title", "title"),
)

channel = Table(  # counters of an account; no row is all zero
    "channel",
    metadata,
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("subscribers", Integer, nullable=False),
    Column("videos", Integer, nullable=False),  # listed
)

subscription = Table(
    "subscription",
    metadata,
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("channel_id", Text, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("created_at", Float, nullable=False),
    Index("subscription_new", "account_id", "created_at", "channel_id"),
    Index("subscription_channel", "channel_id"),
)

playlist = Table(
    "playlist",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),  # list | later: everybody has one of these
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("visibility", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Index("playlist_owner", "owner_id", "created_at", "id"),
    Index("playlist_later", "owner_id", unique=True, sqlite_where=_IS_LATER, postgresql_where=_IS_LATER),
)

playlist_entry = Table(
    "playlist_entry",
    metadata,
    Column("id", Text, primary_key=True),
    Column("playlist_id", Text, ForeignKey("playlist.id", ondelete="CASCADE"), nullable=False),
    Column("video_id", Text, ForeignKey("video.id"), nullable=False),
    Column("place", BigInteger, nullable=False),  # with gaps, so that moving one changes one
    Column("added_at", Float, nullable=False),
    Index("playlist_entry_place", "playlist_id", "place", "id"),
    Index("playlist_entry_video", "video_id"),
)

watched = Table(
    "watched",
    metadata,
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("video_id", Text, ForeignKey("video.id"), primary_key=True),
    Column("position_s", Float, nullable=False),
    Column("watched_at", Float, nullable=False),
    Index("watched_new", "account_id", "watched_at", "video_id"),
    Index("watched_video", "video_id"),
)

# How videos are watched (`insight/`). No foreign keys: what is counted is written apart from the videos, and must not hold them up.
viewing = Table(
    "viewing",
    metadata,
    Column("id", Text, primary_key=True),  # `insight.visitor.make_viewing_id`
    Column("video_id", Text, nullable=False),
    Column("visitor", Text, nullable=False),  # `insight.visitor.make_visitor`
    Column("device", Text, nullable=False),
    Column("first_at", Float, nullable=False),
    Column("seen_at", Float, nullable=False),
    Column("high", BigInteger, nullable=False),  # the highest sequence number that came
    Column("window", BigInteger, nullable=False),  # which of those before it came
    Column("played_s", Float, nullable=False),
    Column("stalled_s", Float, nullable=False),
    Column("noted", Integer, nullable=False),
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
    Column("day", Integer, primary_key=True),  # in UTC, counted from 1970
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

caption = Table(
    "caption",
    metadata,
    Column("video_id", Text, ForeignKey("video.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("language", Text),
    Column("label", Text, nullable=False),
    Column("webvtt", Text, nullable=False),
    Column("origin", Text, nullable=False, server_default="file"),  # file: it came with the upload | added: by its owner, later
    Column("edition", Integer, nullable=False, server_default="1"),  # in its address: the video's version when it was added
)

upload = Table(
    "upload",
    metadata,
    Column("id", Text, primary_key=True),
    Column("video_id", Text, ForeignKey("video.id"), nullable=False, index=True),
    Column("mode", Text, nullable=False),  # pieces | whole
    Column("file_name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),  # of the source file, so that another process can resume
    Column("source", JSON(none_as_null=True)),  # Source as the client saw it
    Column("state", Text, nullable=False),  # open | closed | expired
    Column("created_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("touched_at", Float, nullable=False, server_default="0"),  # last sign of life of the client
    Index("upload_closed", "closed_at"),
    Index("upload_life", "state", "touched_at"),
)

piece = Table(
    "piece",
    metadata,
    Column("upload_id", Text, ForeignKey("upload.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # piece, or part: a byte range of a whole file
    Column("index", Integer, primary_key=True),
    Column("piece", JSON(none_as_null=True)),  # Piece; null for parts
    Column("bucket", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("landed_at", Float),
)

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("video_id", Text, ForeignKey("video.id"), nullable=False, index=True),
    Column("upload_id", Text, ForeignKey("upload.id"), nullable=False),
    Column("edition", Integer, nullable=False, server_default="1"),  # counts the runs of an upload
    Column("account_id", Text, nullable=False),  # the video's owner
    Column("definition", JSON, nullable=False),  # the DAG definition it was opened with
    Column("ladder", JSON(none_as_null=True)),  # [Rung], highest first; null until inspected
    Column("source", JSON(none_as_null=True)),  # Source, null until inspected
    Column("made", JSON, nullable=False, server_default="{}"),  # poster_key, storyboard, sidecars and dropped, as columns of the video
    Column("state", Text, nullable=False),  # parked | open | done | failed | cancelled
    Column("version", Integer, nullable=False),  # counts events applied, so that a scheduler in memory knows when it is stale
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
    Index("run_state", "state", "created_at"),
    Index("run_edition", "upload_id", "edition", unique=True),
)

# As literals: SQLite takes such an index only when the query repeats its condition word for word.
_IS_READY = text("state = 'ready'")
_IS_URGENT = text("state = 'ready' AND latency_sensitive")

task = Table(
    "task",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("run.id"), nullable=False),
    Column("account_id", Text, nullable=False),  # the video's owner, who shares the workers with others
    Column("stage", Text, nullable=False),  # name in the definition, or the preprocessor's split and inspect
    Column("piece", Integer),
    Column("rung", Text),
    Column("op", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting | ready | running | done | failed | cancelled
    Column("due_at", Float, nullable=False),  # virtual deadline: the queue's order
    Column("not_before", Float, nullable=False),
    Column("waiting_on", Integer, nullable=False),
    Column("cpu", Float, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("gpu", Float, nullable=False),
    Column("tags", JSON, nullable=False),  # [tag that the worker must carry]
    Column("wants", Text, nullable=False),  # `queue.make_wants` of gpu and tags: what sorts out tasks that no worker here can run
    Column("timeout_s", Float, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("optional", Boolean, nullable=False),
    Column("latency_sensitive", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),  # attempts since it was last made runnable, without those that only found no room
    Column("failures", Integer, nullable=False),
    Column("failed_on", JSON, nullable=False),  # [worker on which an attempt has failed]
    Column("crashes", Integer, nullable=False),  # attempts that took their process along
    Column("owner", Text),
    Column("worker", Text),
    Column("lease_until", Float),
    Column("params", JSON, nullable=False),
    Column("outputs", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("progress", Float, nullable=False),
    Column("cpu_s", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("ready_at", Float),  # since when it may run; in the future while a retry is delayed
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("updated_at", Float, nullable=False),
    Column("key", Text),  # of what a done task made, where others may use it: `result_key.make_key` of op, parameters and inputs
    Column("digest", Text),  # of what a done task made: `ops.reuse.make_digest`
    Index("task_key", "key"),
    Index("task_queue", "state", "due_at", "id"),
    Index("task_run", "run_id", "updated_at"),
    Index("task_place", "run_id", "stage", "piece", "rung", unique=True),
    # Only of what is ready, so that they stay small: an account's lane, what in it people wait for, and what waits for its next attempt.
    Index("task_lane", "account_id", "due_at", "id", sqlite_where=_IS_READY, postgresql_where=_IS_READY),
    Index("task_delayed", "not_before", sqlite_where=_IS_READY, postgresql_where=_IS_READY),
    Index("task_urgent", "account_id", "due_at", "id", sqlite_where=_IS_URGENT, postgresql_where=_IS_URGENT),
)

attempt = Table(
    "attempt",
    metadata,
    Column("task_id", Text, ForeignKey("task.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("ready_at", Float, nullable=False),  # since when the task waited for this attempt
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("outcome", Text),  # done | failed | lost | put_back | cancelled; null while it runs
    Column("error", JSON(none_as_null=True)),  # YeoulError.to_dict
    Column("cpu_s", Float, nullable=False),
    Column("wall_s", Float, nullable=False),
    Column("max_rss_bytes", BigInteger, nullable=False),
    Column("read_bytes", BigInteger, nullable=False),
    Column("written_bytes", BigInteger, nullable=False),
    Column("reused", Boolean, nullable=False, server_default=false()),  # what it gave was made before, by another task
    Index("attempt_run", "run_id", "started_at"),
    Index("attempt_ended", "ended_at"),
)

event = Table(
    "event",
    metadata,
    Column("run_id", Text, ForeignKey("run.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("event", JSON, nullable=False),  # what the scheduler was fed
    Column("gave", JSON, nullable=False),  # [instruction] that it answered with
    Column("at", Float, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("owner", Text, primary_key=True),  # the dispatcher that speaks for it
    Column("id", Text, primary_key=True),
    Column("slots", JSON, nullable=False),  # Slots, all of them
    Column("free", JSON, nullable=False),  # Slots
    Column("quarantined_until", Float),
    Column("reason", Text),
    Column("pause_s", Float),  # how long it is quarantined at a time
    Column("overload", Integer, nullable=False),  # overload.Level of its dispatcher
    Column("wait_s", Float, nullable=False),  # estimated wait, as its dispatcher sees it
    Column("seen_at", Float, nullable=False),
)

edge = Table(
    "edge",
    metadata,
    Column("needs_id", Text, ForeignKey("task.id"), primary_key=True),
    Column("task_id", Text, ForeignKey("task.id"), primary_key=True, index=True),
)

rendition = Table(
    "rendition",
    metadata,
    Column("video_id", Text, ForeignKey("video.id"), primary_key=True),
    Column("edition", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rendition", JSON, nullable=False),  # Rendition
    Column("declared_bps", Integer, nullable=False),
    Column("contiguous", Integer, nullable=False),  # segments from index 0 up to the first hole
    Column("listed", Boolean, nullable=False),  # whether growing playlists offer it; once true it stays
)

segment = Table(
    "segment",
    metadata,
    Column("video_id", Text, primary_key=True),
    Column("edition", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("segment", JSON, nullable=False),  # Segment
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Serial, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("video_id", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("created_at", Float, nullable=False),
)

webhook = Table(
    "webhook",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),  # of the address: a slow one is not asked by many at a time
    Column("events", JSON, nullable=False),  # [event]
    Column("active", Boolean, nullable=False),
    Column("off_reason", Text),  # gone | failing, where it was switched off for that
    Column("failing_since", Float),  # nothing was delivered since
    Column("created_at", Float, nullable=False),
    Index("webhook_account", "account_id", "created_at", "id"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("event", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON as it is signed and sent
    Column("state", Text, nullable=False),  # pending | delivered | failed
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),  # of the last answer
    Column("error", Text),  # why there was none
    Column("duration_s", Float),
    Column("attempted_at", Float),
    Column("next_at", Float),  # null: never again
    Column("created_at", Float, nullable=False),
    Index("webhook_delivery_new", "webhook_id", "created_at", "id"),
    Index("webhook_delivery_due", "next_at", sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING),
    Index("webhook_delivery_age", "created_at"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Float, nullable=False),
)
