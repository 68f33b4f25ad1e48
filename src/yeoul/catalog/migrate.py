"""Migrates the tables to the current schema, once even if several processes start at the same time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text, update

from yeoul.catalog.database import Database
from yeoul.catalog.schema.version import schema_version
from yeoul.catalog.version import OLDEST, VERSION, check_version

HEAD = f"{VERSION:04d}"  # kept here so that Alembic is loaded only if there is a migration to apply
_LOCK = 0x796F756C  # an arbitrary number that our other advisory locks do not use


def migrate(database: Database) -> None:
    """Applies the missing migrations in one transaction. Returns at once if there are none.

    Raises DatabaseTooNewError if only newer programs may use the database. A newer database that this program may still use is not changed.
    """
    with database.read() as connection:
        if _is_done(connection):
            return
    with database.rebuild() as connection:  # on SQLite the transaction is the lock
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if not _is_done(connection):
            _upgrade(connection)
            connection.execute(update(schema_version).values(version=VERSION, oldest=OLDEST))


def _is_done(connection: Connection) -> bool:
    versions = read_version(connection)
    check_version(versions)
    return versions is not None and versions[0] >= VERSION


def read_version(connection: Connection) -> tuple[int, int] | None:
    """Returns (version, oldest) of a database; None if it is empty or older than the table `schema_version`."""
    if not inspect(connection).has_table("schema_version"):
        return None
    row = connection.execute(select(schema_version.c.version, schema_version.c.oldest)).one()
    return int(row.version), int(row.oldest)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # takes 0.2 s, needed only to migrate
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migration").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, HEAD)
