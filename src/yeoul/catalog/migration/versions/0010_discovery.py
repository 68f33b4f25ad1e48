"""What everybody may find, and how: the listing with its grams, channels, subscriptions, playlists, what was watched, views."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from yeoul.catalog.video.grams import create_gram_table

revision = "0010"
down_revision = "0009"

_Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Plain = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("account", sa.Column("keep_history", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("video", sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("video", sa.Column("views", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("video", sa.Column("trend", sa.Float(), nullable=False, server_default="0"))
    op.execute("UPDATE video SET trend = created_at / 172800.0")  # as new ones begin
    _listing()
    _channels()
    _playlists()
    _watched()
    create_gram_table(op.get_bind())  # the listing is filled by the last step that changes what it is made of


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _time(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float(), nullable=False)


def _account(name: str, ondelete: str | None = "CASCADE", *, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), sa.ForeignKey("account.id", ondelete=ondelete), nullable=False, primary_key=primary_key)


def _video(*, unique: bool | None = None, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column("video_id", sa.Text(), sa.ForeignKey("video.id"), nullable=False, unique=unique, primary_key=primary_key)


def _listing() -> None:
    columns = (
        sa.Column("id", _Serial, primary_key=True, autoincrement=True),
        _video(unique=True),
        _account("owner_id", None),
        _time("created_at"),
        sa.Column("title", _Plain, nullable=False),
        _text("words"),
        sa.Column("duration_s", sa.Float()),
        sa.Column("height", sa.Integer()),
        _time("trend"),
    )
    op.create_table("listing", *columns)
    op.create_index("listing_new", "listing", ["created_at", "video_id"])
    op.create_index("listing_owner", "listing", ["owner_id", "created_at", "video_id"])
    op.create_index("listing_trend", "listing", ["trend", "video_id"])
    op.create_index("listing_title", "listing", ["title"])


def _channels() -> None:
    counters = [sa.Column(name, sa.Integer(), nullable=False) for name in ("subscribers", "videos")]
    op.create_table("channel", _account("account_id", primary_key=True), *counters)
    op.create_table("subscription", _account("account_id", primary_key=True), _account("channel_id", primary_key=True), _time("created_at"))
    op.create_index("subscription_new", "subscription", ["account_id", "created_at", "channel_id"])
    op.create_index("subscription_channel", "subscription", ["channel_id"])


def _playlists() -> None:
    texts = [_text(name) for name in ("kind", "title", "description", "visibility")]
    entries = sa.Column("entries", sa.Integer(), nullable=False)
    identity = sa.Column("id", sa.Text(), primary_key=True)
    op.create_table("playlist", identity, _account("owner_id"), *texts, entries, _time("created_at"), _time("updated_at"))
    op.create_index("playlist_owner", "playlist", ["owner_id", "created_at", "id"])
    later = sa.text("kind = 'later'")
    op.create_index("playlist_later", "playlist", ["owner_id"], unique=True, sqlite_where=later, postgresql_where=later)
    columns = (
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("playlist_id", sa.Text(), sa.ForeignKey("playlist.id", ondelete="CASCADE"), nullable=False),
        _video(),
        sa.Column("place", sa.BigInteger(), nullable=False),
        _time("added_at"),
    )
    op.create_table("playlist_entry", *columns)
    op.create_index("playlist_entry_place", "playlist_entry", ["playlist_id", "place", "id"])
    op.create_index("playlist_entry_video", "playlist_entry", ["video_id"])


def _watched() -> None:
    op.create_table("watched", _account("account_id", primary_key=True), _video(primary_key=True), _time("position_s"), _time("watched_at"))
    op.create_index("watched_new", "watched", ["account_id", "watched_at", "video_id"])
    op.create_index("watched_video", "watched", ["video_id"])
