"""The content security policy of the pages: nothing from other sites and nothing inline, except the styles of the player."""

from __future__ import annotations

import json
from pathlib import Path

from yeoul.base.settings import BlobSettings

# Written by the web app's build (web/vite.config.ts). The policy allows the style elements in media-chrome's shadow roots by their hashes.
STYLES_FILE = "style-hashes.json"


def make_policy(web: Path, blob: BlobSettings, *, frame_ancestors: str = "'self'") -> str:
    """Returns the policy of a page. If the blob store is on another host, the page may load files from it and send files to it."""
    origins = " ".join(filter(None, ("'self'", _store_origin(blob))))
    styles = " ".join(("'self'", *_style_hashes(web)))
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src {origins}",
            f"img-src {origins} data: blob:",
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
    """Returns the origin of presigned URLs, or "" if this server hosts the blobs."""
    if not blob.url:
        return ""
    host = blob.url.removeprefix("s3://").partition("/")[0]
    return f"{'http' if blob.insecure else 'https'}://{host}"
