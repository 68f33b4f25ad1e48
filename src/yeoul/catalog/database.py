"""Opening the database, transactions, and waiting for what other processes changed.

SQLite runs in WAL with synchronous=FULL; writers take the lock at once (BEGIN IMMEDIATE), so that no transaction can fail for
having read first. PostgreSQL tells waiters by LISTEN/NOTIFY, SQLite by `PRAGMA data_version`.
"""

from __future__ import annotations

import select
import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from yeoul.base.errors import DatabaseDamagedError, StorageFullError, UnavailableError

_CHANNEL = "yeoul"
_CHANGED = "yeoul_changed"
_DISK_FULL, _IDLE_TOO_LONG = "53100", "25P03"  # PostgreSQL, appendix A: error codes
# No transaction of ours waits for anything but the database: one that does belongs to a process that was stopped, and holds up all others.
_IDLE_S = 10
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-8000",
)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class _SqlitePreparation:
    """Prepares each new connection. busy_s: how long it waits for others who write."""

    def __init__(self, busy_s: float) -> None:
        self._pragmas = (f"PRAGMA busy_timeout={round(busy_s * 1000)}", *_SQLITE_PRAGMAS)

    def __call__(self, dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # SQLAlchemy's "begin" event below opens transactions
        cursor = dbapi_connection.cursor()
        for pragma in self._pragmas:
            cursor.execute(pragma)
        cursor.close()


def _prepare_postgresql(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.autocommit = True
    dbapi_connection.execute(f"SET idle_in_transaction_session_timeout = '{_IDLE_S}s'")
    dbapi_connection.autocommit = False


def _begin_sqlite(connection: Connection) -> None:
    mode = "IMMEDIATE" if connection.get_execution_options().get("yeoul_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _note_change(connection: Connection, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
    if (context.isinsert or context.isupdate or context.isdelete) and cursor.rowcount != 0:
        connection.info[_CHANGED] = True


def _translate(error: DBAPIError) -> Exception:
    """Full disks, damage and lost connections as our own errors; all others stay what they are."""
    sqlite_code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if getattr(error.orig, "sqlstate", None) == _DISK_FULL or sqlite_code == sqlite3.SQLITE_FULL:
        return StorageFullError("the database's disk is full")
    if sqlite_code in _DAMAGED:
        return DatabaseDamagedError("the file of the database is damaged, or is none: restore a backup of it")
    if getattr(error.orig, "sqlstate", None) == _IDLE_TOO_LONG:
        return UnavailableError("the database gave this transaction up, since this process stood still")
    # SQLite says "OperationalError" also of statements that are wrong.
    if isinstance(error, OperationalError) and sqlite_code != sqlite3.SQLITE_ERROR:
        return UnavailableError("the database cannot be reached or is busy")
    return error


class Database:
    """A pool of connections to one database; safe to share between threads."""

    def __init__(self, url: str, busy_s: float = 20.0) -> None:
        """busy_s: how long to wait for others who write to SQLite, before UnavailableError."""
        parsed = make_url(url)
        self.commits = 0  # how often this process has written; others tell by `watch`, a moment later
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if not self.is_sqlite and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = {"pool_size": 8, "max_overflow": 24} if not self.is_sqlite else {"pool_size": 4, "max_overflow": 28}
        self.engine: Engine = create_engine(parsed, pool_pre_ping=not self.is_sqlite, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _SqlitePreparation(busy_s))
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "connect", _prepare_postgresql)
            event.listen(self.engine, "after_cursor_execute", _note_change)

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A snapshot to read from. Raises UnavailableError when the database cannot be reached."""
        options: dict[str, Any] = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            with self.engine.connect() as plain:
                connection = plain.execution_options(**options)
                with connection.begin():
                    yield connection
        except DBAPIError as error:
            raise _translate(error) from error

    @contextmanager
    def write(self) -> Generator[Connection]:
        """A transaction; committed at the end of the block, rolled back when it raises. Waiters are told on commit.

        Raises StorageFullError when the disk is full, UnavailableError when the database cannot be reached or was busy for too long.
        """
        try:
            with self.engine.connect() as plain:
                connection = plain.execution_options(yeoul_write=True)
                connection.info.pop(_CHANGED, None)
                with connection.begin():
                    yield connection
                    # Only of changes: a waiter that looks and finds nothing must not wake the others, and they it, for ever.
                    if connection.info.pop(_CHANGED, False):
                        connection.execute(text(f"NOTIFY {_CHANNEL}"))
                self.commits += 1
        except DBAPIError as error:
            raise _translate(error) from error

    @contextmanager
    def rebuild(self) -> Generator[Connection]:
        """A transaction for migrations: SQLite replaces whole tables in it, also those that others refer to."""
        if not self.is_sqlite:
            with self.write() as connection:
                yield connection
            return
        try:
            with self.engine.connect() as plain:
                raw: Any = plain.connection.driver_connection
                raw.execute("PRAGMA foreign_keys=OFF")  # takes effect outside of transactions only
                try:
                    connection = plain.execution_options(yeoul_write=True)
                    with connection.begin():
                        yield connection
                        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                        assert broken is None, f"a migration left rows without what they refer to: {broken}"
                finally:
                    raw.execute("PRAGMA foreign_keys=ON")
        except DBAPIError as error:
            raise _translate(error) from error

    def watch(self) -> ChangeWatch:
        """A watch of one thread's own; close it after use."""
        return ChangeWatch(self)

    def close(self) -> None:
        self.engine.dispose()


class ChangeWatch:
    """Tells whether anything was committed since the last time it was asked. Not safe to share between threads.

    It has a connection of its own, so that what its own process commits is seen too. A connection that is lost is opened
    again, and told as a change, since nobody knows what was missed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_sqlite = database.is_sqlite
        self._lost = database.engine.dialect.loaded_dbapi.OperationalError
        self._open()

    def _open(self) -> None:
        try:
            self._connection = self._database.engine.raw_connection()
        except self._lost as error:
            raise UnavailableError("the database cannot be reached") from error
        self._raw: Any = self._connection.driver_connection  # None once it is detached
        self._connection.detach()  # it never goes back to the pool
        if self._is_sqlite:
            self._seen = self._version()
        else:
            self._raw.autocommit = True
            self._raw.execute(f"LISTEN {_CHANNEL}")

    def _version(self) -> int:
        return int(self._raw.execute("PRAGMA data_version").fetchone()[0])

    def poll(self) -> bool:
        """True when something was committed since the last call; returns at once. Raises UnavailableError."""
        try:
            if self._is_sqlite:
                old, self._seen = self._seen, self._version()
                return old != self._seen
            return bool(list(self._raw.notifies(timeout=0)))
        except self._lost:
            self.close()
            self._open()
            return True

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
        self._connection.close()
