"""The content security policy of the pages: nothing of other sites and nothing inline, but the styles that the player brings."""

from __future__ import annotations

import json
from pathlib import Path

from yeoul.base.settings import BlobSettings

# Written by the web app's build (web/vite.config.ts): media-chrome's shadow roots carry style elements, which are allowed by their hashes.
STYLES_FILE = "style-hashes.json"


def make_policy(web: Path, blob: BlobSettings, *, frame_ancestors: str = "'self'") -> str:
    """The policy of a page of the built web app; files of a store elsewhere are asked for, and sent, where it is."""
    elsewhere = " ".join(filter(None, ("'self'", _store_origin(blob))))
    styles = " ".join(("'self'", *_style_hashes(web)))
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src {elsewhere}",
            f"img-src {elsewhere} data: blob:",
            "media-src 'self' blob:",
            f"style-src {styles}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            f"frame-ancestors {frame_ancestors}",
        )
    )


def _style_hashes(web: Path) -> list[str]:
    file = web / STYLES_FILE
    names: list[str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return [f"'{name}'" for name in names]


def _store_origin(blob: BlobSettings) -> str:
    """Where presigned addresses lead; empty where blobs are served here."""
    if not blob.url:
        return ""
    host = blob.url.removeprefix("s3://").partition("/")[0]
    return f"{'http' if blob.insecure else 'https'}://{host}"
