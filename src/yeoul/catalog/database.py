"""Opens the database, runs transactions, and waits for commits of other processes.

SQLite runs in WAL mode with synchronous=FULL. Writing transactions take the lock when they begin (BEGIN IMMEDIATE), so that none fails
because it read before it wrote. Waiters learn of commits by LISTEN/NOTIFY on PostgreSQL, by the tables that changed. On SQLite,
`catalog/commit_signal.py` wakes them, and `PRAGMA data_version` tells.

No call waits for PostgreSQL forever (`catalog/postgresql.py`).
"""

from __future__ import annotations

import importlib.util
import os
import select
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from yeoul.base.errors import DatabaseDamagedError, InvalidError, StorageFullError, UnavailableError
from yeoul.catalog.commit_signal import CommitSignal, forget_events

_CHANNEL = "yeoul"  # of every commit that changed something; `yeoul_TABLE` is the channel of one table
_CHANGED = "yeoul_changed"
# PostgreSQL, appendix A: error codes
_DISK_FULL, _IDLE_TOO_LONG, _STATEMENT_TOO_LONG, _LOCKED_TOO_LONG = "53100", "25P03", "57014", "55P03"
_NOTIFY = text("SELECT pg_notify(channel, '') FROM unnest(CAST(:channels AS text[])) AS channel")
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-8000",
)
_POLL_S, _POLL_ALONE_S = 2.0, 0.02  # how often to look for commits: where a descriptor tells of them, and where none does
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class _SqlitePreparation:
    """Prepares each new connection. busy_s: how long it waits for other writers."""

    def __init__(self, busy_s: float) -> None:
        self._pragmas = (f"PRAGMA busy_timeout={round(busy_s * 1000)}", *_SQLITE_PRAGMAS)

    def __call__(self, dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # SQLAlchemy's "begin" event below opens transactions
        cursor = dbapi_connection.cursor()
        for pragma in self._pragmas:
            cursor.execute(pragma)
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = "IMMEDIATE" if connection.get_execution_options().get("yeoul_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")


def _note_change(connection: Connection, cursor: Any, _statement: Any, _parameters: Any, context: Any, _many: Any) -> None:
    if (context.isinsert or context.isupdate or context.isdelete) and cursor.rowcount != 0:
        connection.info.setdefault(_CHANGED, set()).add(context.compiled.statement.table.name)


def _translate(error: DBAPIError) -> Exception:
    """Returns our own error for a full disk, damage or a lost connection, otherwise the error itself."""
    sqlite_code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    if getattr(error.orig, "sqlstate", None) == _DISK_FULL or sqlite_code == sqlite3.SQLITE_FULL:
        return StorageFullError("the database's disk is full")
    if sqlite_code in _DAMAGED:
        return DatabaseDamagedError("the database file is damaged or is not a database: restore a backup")
    if getattr(error.orig, "sqlstate", None) == _IDLE_TOO_LONG:
        return UnavailableError("the database ended this transaction because it was idle for too long")
    if getattr(error.orig, "sqlstate", None) == _STATEMENT_TOO_LONG:
        return UnavailableError("the database ended a statement that ran for too long")
    if getattr(error.orig, "sqlstate", None) == _LOCKED_TOO_LONG:
        return UnavailableError("the database is busy: rows were locked for too long")
    # SQLite also raises OperationalError for wrong statements.
    if isinstance(error, OperationalError) and sqlite_code != sqlite3.SQLITE_ERROR:
        return UnavailableError("the database cannot be reached or is busy")
    return error


def _read_url(text_: str) -> URL:
    """Returns the URL of a database that we support. Raises InvalidError, without the password."""
    form = "postgresql://USER:PASSWORD@HOST:PORT/NAME, with percent-encoding in the password"
    try:
        url = make_url(text_)
    except (ArgumentError, ValueError):
        raise InvalidError(f"the database's URL (catalog.url) cannot be read; write {form}", field="catalog.url") from None
    if url.drivername in ("postgresql", "postgresql+psycopg"):
        if importlib.util.find_spec("psycopg") is None:
            raise InvalidError(
                "PostgreSQL (catalog.url) needs a package that is missing: pip install 'yeoul[cluster]'", field="catalog.url"
            )
        return url.set(drivername="postgresql+psycopg")
    if url.drivername != "sqlite":
        raise InvalidError(f"catalog.url names {url.drivername}, which Yeoul does not support; write {form}", field="catalog.url")
    return url


class Database:
    """A pool of connections to one database; safe to share between threads."""

    def __init__(self, url: str, busy_s: float = 20.0) -> None:
        """busy_s: how long to wait for other writers of SQLite before UnavailableError is raised. Raises InvalidError for a bad URL."""
        parsed = _read_url(url)
        self._changes: Counter[str] = Counter()  # commits of this process by table; `watch` reports those of all processes, a moment later
        self._counting = threading.Lock()
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_size": 8, "max_overflow": 24} if not self.is_sqlite else {"pool_size": 4, "max_overflow": 28}
        file = Path(parsed.database) if self.is_sqlite and parsed.database and parsed.database != ":memory:" else None
        self.signal = None if file is None else CommitSignal(file.with_name(f"{file.name}-commits"))
        self.engine: Engine = create_engine(parsed, pool_pre_ping=not self.is_sqlite, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _SqlitePreparation(busy_s))
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            from yeoul.catalog import postgresql

            event.listen(self.engine, "do_connect", postgresql.connect)
        event.listen(self.engine, "after_cursor_execute", _note_change)

    def ping(self) -> None:
        """Asks the database for an answer. Raises UnavailableError if there is none."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Opens a read-only snapshot. Raises UnavailableError if the database cannot be reached."""
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
        """Opens a transaction, commits it at the end of the block, rolls it back if the block raises. A commit wakes the waiters.

        Raises StorageFullError if the disk is full, UnavailableError if the database cannot be reached or was busy for too long.
        """
        try:
            with self.engine.connect() as plain:
                connection = plain.execution_options(yeoul_write=True)
                connection.info.pop(_CHANGED, None)
                with connection.begin():
                    yield connection
                    # Only after a change: otherwise waiters that find nothing to do would wake each other endlessly.
                    tables: set[str] = connection.info.pop(_CHANGED, set())
                    if tables and not self.is_sqlite:
                        connection.execute(_NOTIFY, {"channels": [_CHANNEL, *(f"{_CHANNEL}_{table}" for table in sorted(tables))]})
                with self._counting:
                    self._changes.update(tables)
                if tables and self.signal is not None:
                    self.signal.tell()
        except DBAPIError as error:
            raise _translate(error) from error

    @contextmanager
    def rebuild(self) -> Generator[Connection]:
        """Opens a transaction for migrations. On SQLite it can replace whole tables, even if other tables refer to them."""
        if not self.is_sqlite:
            with self.write() as connection:
                driver: Any = connection.connection.driver_connection
                with driver.unlimited():
                    yield connection
            return
        try:
            with self.engine.connect() as plain:
                raw: Any = plain.connection.driver_connection
                raw.execute("PRAGMA foreign_keys=OFF")  # takes effect only outside of transactions
                try:
                    connection = plain.execution_options(yeoul_write=True)
                    with connection.begin():
                        yield connection
                        violation = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                        assert violation is None, f"a migration left a row that refers to a missing row: {violation}"
                finally:
                    raw.execute("PRAGMA foreign_keys=ON")
        except DBAPIError as error:
            raise _translate(error) from error

    def count_changes(self, tables: Collection[str]) -> int:
        """Returns how many commits of this process changed each of the tables, summed up."""
        with self._counting:
            return sum(self._changes[table] for table in tables)

    def watch(self, tables: Collection[str] = ()) -> ChangeWatch:
        """Opens a watch for one thread. The caller closes it.

        tables: on PostgreSQL, the watch reports only changes of these; empty: of all.
        """
        return ChangeWatch(self, tables)

    def close(self) -> None:
        self.engine.dispose()
        if self.signal is not None:
            self.signal.close()


class ChangeWatch:
    """Reports whether the watched tables were changed since the last call; on SQLite, any table. Not safe to share between threads.

    A watch has its own connection, so it also sees the commits of its own process. If the connection is lost, or its server does not
    answer or has become a standby, the watch opens a new one and reports a change, because it may have missed commits.
    """

    def __init__(self, database: Database, tables: Collection[str]) -> None:
        self._database = database
        self._is_sqlite = database.is_sqlite
        self._channels = [f"{_CHANNEL}_{table}" for table in sorted(tables)] or [_CHANNEL]
        self._lost_error = database.engine.dialect.loaded_dbapi.OperationalError
        self._open()
        self._signal = None if database.signal is None else database.signal.watch()

    def _open(self) -> None:
        try:
            connection = self._database.engine.raw_connection()
        except self._lost_error as error:
            raise UnavailableError("the database cannot be reached") from error
        self._raw: Any = connection.driver_connection  # None once it is detached
        connection.detach()  # it never returns to the pool
        if self._is_sqlite:
            self._seen_version = self._version()
        else:
            self._raw.autocommit = True
            from yeoul.catalog.postgresql import Listener

            self._listener = Listener(self._raw, self._channels)

    def _version(self) -> int:
        return int(self._raw.execute("PRAGMA data_version").fetchone()[0])

    def poll(self) -> bool:
        """True if something was committed since the last call. Returns at once. Raises UnavailableError."""
        try:
            if self._is_sqlite:
                if self._signal is not None:
                    forget_events(self._signal)
                old, self._seen_version = self._seen_version, self._version()
                return old != self._seen_version
            return self._listener.poll()
        except self._lost_error:
            self._raw.close()
            self._open()
            return True

    def fileno(self) -> int | None:
        """Returns a descriptor that is readable after a commit; None if only `poll` can tell. It may change after each `poll`."""
        if self._is_sqlite:
            return self._signal
        return None if self._raw.closed else int(self._raw.fileno())

    @property
    def poll_every_s(self) -> float:
        """How often to call `poll`, also if the descriptor is not readable, in seconds."""
        return _POLL_ALONE_S if self._is_sqlite and self._signal is None else _POLL_S

    def wait(self, timeout_s: float) -> bool:
        """Waits up to `timeout_s` for a commit; True if there was one."""
        deadline = time.monotonic() + timeout_s
        while not self.poll():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            descriptor = self.fileno()
            select.select([] if descriptor is None else [descriptor], [], [], min(left, self.poll_every_s))
        return True

    def close(self) -> None:
        self._raw.close()
        if self._signal is not None:
            os.close(self._signal)
            self._signal = None
