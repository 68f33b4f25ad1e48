"""Migrations: they make what the schema says, once, and a start without news is fast."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from yeoul.base.errors import DatabaseDamagedError, DatabaseTooNewError
from yeoul.catalog import migrate as migrate_module
from yeoul.catalog import schema
from yeoul.catalog.account import account, session, usage
from yeoul.catalog.database import Database
from yeoul.catalog.migrate import HEAD, migrate, read_version
from yeoul.catalog.queue import run as run_rows
from yeoul.catalog.schema.base import metadata
from yeoul.catalog.version import OLDEST, VERSION
from yeoul.catalog.video import stream


def test_the_steps_make_what_the_schema_says(database: Database):
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_of_the_schema})
        assert compare_metadata(context, metadata) == []


def _is_of_the_schema(name: str | None, kind: str, _parents: object) -> bool:
    """The index of grams is made of other things on each database (`catalog.grams`)."""
    return not (kind == "table" and name is not None and re.match(r"gram($|_)", name))


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


def test_uploads_from_before_live_on_from_their_last_piece(database_url: str):
    """Step 0002: those that run while Yeoul is brought up to date do not end by it."""
    database = Database(database_url)
    with database.write() as connection:
        _upgrade_to(connection, "0001")
        for statement in _OLD_ROWS:
            connection.execute(text(statement))
    migrate(database)
    with database.read() as connection:
        rows = connection.execute(text("SELECT id, touched_at FROM upload ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [("new", 10.0), ("running", 30.0)]
    database.close()


def test_what_was_made_before_is_the_first_edition(database_url: str):
    """Step 0007 replaces tables that others refer to; nothing that refers to them is lost by it."""
    database = Database(database_url)
    with database.write() as connection:
        _upgrade_to(connection, "0006")
        for statement in (*_OLD_ROWS, *_OLD_RUN):
            connection.execute(text(statement))
    migrate(database)
    with database.read() as connection:
        run = connection.execute(select(schema.pipeline.run)).mappings().one()
        assert (run["edition"], run["made"]["dropped"], run["made"]["poster_key"]) == (1, {"720p": {"code": "x"}}, "v/p.jpg")
        assert run["made"]["storyboard"] is None and run["made"]["sidecars"] == {}
        assert connection.execute(text("SELECT count(*) FROM task")).scalar_one() == 1
        assert [track.rendition.name for track in stream.tracks(connection, "v", 1)] == ["240p"]
        assert [len(track.segments) for track in stream.tracks(connection, "v", 1)] == [1]
        assert inspect(connection).get_pk_constraint("segment")["constrained_columns"] == ["video_id", "edition", "name", "index"]
    with database.write() as connection:  # foreign keys are kept again
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text("DELETE FROM run"))
        assert run_rows.add(connection, "again", "v", "running", {}, 9.0, edition=2)
    database.close()


def test_accounts_from_before_stay_in_and_what_they_use_is_counted(database_url: str):
    """Step 0009: nobody is logged out or has to confirm anything, and quotas hold for what is there already."""
    database = Database(database_url)
    with database.write() as connection:
        _upgrade_to(connection, "0007")
        for statement in (*_OLD_ROWS, *_OLD_RUN, *_OLD_SESSIONS):
            connection.execute(text(statement))
    migrate(database)
    with database.read() as connection:
        found = session.find_account(connection, "hash-of-a-long-token", 50.0)
        assert found and (found["handle"], found["session_id"], found["confirmed_at"]) == ("ann", "hash-of-a-long-token", 1.0)
        assert found["used_bytes"] == 3, "two uploads of one byte, and a segment of one"
        assert usage.totals(connection) == {"original_bytes": 2, "encoded_bytes": 1, "temp_bytes": 0}
        assert [row["id"] for row in session.page(connection, "a", 50.0, None, 10)] == ["hash-of-another-toke", "hash-of-a-long-token"]
    with database.write() as connection:
        usage.clear(connection, "v")
        assert account.get(connection, "a")["used_bytes"] == 0
    database.close()


def _upgrade_to(connection: Connection, step: str) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrate_module.__file__).parent / "migration"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, step)


_OLD_RUN = (
    """UPDATE video SET dropped = '{"720p": {"code": "x"}}', poster_key = 'v/p.jpg'""",
    """INSERT INTO run (id, video_id, upload_id, account_id, definition, state, version, created_at)
    VALUES ('r', 'v', 'running', 'a', '{}', 'open', 1, 1)""",
    """INSERT INTO task (id, run_id, account_id, stage, op, state, due_at, not_before, waiting_on, cpu, memory_bytes, timeout_s, optional,
    latency_sensitive, attempt, tries, failures, failed_on, crashes, params, progress, cpu_s, created_at, updated_at, wants)
    VALUES ('r.x', 'r', 'a', 'x', 'x', 'done', 1, 0, 0, 1, 1, 1, '0', '0', 1, 1, 0, '[]', 0, '{}', 1, 1, 1, 1, '')""",
    """INSERT INTO rendition (video_id, name, kind, rendition, declared_bps, contiguous, listed) VALUES ('v', '240p', 'video',
    '{"name": "240p", "kind": "video", "codecs": "x", "timescale": 1000}', 1, 1, '1')""",
    """INSERT INTO segment (video_id, name, "index", segment) VALUES ('v', '240p', 0,
    '{"index": 0, "key": "v/1", "size_bytes": 1, "start_ticks": 0, "duration_ticks": 1, "samples": 1}')""",
)
_OLD_SESSIONS = (
    """INSERT INTO session (token_hash, account_id, created_at, expires_at)
    VALUES ('hash-of-a-long-token', 'a', 1, 99), ('hash-of-another-token', 'a', 2, 99)""",
)
_OLD_ROWS = (
    "INSERT INTO account (id, handle, email, password_hash, role, created_at) VALUES ('a', 'ann', 'ann@example.org', 'hash', 'user', 1)",
    """INSERT INTO video (id, owner_id, title, description, visibility, pipeline, state, dropped, progress, version, created_at, updated_at)
    VALUES ('v', 'a', '', '', 'public', 'standard', 'uploading', '{}', 0, 1, 1, 1)""",
    """INSERT INTO upload (id, video_id, mode, file_name, size_bytes, fingerprint, state, created_at)
    VALUES ('new', 'v', 'whole', 'f', 1, 'f', 'open', 10), ('running', 'v', 'whole', 'f', 1, 'f', 'open', 10)""",
    """INSERT INTO piece (upload_id, kind, "index", bucket, key, size_bytes, sha256, landed_at)
    VALUES ('running', 'part', 0, 'original', 'k', 1, 's', 30), ('running', 'part', 1, 'original', 'l', 1, 's', NULL)""",
)


def _set_numbers(database: Database, version: int, oldest: int) -> None:
    with database.write() as connection:
        connection.execute(update(schema.version.schema_version).values(version=version, oldest=oldest))


def test_a_database_that_only_newer_programs_may_use_is_refused(database: Database):
    with database.read() as connection:
        assert read_version(connection) == (VERSION, OLDEST)
    _set_numbers(database, VERSION + 2, VERSION)  # newer, and still fit for this program
    migrate(database)
    with database.read() as connection:
        assert read_version(connection) == (VERSION + 2, VERSION)
    _set_numbers(database, VERSION + 2, VERSION + 1)
    with pytest.raises(DatabaseTooNewError) as refused:
        migrate(database)
    assert refused.value.facts == {"version": VERSION + 2, "oldest": VERSION + 1, "known": VERSION}


@pytest.mark.parametrize("damage", ["no database at all", "a page in the middle"])
def test_a_damaged_database_is_told_as_such(tmp_path: Path, damage: str):
    path = tmp_path / "yeoul.db"
    if damage == "no database at all":
        path.write_bytes(b"not a database" * 1000)
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE a (b)")
        path.write_bytes(path.read_bytes()[:100] + b"\xff" * 3000 + path.read_bytes()[3100:])
    database = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseDamagedError):
        migrate(database)
    database.close()
