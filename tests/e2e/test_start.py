"""What keeps a server from starting is told in one sentence, and nothing else is harmed; what it keeps, only its user may read."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bench.server import Server, free_port
from yeoul.catalog.version import VERSION


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over a folder that others could enter before."""
    data = tmp_path_factory.mktemp("start") / "data"
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    with Server(data, YEOUL_ENGINE__WORKERS="1") as server:
        yield server


def refuse(*words: str) -> str:
    """Returns the one sentence with which a command ends that cannot start here."""
    command = [sys.executable, "-m", "yeoul.cli.main", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "YEOUL_ENGINE__WORKERS": "1"})
    assert done.returncode == 4, done
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("yeoul: ") and not done.stdout, done
    return sentence


def up(data: Path, port: int | None = None) -> str:
    return refuse("up", "--no-demo", "--data", str(data), "--port", str(port or free_port()))


def test_a_port_that_is_taken_is_not_shared(server: Server, tmp_path: Path):
    message = f"port {server.port} of 127.0.0.1 is used by another program"
    assert message in up(tmp_path / "other", server.port)
    assert message in refuse("serve", "api", "--data", str(tmp_path / "x"), "--port", str(server.port))


def test_a_folder_has_one_server_and_one_pipeline(server: Server):
    assert "another yeoul is running on" in up(server.data)
    sentence = refuse("serve", "pipeline", "--data", str(server.data))
    assert "another pipeline uses" in sentence and "PostgreSQL" in sentence


def test_what_the_server_keeps_is_for_its_user_alone(server: Server):
    wrong: list[str] = []
    for path in (server.data, *server.data.rglob("*")):
        with suppress(FileNotFoundError):  # the server writes and deletes meanwhile
            if path.lstat().st_mode & 0o077 and not path.is_symlink():
                wrong.append(str(path))
    assert wrong == []


def test_who_writes_while_the_database_is_locked_is_told_to_come_back(server: Server):
    with closing(sqlite3.connect(server.data / "yeoul.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, problem = server.request("POST", "/api/v1/videos", {"title": "x"})
        other.execute("ROLLBACK")
    assert (status, problem["code"], problem["retryable"]) == (503, "server.unavailable", True)
    assert server.request("POST", "/api/v1/videos", {"title": "x"})[0] == 201


def _make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # as a server leaves it
        connection.execute("CREATE TABLE schema_version (version INTEGER, oldest INTEGER)")
        connection.execute("INSERT INTO schema_version VALUES (?, ?)", (VERSION + 1, VERSION + 1))
        connection.commit()


def _make_garbage(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


@pytest.mark.parametrize(("spoil", "words"), [(_make_newer, "a newer Yeoul"), (_make_garbage, "is damaged")])
def test_a_database_that_cannot_be_used(spoil: Callable[[Path], None], words: str, tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir()
    spoil(data / "yeoul.db")
    before = (data / "yeoul.db").read_bytes()
    assert words in up(data)
    assert words in refuse("serve", "api", "--data", str(data), "--port", str(free_port()))
    assert (data / "yeoul.db").read_bytes() == before


def test_a_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    assert "cannot write to the data folder" in up(tmp_path / "file")
    assert "cannot write to the data folder" in up(tmp_path / "file" / "below")


def test_a_folder_that_all_users_share_is_not_closed(tmp_path: Path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    assert "is shared by all users" in up(tmp_path / "shared")
    assert (tmp_path / "shared").stat().st_mode & 0o7777 == 0o1777
