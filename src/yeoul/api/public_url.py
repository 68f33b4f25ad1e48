"""Where this server is found, for addresses that leave it."""

from __future__ import annotations

from fastapi import Request

from yeoul.api.deps import Parts


def make_public_url(request: Request, parts: Parts) -> str:
    """The setting, or the address that was asked; without a slash at its end."""
    return (parts.settings.server.public_url or str(request.base_url)).rstrip("/")


def make_avatar_path(account_id: str, digest: str | None) -> str | None:
    """Where an account's picture is, below the server's address; None where it has none."""
    return None if digest is None else f"/api/v1/avatars/{account_id}/{digest}.jpg"
