"""Where this server is found, for addresses that leave it."""

from __future__ import annotations

from fastapi import Request

from yeoul.api.deps import Parts


def make_public_url(request: Request, parts: Parts) -> str:
    """The setting, or the address that was asked; without a slash at its end."""
    return (parts.settings.server.public_url or str(request.base_url)).rstrip("/")
