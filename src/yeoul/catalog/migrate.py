"""Bringing the tables up to date, once, however many processes start at the same time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text, update

from yeoul.catalog.database import Database
from yeoul.catalog.schema.numbers import schema_version
from yeoul.catalog.version import OLDEST, VERSION, check_version

HEAD = f"{VERSION:04d}"  # kept here so that a start without news need not load Alembic
_LOCK = 0x796F756C  # any number of our own


def migrate(database: Database) -> None:
    """Apply the steps that are missing, in one transaction; at once when there are none.

    Raises DatabaseTooNewError for a database that only newer programs may use. One that newer programs have changed and that this one
    may still use is left as it is.
    """
    with database.read() as connection:
        if _is_done(connection):
            return
    with database.rebuild() as connection:  # on SQLite this is the lock
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not _is_done(connection):
            _upgrade(connection)
            connection.execute(update(schema_version).values(version=VERSION, oldest=OLDEST))


def _is_done(connection: Connection) -> bool:
    found = read_version(connection)
    check_version(found)
    return found is not None and found[0] >= VERSION


def read_version(connection: Connection) -> tuple[int, int] | None:
    """Returns (version, oldest) of a database; None of one that has no tables, or those of before there were such numbers."""
    if not inspect(connection).has_table("schema_version"):
        return None
    row = connection.execute(select(schema_version.c.version, schema_version.c.oldest)).one()
    return int(row.version), int(row.oldest)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (0.2 s that only a start with news pays)
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migration").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, HEAD)
