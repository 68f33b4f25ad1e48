"""Streams of a growing video, asked while the server's cached view of it is older than what the catalogue says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from tests.contract.pipeline_world import VIDEO, World
from yeoul.base.settings import Settings
from yeoul.bootstrap import make_api
from yeoul.catalog.database import Database
from yeoul.catalog.video import video

pytestmark = [pytest.mark.slow, pytest.mark.either]


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    with database.write() as connection:
        video.change(connection, VIDEO, {"visibility": "public"}, made.clock.now())
    yield made
    made.dispatcher.close()


@pytest.fixture
def app(world: World, tmp_path: Path) -> Iterator[FastAPI]:
    made = make_api(Settings(data=tmp_path), world.database, world.store, world.clock)
    yield made
    made.state.parts.response_cache.close()


def ask(app: FastAPI, *paths: str) -> list[int]:
    """The statuses of the answers to requests for files of the video's stream."""

    async def send() -> list[int]:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://testserver") as client:
            return [(await client.get(f"/stream/public/{VIDEO}/{path}")).status_code for path in paths]

    return asyncio.run(send())


def test_what_the_catalogue_has_is_answered_though_an_older_view_is_cached(world: World, app: FastAPI):
    """The clock stands still, so that the view that the first request has cached stays valid."""
    upload_id = world.open()
    world.land(upload_id, 0)
    world.work()
    assert world.state() == "playable"
    later = ("storyboard.vtt", "storyboard-0.jpg", "manifest.mpd", "240p/1.m4s")
    assert ask(app, "master.m3u8", "240p/0.m4s", *later) == [200, 307, *[404] * len(later)]
    for index in range(1, world.pieces):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, world.pieces)
    world.work()
    assert world.state() == "ready"
    assert ask(app, *later, "240p/99.m4s", "storyboard-99.jpg") == [200, 307, 200, 307, 404, 404]
