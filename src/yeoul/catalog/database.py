"""Opening the database, transactions, and waiting for what other processes changed.

SQLite runs in WAL with synchronous=FULL; writers take the lock at once (BEGIN IMMEDIATE), so that no transaction can fail for
having read first. PostgreSQL tells waiters by LISTEN/NOTIFY, SQLite by `PRAGMA data_version`.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from yeoul.base.errors import StorageFullError

_CHANNEL = "yeoul"
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=20000",
    "PRAGMA cache_size=-8000",
)


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # SQLAlchemy's "begin" event below opens transactions
    cursor = dbapi_connection.cursor()
    for pragma in _SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = "IMMEDIATE" if connection.get_execution_options().get("yeoul_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _translate(error: DBAPIError) -> Exception:
    text_of_cause = str(error.orig).lower()
    if "disk is full" in text_of_cause or "no space left" in text_of_cause:
        return StorageFullError("the database's disk is full")
    return error


class Database:
    """A pool of connections to one database; safe to share between threads."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if not self.is_sqlite and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = {"pool_size": 8, "max_overflow": 24} if not self.is_sqlite else {"pool_size": 4, "max_overflow": 28}
        self.engine: Engine = create_engine(parsed, pool_pre_ping=not self.is_sqlite, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A snapshot to read from."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction; committed at the end of the block, rolled back when it raises. Waiters are told on commit.

        Raises StorageFullError when the disk is full.
        """
        try:
            with self.engine.connect() as plain:
                connection = plain.execution_options(yeoul_write=True)
                with connection.begin():
                    yield connection
                    if not self.is_sqlite:
                        connection.execute(text(f"NOTIFY {_CHANNEL}"))
        except DBAPIError as error:
            raise _translate(error) from error

    def watch(self) -> ChangeWatch:
        """A watch of one thread's own; close it after use."""
        return ChangeWatch(self)

    def close(self) -> None:
        self.engine.dispose()


class ChangeWatch:
    """Tells whether anything was committed since the last time it was asked. Not safe to share between threads.

    On SQLite its own pool's writes are seen too, since the watch has a connection of its own.
    """

    def __init__(self, database: Database) -> None:
        self._is_sqlite = database.is_sqlite
        self._connection = database.engine.raw_connection()
        self._raw: Any = self._connection.driver_connection
        if self._is_sqlite:
            self._seen = self._version()
        else:
            self._raw.autocommit = True
            self._raw.execute(f"LISTEN {_CHANNEL}")

    def _version(self) -> int:
        return int(self._raw.execute("PRAGMA data_version").fetchone()[0])

    def poll(self) -> bool:
        """True when something was committed since the last call; returns at once."""
        if self._is_sqlite:
            old, self._seen = self._seen, self._version()
            return old != self._seen
        return bool(list(self._raw.notifies(timeout=0)))

    def wait(self, timeout_s: float) -> bool:
        """Wait until something is committed, at most `timeout_s`; True when it was."""
        deadline = time.monotonic() + timeout_s
        while not self.poll():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if self._is_sqlite:
                time.sleep(min(0.02, left))
            else:
                select.select([self._raw.fileno()], [], [], left)
        return True

    def close(self) -> None:
        if not self._is_sqlite:
            self._connection.invalidate()
        self._connection.close()
