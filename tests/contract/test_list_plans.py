"""No list reads a table from end to end: the database says so itself of every statement, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from sqlalchemy import Connection, event

from tests.contract.test_discovery import NOW, add, make_playlist
from yeoul.catalog.account import account, audit, channel, webhook, webhook_delivery
from yeoul.catalog.database import Database
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.video import listing, trash, video
from yeoul.catalog.watch import audience, playlist, watch_history
from yeoul.catalog.watch import playback_session as viewings
from yeoul.discovery import index
from yeoul.discovery.ranking import Filter
from yeoul.model.video import VideoState
from yeoul.model.webhook import WebhookEvent

BEFORE = (NOW, "v")
WANTED = Filter(now_s=NOW)
SEED = cast("VideoRow", {"id": "v", "title": "one river", "tags": ["two"], "owner_id": "ann"})


def _after(order: video.Order) -> tuple[float | str, str]:
    return ("river" if order is video.Order.TITLE else 1, "v")


Asks = Callable[[Connection], Any]
WALKS: dict[str, Asks] = {
    "feed": lambda c: listing.newest(c, BEFORE, 24),
    "trending": lambda c: listing.trending(c, BEFORE, 24),
    "channel": lambda c: listing.of_channel(c, "ann", BEFORE, 24),
    "subscriptions' feed": lambda c: listing.of_channels(c, channel.channels_of(c, "ann") or ["ann"], BEFORE, 24),
    "subscriptions": lambda c: channel.subscriptions(c, "ann", BEFORE, 24),
    "own videos": lambda c: video.page(c, "ann", BEFORE, 24),
    **{f"own videos by {order}": lambda c, order=order: video.page(c, "ann", _after(order), 24, order) for order in video.Order},
    "own videos of a title": lambda c: video.page(c, "ann", BEFORE, 24, state=VideoState.READY, text="riv"),
    "trash": lambda c: video.trash_page(c, "ann", BEFORE, 24),
    "end of the trash": lambda c: trash.find_expired(c, NOW, 24),
    "playlists": lambda c: playlist.page(c, "ann", BEFORE, 24),
    "entries": lambda c: playlist.entries(c, "p", (1.0, "e"), 24),
    "days of a video": lambda c: audience.of_video(c, "v", 1, 28),
    "days of a maker": lambda c: audience.days_of_owner(c, "ann", 1, 28),
    "history": lambda c: watch_history.page(c, "ann", BEFORE, 24),
    "audit log": lambda c: audit.page(c, BEFORE, 24),
    "audit log of somebody": lambda c: audit.page(c, BEFORE, 24, {"actor_handle": "ann"}),
    "audit log of a thing": lambda c: audit.page(c, BEFORE, 24, {"target": "v"}),
    "webhooks": lambda c: webhook.page(c, "ann", BEFORE, 24),
    "deliveries": lambda c: webhook_delivery.page(c, "w", BEFORE, 24),
    "due deliveries": lambda c: (webhook_delivery.next_at(c), webhook_delivery.claim(c, NOW, NOW, ["example.org"], ["bob"])),
}
FINDS: dict[str, Asks] = {
    "search": lambda c: index.search(c, "river한국", WANTED, None, 24),
    "short search": lambda c: index.search(c, "r", WANTED, None, 24),
    "suggestions": lambda c: index.suggest(c, "riv", 8),
    "related": lambda c: index.related(c, SEED, 24),
    "videos of a page": lambda c: video.by_id(c, [f"v{number}" for number in range(24)]),
    "list for later": lambda c: playlist.find_watch_later(c, "ann"),
    "position": lambda c: watch_history.find_position(c, "ann", "v"),
    "channel's page": lambda c: (channel.find(c, "ann"), channel.is_subscribed(c, "ann", "bob")),
    "view": lambda c: listing.count_view(c, "v1", NOW),
    "change": lambda c: video.change(c, "v1", {"title": "another river"}, NOW),
    "most viewed": lambda c: audience.top_of_owner(c, "ann", 1, 28, 10),
    "sums of a day": lambda c: audience.lock(c, 1, {"v": "ann"}),
    "viewings": lambda c: (viewings.find_ids(c, ["a"]), viewings.lock(c, ["a"]), viewings.count_by_visitor(c, ["a"])),
    "old viewings": lambda c: viewings.delete_before(c, NOW, 100),
    "accounts by how they begin": lambda c: account.page(c, prefix="an", before=BEFORE, limit=24),
    "telling webhooks": lambda c: webhook_delivery.notify_owner(c, "v1", WebhookEvent.READY, NOW),
    "settling deliveries": lambda c: (webhook.disable(c, "w", None), webhook_delivery.delete_before(c, NOW)),
    "removal": lambda c: video.delete_video(c, "none"),
}


@pytest.fixture
def filled(database: Database) -> Database:
    for number in range(30):
        add(database, f"v{number}", f"River {number}", at=NOW - number)
    with database.write() as connection:
        playlist.add(connection, make_playlist("p"), NOW)
        webhook.add(connection, {"id": "w", "account_id": "ann", "url": "u", "host": "h", "events": []}, NOW)
    return database


def plans(database: Database, asks: Asks, *switches: str) -> list[str]:
    """What the database means to do for each statement that is asked; nothing of it stays."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many and statement.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            asked.append((statement, parameters))

    with database.write() as connection, connection.begin_nested() as trial:
        for switch in switches:
            connection.exec_driver_sql(switch)
        event.listen(database.engine, "before_cursor_execute", note)
        asks(connection)
        event.remove(database.engine, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        found = [connection.exec_driver_sql(explain + statement, parameters).all() for statement, parameters in asked]
        trial.rollback()
    assert found
    return ["\n".join(str(row[-1]) for row in rows) for rows in found]


# Of small tables PostgreSQL reads all by choice; this asks what it can do where it must not.
_NO_SCAN = "SET LOCAL enable_seqscan = off"
_NO_SORT = "SET LOCAL enable_sort = off"


def reads_all(plan: str) -> list[str]:
    """Steps that read a whole table."""
    lines = [line.strip() for line in plan.splitlines()]
    scans = [line for line in lines if line.startswith("SCAN ") and "USING" not in line and "VIRTUAL TABLE INDEX" not in line]
    return scans + [line for line in lines if "Seq Scan" in line]


def test_lists_are_walked_in_the_order_of_an_index(filled: Database):
    switches = () if filled.is_sqlite else (_NO_SCAN, _NO_SORT)
    for name, asks in WALKS.items():
        for plan in plans(filled, asks, *switches):
            assert not reads_all(plan) and "TEMP B-TREE" not in plan and "Sort" not in plan, f"{name}: {plan}"


def test_nothing_is_found_by_reading_all(filled: Database):
    switches = () if filled.is_sqlite else (_NO_SCAN,)
    for name, asks in FINDS.items():
        for plan in plans(filled, asks, *switches):
            assert not reads_all(plan), f"{name}: {plan}"


@pytest.mark.parametrize("name", ["search", "related"])
def test_each_spelling_is_looked_up_by_itself(filled: Database, name: str):
    """Of many in one condition PostgreSQL takes the sum of their costs, and then reads the whole table instead."""
    switches = () if filled.is_sqlite else (_NO_SCAN,)
    assert not any("BitmapOr" in plan for plan in plans(filled, FINDS[name], *switches))


def test_the_database_tells_of_what_reads_all(filled: Database):
    """What the tests above look for is there where it should be."""
    switches = () if filled.is_sqlite else (_NO_SCAN,)
    (plan,) = plans(filled, lambda c: c.exec_driver_sql("SELECT words FROM listing WHERE words = 'x'").all(), *switches)
    assert reads_all(plan)
