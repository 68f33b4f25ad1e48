"""Migrations: they make what the schema says, once, and a start without news is fast."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from yeoul.catalog import migrate as migrate_module
from yeoul.catalog.database import Database
from yeoul.catalog.migrate import HEAD, migrate
from yeoul.catalog.schema import metadata


def test_the_steps_make_what_the_schema_says(database: Database):
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_last_step():
    folder = Path(migrate_module.__file__).parent / "migration"
    assert ScriptDirectory(folder).get_heads() == [HEAD]


def test_several_processes_start_at_once_on_an_empty_database(database_url: str):
    code = f"from yeoul.catalog.database import Database\nfrom yeoul.catalog.migrate import migrate\nmigrate(Database({database_url!r}))"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [subprocess.Popen([sys.executable, "-c", code], env=environ) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    database = Database(database_url)
    with database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]
        assert set(metadata.tables) < set(inspect(connection).get_table_names())
    database.close()


def test_a_start_without_news_does_not_load_alembic(database: Database):
    url = database.engine.url.render_as_string(hide_password=False)
    code = (
        "import sys\nfrom yeoul.catalog.database import Database\nfrom yeoul.catalog.migrate import migrate\n"
        f"migrate(Database({url!r}))\nassert 'alembic' not in sys.modules"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], env=environ, check=False).returncode == 0


def test_a_step_that_fails_leaves_nothing(database_url: str):
    """A table of another program is in the way: nothing of ours is made, and once it is gone all is."""
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE task (mine INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(database)
    with database.write() as connection:
        assert inspect(connection).get_table_names() == ["task"]
        connection.execute(text("DROP TABLE task"))
    migrate(database)
    with database.read() as connection:
        assert set(metadata.tables) < set(inspect(connection).get_table_names())
    database.close()
