"""Connections to PostgreSQL that nobody waits on for ever.

The server ends statements that run or wait for a lock too long, and transactions whose owner is suspended. TCP gives up a connection
whose other side is gone. A suspended server still acknowledges what arrives; only the client can notice that.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.errors import _WaitTimeout  # pyright: ignore[reportPrivateUsage] (raised by the public `wait`)

# Our transactions wait for nothing but the database. An idle one belongs to a suspended process and blocks all others.
_LIMITS_S = {"statement_timeout": 15, "lock_timeout": 10, "idle_in_transaction_session_timeout": 10}
_SILENCE_S = 20.0  # longer than any statement may run
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

    silence_s: float | None = _SILENCE_S  # how long to wait for the answer to one call; None: for ever

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


def connect(_dialect: Any, _record: Any, arguments: Any, parameters: Any) -> LimitedConnection:
    """Opens a connection for SQLAlchemy, which calls this for its event `do_connect`."""
    connection = LimitedConnection.connect(*arguments, **{**_PARAMETERS, **parameters, "autocommit": True})
    connection.execute("; ".join(f"SET {name} = '{limit_s}s'" for name, limit_s in _LIMITS_S.items()).encode())
    connection.autocommit = False
    return connection
