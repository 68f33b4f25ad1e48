"""schemathesis over our OpenAPI document: no request makes the server fail, and every answer is one that the document tells of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from bench.server import Server
from tests.e2e.waiting import PATIENCE_S

_API = "/api/v1"
_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
_CLIP = "with-srt-subtitles.mkv"


def _ids(server: Server, media_dir: Path) -> Mapping[str, str]:
    """Parts of addresses that lead to things of the admin's own."""
    video = server.upload(media_dir / _CLIP, "--visibility", "public")["id"]
    playlist = server.request("POST", f"{_API}/playlists", {"title": "Fuzzed"})[1]["id"]
    entry = server.request("POST", f"{_API}/playlists/{playlist}/entries", {"video_id": video})[1]["id"]
    task = server.get(f"{_API}/videos/{video}/dag/timeline")["bars"][0]["task"]
    return {"video_id": video, "playlist_id": playlist, "entry_id": entry, "task_id": task, "handle": "admin"}


def _fuzz(server: Server, folder: Path, *options: str, ids: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
    settings = folder / "fuzz.toml"
    settings.write_text("[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in ids.items()))
    command = [
        *(Path(sys.executable).with_name("schemathesis"), "--config-file", settings, "run", f"{server.url}{_API}/openapi.json"),
        *("--checks", _CHECKS, "--seed", "1", "--max-examples", "3", "--generation-deterministic"),
        # Events are a stream that stays open; other formats are what oEmbed answers with 501.
        *("--exclude-path-regex", "(/events|^/oembed)$"),
        *("--continue-on-failure", "--no-color", "--warnings", "off", "--request-timeout", str(int(PATIENCE_S)), *options),
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_guests_find_no_request_that_breaks_the_server(make_server: Callable[..., Server], tmp_path: Path):
    done = _fuzz(make_server(), tmp_path, "--phases", "fuzzing")
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr


@pytest.mark.long
def test_admins_find_no_request_that_breaks_the_server(make_server: Callable[..., Server], media_dir: Path, tmp_path: Path):
    """With things of their own, which nothing deletes; and with a program's token, which ending all sessions does not end."""
    server = make_server()
    ids = _ids(server, media_dir)
    token = server.request("POST", f"{_API}/tokens", {"name": "fuzz", "scopes": ["read", "write", "admin"]})[1]["token"]
    done = _fuzz(
        server,
        tmp_path,
        *("--phases", "coverage", "--exclude-method", "DELETE"),
        *("--header", f"Authorization: Bearer {token}"),
        ids=ids,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr


@pytest.mark.parametrize(("format_", "status"), [("json", 404), ("xml", 501), ("", 501)])
def test_oembed_says_which_format_it_speaks(yeoul_server: Server, format_: str, status: int):
    """As its specification wants it."""
    url = f"{yeoul_server.url}/watch/0"
    assert yeoul_server.request("GET", f"/oembed?url={url}&format={format_}", token=None)[0] == status
