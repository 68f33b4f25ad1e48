"""The settings' code, sample file and manual say the same, and wrong settings are named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from scripts.settings_manual import MANUAL, SAMPLE, make_manual, make_sample, sections, top_fields, uncomment
from yeoul.base.errors import InvalidError
from yeoul.base.settings import Settings, load_settings

REMEDY = "run .venv/bin/python scripts/settings_manual.py"


def test_sample_file_is_what_the_code_says():
    assert SAMPLE.read_text() == make_sample(), REMEDY


def test_manual_is_what_the_code_says():
    assert MANUAL.read_text() == make_manual(), REMEDY


def test_sample_with_everything_switched_on_is_the_defaults(tmp_path: Path):
    file = tmp_path / "yeoul.toml"
    file.write_text(uncomment(SAMPLE.read_text()))
    assert load_settings(file, {}) == load_settings(None, {}) == Settings()


def test_sample_as_it_stands_is_the_defaults():
    assert load_settings(SAMPLE, {}) == Settings()


def test_every_field_is_described():
    fields = [*top_fields(), *((f"{name}.{key}", field) for name, section in sections() for key, field in section.model_fields.items())]
    assert [name for name, field in fields if not (field.description or "").endswith(".")] == []


def test_later_sources_win(tmp_path: Path):
    file = tmp_path / "yeoul.toml"
    file.write_text("[server]\nport = 1000\nhost = '0.0.0.0'\n[media]\npiece_s = 4.5\n")
    settings = load_settings(file, {"YEOUL_SERVER__PORT": "2000", "YEOUL_DATA": "/elsewhere"}, server={"port": 3000})
    assert (settings.server.port, settings.server.host, settings.media.piece_s, settings.data) == (3000, "0.0.0.0", 4.5, Path("/elsewhere"))
    assert load_settings(file, {"YEOUL_SERVER__PORT": "2000"}).server.port == 2000


def test_other_variables_of_ours_are_no_settings():
    assert load_settings(None, {"YEOUL_MEDIA": "/clips", "YEOUL_TOKEN": "t", "YEOUL_SERVER": "http://host", "PATH": "/bin"}) == Settings()


@pytest.mark.parametrize(
    ("environ", "field"),
    [
        ({"YEOUL_SERVER__PORT": "70000"}, "server.port"),
        ({"YEOUL_SERVER__PORT": "eighty"}, "server.port"),
        ({"YEOUL_SERVER__PROT": "80"}, "server.prot"),
        ({"YEOUL_SERVRE__PORT": "80"}, "servre"),
        ({"YEOUL_MEDIA__PIECE_S": "nan"}, "media.piece_s"),
    ],
)
def test_a_wrong_setting_is_named(environ: dict[str, str], field: str):
    with pytest.raises(InvalidError) as caught:
        load_settings(None, environ)
    assert caught.value.facts["field"] == field
    assert field in caught.value.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[server]\nport = 80 80\n", ["line 2", "yeoul.sample.toml"]),
        (b"[server\n", ["line 1"]),
        (b"[server]\nhost = '\xff'\n", ["line 2", "UTF-8"]),
        (b"# port\n\n[media]\npiece_s = 6\n[server]\nport = 'eighty'\n", ["line 6", "server.port", "integer"]),
        (b"[media]\npiece_s = 6\n\n[server]\nprot = 80\n", ["line 5", "server.prot"]),
        (b"data = 'd'\nserver = 5\n", ["line 2", "server", "section"]),
        (b"server.port = 'eighty'\n", ["line 1", "server.port"]),
        (b"\n[server]\n[servre]\nport = 5\n", ["line 3", "servre"]),
        (None, ["cannot be read", "irectory"]),
    ],
)
def test_a_wrong_file_stops_the_start_and_says_where(tmp_path: Path, content: bytes | None, said: list[str]):
    file = tmp_path / "yeoul.toml"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "yeoul.cli.main", "up", "--no-demo", "--data", str(tmp_path / "data"), "--port", "1"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    assert line.startswith("yeoul: yeoul.toml") and line.endswith("(request.invalid)")
    assert [words for words in said if words not in line] == [], line
    assert not (tmp_path / "data").exists()


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().server.port = 1
