"""Bringing the tables up to date, once, however many processes start at the same time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from yeoul.catalog.database import Database

HEAD = "0013"  # the last step of `migration/versions`; kept here so that a start without news need not load Alembic
_LOCK = 0x796F756C  # any number of our own


def migrate(database: Database) -> None:
    """Apply the steps that are missing, in one transaction; at once when there are none."""
    with database.read() as connection:
        if _revision(connection) == HEAD:
            return
    with database.rebuild() as connection:  # on SQLite this is the lock
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if _revision(connection) != HEAD:
            _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 (0.2 s that only a start with news pays)
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migration").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, HEAD)
