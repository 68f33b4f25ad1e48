"""Real services for the contract suites, started at their first use and once per test run."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.databases import KINDS, PostgresServer, SqliteFiles, running_postgres
from tests.contract.estate import Estate
from tests.swift.server import SwiftEndpoint, SwiftServer
from yeoul.catalog.database import Database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of tests of what lies above the database, `make test` runs each on one of both kinds, half of them on each."""
    for item in items:
        kind = getattr(item, "callspec", None) and item.callspec.params.get("databases")  # type: ignore[attr-defined]
        if kind in KINDS and item.get_closest_marker("either") is not None:
            chosen = KINDS[zlib.crc32(item.nodeid.partition("[")[0].encode()) % len(KINDS)]
            if kind != chosen:
                item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def swift_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwiftEndpoint]:
    """A running OpenStack Swift with its S3 API."""
    server = SwiftServer(tmp_path_factory.mktemp("swift"))
    endpoint = server.start()
    yield endpoint
    server.stop()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=KINDS)
def databases(request: pytest.FixtureRequest) -> SqliteFiles | PostgresServer:
    """Where databases come from, of each kind."""
    return request.getfixturevalue("sqlite_files" if request.param == "sqlite" else "postgres_server")


@pytest.fixture
def database_url(databases: SqliteFiles | PostgresServer) -> Iterator[str]:
    """A database without tables, of this test alone."""
    url = databases.empty()
    yield url
    databases.drop(url)


@pytest.fixture
def database(databases: SqliteFiles | PostgresServer) -> Iterator[Database]:
    """A database with all tables and no rows, of this test alone."""
    url = databases.migrated()
    opened = Database(url)
    yield opened
    opened.close()
    databases.drop(url)


@pytest.fixture
def estate(database: Database, tmp_path: Path) -> Iterator[Estate]:
    made = Estate(database, tmp_path)
    yield made
    made.close()
