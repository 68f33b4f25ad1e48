"""What an operator reads who has set a wrong database URL: one sentence that names the setting, and no password."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.databases import PostgresServer
from yeoul import bootstrap
from yeoul.base.errors import InvalidError, StartError
from yeoul.base.settings import load_settings

_FORM = "write postgresql://USER:PASSWORD@HOST:PORT/NAME"


def _open(folder: Path, url: str) -> None:
    bootstrap.make_database(load_settings(environ={}, data=folder, catalog={"url": url})).close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", _FORM),
        ("postgresql:", _FORM),
        ("postgresql://ann:sec%ret@host:port/yeoul", _FORM),
        ("mysql://ann:secret@host/yeoul", "mysql, which Yeoul does not support"),
        ("postgresql+asyncpg://ann:secret@host/yeoul", "postgresql+asyncpg, which Yeoul does not support"),
        ("sqlite+aiosqlite:///yeoul.db", "sqlite+aiosqlite, which Yeoul does not support"),
    ],
)
def test_a_url_that_names_no_database(url: str, words: str, tmp_path: Path):
    with pytest.raises(InvalidError, match=r"catalog\.url") as caught:
        _open(tmp_path, url)
    assert words in caught.value.message and "cret" not in caught.value.message


@pytest.mark.parametrize(
    ("host", "reason"), [("127.0.0.1:1", "Connection refused"), ("/no/such/folder", "No such file"), ("no-such-host.invalid", "resolve")]
)
def test_a_server_that_cannot_be_reached(host: str, reason: str, tmp_path: Path):
    place = f"/yeoul?host={host}" if host.startswith("/") else f"{host}/yeoul"
    with pytest.raises(StartError, match=r"check catalog\.url") as caught:
        _open(tmp_path, f"postgresql://ann:secret@{place}")
    assert reason in caught.value.message and "secret" not in caught.value.message


def test_a_database_that_does_not_exist(postgres_server: PostgresServer, tmp_path: Path):
    with pytest.raises(StartError, match=r'database "nowhere" does not exist; check catalog\.url'):
        _open(tmp_path, postgres_server.url.replace("/postgres?", "/nowhere?"))
