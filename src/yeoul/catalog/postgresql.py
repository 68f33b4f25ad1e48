"""Connections to PostgreSQL. No call on them waits forever.

The server ends statements that run or wait for a lock too long, and transactions whose owner is suspended. TCP gives up a connection
whose other side is gone. A suspended server still acknowledges what arrives; only the client can notice that.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout  # pyright: ignore[reportPrivateUsage] (raised by the public `wait`)

# Our transactions wait for nothing but the database. An idle one belongs to a suspended process and blocks all others.
_LIMITS_S = {"statement_timeout": 15, "lock_timeout": 10, "idle_in_transaction_session_timeout": 10}
_SILENCE_S = 20.0  # longer than any statement may run
_ASK_EVERY_S, _ANSWER_WITHIN_S = 5.0, 5.0
# Parameters of libpq; a URL may set others. `tcp_user_timeout` is in ms.
_PARAMETERS: dict[str, str | int] = {
    "application_name": "yeoul",
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}


class LimitedConnection(psycopg.Connection[Any]):
    """A connection that is closed if the server does not answer a call in time."""

    silence_s: float | None = _SILENCE_S  # how long to wait for the answer to one call; None: forever

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Waits for the answer to a call. Raises OperationalError if there is none in time."""
        try:
            return super().wait(gen, interval, self.silence_s if timeout is None else timeout)
        except _WaitTimeout:
            if timeout is not None:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"the server has not answered for {self.silence_s} s") from None

    @contextmanager
    def unlimited(self) -> Generator[None]:
        """Lets the statements of the current transaction run, and wait for locks, as long as they need."""
        for name in ("statement_timeout", "lock_timeout"):
            self.execute(f"SET LOCAL {name} = 0".encode())
        self.silence_s = None
        try:
            yield
        finally:
            self.silence_s = _SILENCE_S


class Listener:
    """Hears notifications, and asks from time to time whether the server still answers and still takes writes. Never waits for it.

    After a failover, notifications come from another server, while a connection to a suspended one stays open.
    """

    def __init__(self, connection: psycopg.Connection[Any], channels: Iterable[str]) -> None:
        """connection: in autocommit mode, and used for nothing else."""
        connection.execute("; ".join(f"LISTEN {channel}" for channel in channels).encode())
        self._pgconn = connection.pgconn
        self._asked_s: float | None = None
        self._answered_s = time.monotonic()

    def poll(self) -> bool:
        """True if there were notifications since the last call. Raises OperationalError if the server is lost."""
        self._pgconn.consume_input()
        self._check_server(time.monotonic())
        has_news = False
        while self._pgconn.notifies() is not None:
            has_news = True
        return has_news

    def _check_server(self, now_s: float) -> None:
        """Reads the answer to the last question, or asks the next one."""
        if self._asked_s is None:
            if now_s - self._answered_s >= _ASK_EVERY_S:
                self._pgconn.send_query(b"SELECT pg_is_in_recovery()")
                self._pgconn.flush()
                self._asked_s = now_s
            return
        if self._pgconn.is_busy():
            if now_s - self._asked_s >= _ANSWER_WITHIN_S:
                raise psycopg.OperationalError(f"the server has not answered for {_ANSWER_WITHIN_S} s")
            return
        while (answer := self._pgconn.get_result()) is not None:
            if answer.get_value(0, 0) != b"f":
                raise psycopg.OperationalError("the server is a standby now")
        self._asked_s, self._answered_s = None, now_s


def connect(_dialect: Any, _record: Any, arguments: Any, parameters: Any) -> LimitedConnection:
    """Opens a connection for SQLAlchemy, which calls this for its event `do_connect`."""
    connection = LimitedConnection.connect(*arguments, **{**_PARAMETERS, **parameters, "autocommit": True})
    connection.execute("; ".join(f"SET {name} = '{limit_s}s'" for name, limit_s in _LIMITS_S.items()).encode())
    connection.autocommit = False
    return connection
