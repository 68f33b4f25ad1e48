"""The schema version of this program, and the check that it may use a database.

While a fleet is upgraded, programs of several versions share a database. The database stores its schema version and the oldest version
whose programs may still use it. A migration that only adds something keeps the second number; one that breaks older programs raises it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from yeoul.base.errors import DatabaseDamagedError, DatabaseTooNewError

VERSION = 18  # the last migration in `migration/versions`
OLDEST = 14  # the oldest version whose programs may use the schema after that migration
_TIMEOUT_S = 5.0


def check_version(schema: tuple[int, int] | None) -> None:
    """Raises DatabaseTooNewError if this program must not use the database. schema: its (version, oldest), None if it has none."""
    if schema is not None and schema[1] > VERSION:
        raise DatabaseTooNewError(
            f"a newer Yeoul changed the database (its schema is {schema[0]}, this program supports {VERSION}): install that version again",
            version=schema[0],
            oldest=schema[1],
            known=VERSION,
        )


def check_file(file: Path) -> None:
    """Checks an SQLite database with the standard library only. Raises DatabaseTooNewError or DatabaseDamagedError."""
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=_TIMEOUT_S)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            row = connection.execute("SELECT version, oldest FROM schema_version").fetchone() if "schema_version" in tables else None
    except sqlite3.OperationalError:
        return  # the database is busy or not writable; the roles report that
    except sqlite3.DatabaseError as error:
        raise DatabaseDamagedError(f"{file} is damaged or not a database ({error}); restore it from a backup", file=str(file)) from error
    check_version(row)
