"""When cached answers are dropped: in the process that has written, and in others."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.contract.test_catalog import NOW, add_video
from yeoul.api.response_cache import ResponseCache
from yeoul.catalog.account import channel
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox
from yeoul.catalog.video import video
from yeoul.model.event import TaskEnded


@pytest.fixture
def other(database: Database) -> Iterator[Database]:
    """The same database, as another server has it."""
    other = Database(database.engine.url.render_as_string(hide_password=False))
    yield other
    other.close()


def _retitle(database: Database, title: str) -> None:
    with database.write() as connection:
        video.change(connection, "v", {"title": title}, NOW)


def _emit(database: Database) -> None:
    with database.write() as connection:
        outbox.emit(connection, TaskEnded(video_id="v", run_id="r"), NOW)


def test_the_writer_reads_no_answer_that_is_older_than_its_write(database: Database):
    add_video(database)
    cache = ResponseCache(database)
    for title in ("one", "two", "three"):
        before = cache.get_generation()
        _retitle(database, title)
        assert cache.get_generation() > before
    cache.close()


def test_a_change_by_another_server_drops_the_answers(database: Database, other: Database):
    add_video(database)
    cache = ResponseCache(database)
    before = cache.get_generation()
    _retitle(other, "new")
    while cache.get_generation() == before:
        time.sleep(0.01)  # PostgreSQL tells of a commit a moment later
    cache.close()


def test_a_channel_that_grows_on_another_server_drops_the_answers(database: Database, other: Database):
    add_video(database)
    cache = ResponseCache(database)
    before = cache.get_generation()
    with other.write() as connection:
        channel.add_to_counters(connection, "a", subscribers=1)
    while cache.get_generation() == before:
        time.sleep(0.01)
    cache.close()


def test_commits_that_no_answer_shows_keep_the_answers(database: Database, other: Database):
    """On SQLite, which does not tell what was changed, another process's commit drops them."""
    add_video(database)
    cache, witness = ResponseCache(database), database.watch()
    before = cache.get_generation()
    _emit(other)
    assert witness.wait(10)
    assert (cache.get_generation() == before) is not database.is_sqlite
    witness.close()
    cache.close()
