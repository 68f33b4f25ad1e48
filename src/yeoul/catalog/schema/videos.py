"""Tables of videos, the public listing, channels, subscriptions, playlists, watch history, audio tracks and captions."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, false, text

from yeoul.catalog.schema.base import Plain, Serial, metadata

_IS_LATER = text("kind = 'later'")
_IS_TRASHED = text("trashed_at IS NOT NULL")
IS_UNUSED = text("state = 'created'")  # queries must repeat this exact text, otherwise SQLite does not use the partial index

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
    Column("error", JSON(none_as_null=True)),  # YeoulError.to_dict of the error that failed the video
    Column("notice", JSON(none_as_null=True)),  # YeoulError.to_dict of a problem that does not fail the video
    Column("source", JSON(none_as_null=True)),  # Source
    Column("poster_key", Text),
    Column("storyboard", JSON(none_as_null=True)),  # Storyboard
    Column("dropped", JSON, nullable=False),  # {rung name: error}
    Column("lost", JSON, nullable=False, server_default="{}"),  # {piece index: number of its frames that do not decode}
    Column("sidecars", JSON, nullable=False),  # {file name: blob key} of extra files that users' ops publish
    Column("edition", Integer, nullable=False, server_default="1"),  # the edition that players get
    Column("progress", Float, nullable=False),
    Column("version", Integer, nullable=False),  # incremented by every change that a viewer can see
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("playable_at", Float),
    Column("ready_at", Float),
    Column("tags", JSON, nullable=False, server_default="[]"),  # [tag chosen by the owner]
    Column("views", BigInteger, nullable=False, server_default="0"),
    Column("trend", Float, nullable=False, server_default="0"),  # current popularity: `catalog.video.listing.make_trend`
    Column("hidden", Boolean, nullable=False, server_default=false()),  # a moderator hid it: treated as private until shown again
    Column("trashed_at", Float),  # when it was moved to the trash
    Column("own_poster_key", Text),  # poster that the owner chose instead of poster_key
    Index("video_feed", "visibility", "state", "created_at", "id"),
    Index("video_owner", "owner_id", "created_at", "id"),
    Index("video_owner_views", "owner_id", "views", "id"),
    Index("video_owner_title", "owner_id", "title", "id"),
    Index("video_trash", "owner_id", "trashed_at", "id", sqlite_where=_IS_TRASHED, postgresql_where=_IS_TRASHED),
    Index("video_trashed", "trashed_at", sqlite_where=_IS_TRASHED, postgresql_where=_IS_TRASHED),
    Index("video_unused", "owner_id", sqlite_where=IS_UNUSED, postgresql_where=IS_UNUSED),
    Index("video_playable", "playable_at"),
    Index("video_ready", "ready_at"),
)

# The videos in public lists and search: public and playable. Updated in the transaction that changes the video (`catalog.video.listing`).
listing = Table(
    "listing",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),  # row id of its grams; FTS5 identifies rows by number
    Column("video_id", Text, ForeignKey("video.id"), nullable=False, unique=True),
    Column("owner_id", Text, ForeignKey("account.id"), nullable=False),
    Column("created_at", Float, nullable=False),  # copied from the video
    Column("title", Plain, nullable=False),  # folded by `gram.fold`
    Column("words", Text, nullable=False),  # other searchable text, folded
    Column("duration_s", Float),
    Column("height", Integer),
    Column("trend", Float, nullable=False),  # copied from the video
    Index("listing_new", "created_at", "video_id"),
    Index("listing_owner", "owner_id", "created_at", "video_id"),
    Index("listing_trend", "trend", "video_id"),
    Index("listing_title", "title"),
)

channel = Table(  # counters of an account; a missing row means that all are zero
    "channel",
    metadata,
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("subscribers", Integer, nullable=False),
    Column("videos", Integer, nullable=False),  # listed videos only
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
    Column("kind", Text, nullable=False),  # list | later (Watch later; one per account)
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
    Column("place", BigInteger, nullable=False),  # with gaps, so that moving an entry changes one row
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

audio_track = Table(
    "audio_track",
    metadata,
    Column("video_id", Text, ForeignKey("video.id"), primary_key=True),
    Column("name", Text, primary_key=True),  # of its rendition: audio is in the pieces; audio-1, audio-2 ... have their own files
    Column("position", Integer, nullable=False),
    Column("language", Text),
    Column("label", Text, nullable=False),
    Column("role", Text, nullable=False),  # model.source.AudioRole
    Column("origin", Text, nullable=False),  # file: part of the upload | added: later, by the owner
    Column("sound", JSON(none_as_null=True)),  # SoundFile; null for audio
    Column("bucket", Text),
    Column("key", Text),
    Column("size_bytes", BigInteger, nullable=False, server_default="0"),
    Column("sha256", Text),
    Column("landed_at", Float),
    Column("removed", Boolean, nullable=False, server_default=false()),  # the row stays, so that its name is not reused
    Column("created_at", Float, nullable=False),
)

caption = Table(
    "caption",
    metadata,
    Column("video_id", Text, ForeignKey("video.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("language", Text),
    Column("label", Text, nullable=False),
    Column("webvtt", Text, nullable=False),
    Column("origin", Text, nullable=False, server_default="file"),  # file: part of the upload | added: later, by the owner
    Column("edition", Integer, nullable=False, server_default="1"),  # part of its URL: the video's version when it was added
)
