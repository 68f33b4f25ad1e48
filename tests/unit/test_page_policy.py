"""The content security policy: what pages may load, by where blobs are."""

from __future__ import annotations

from pathlib import Path

from yeoul.api.file.page_policy import STYLES_FILE, make_policy
from yeoul.base.settings import BlobSettings


def directives(web: Path, blob: BlobSettings) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in make_policy(web, blob).split(";"))}


def test_a_store_elsewhere_is_allowed_by_its_origin_alone(tmp_path: Path):
    here = directives(tmp_path, BlobSettings())
    assert here["connect-src"] == ["'self'"] and here["img-src"] == ["'self'", "data:", "blob:"]
    plain = directives(tmp_path, BlobSettings(url="s3://127.0.0.1:9000/yeoul", insecure=True))
    assert plain["connect-src"] == ["'self'", "http://127.0.0.1:9000"]
    secret = directives(tmp_path, BlobSettings(url="s3://s3.example.org:443/a/b"))
    assert "https://s3.example.org:443" in secret["img-src"] and "https://s3.example.org:443" not in secret["default-src"]


def test_styles_are_allowed_by_the_hashes_that_the_build_wrote(tmp_path: Path):
    assert directives(tmp_path, BlobSettings())["style-src"] == ["'self'"]
    (tmp_path / STYLES_FILE).write_text('["sha256-abc="]')
    assert directives(tmp_path, BlobSettings())["style-src"] == ["'self'", "'sha256-abc='"]
