"""Roles, rights and scopes: what an account may do, and what a token allows of it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """The role of an account."""

    VIEWER = "viewer"
    MAKER = "maker"
    MODERATOR = "moderator"
    ADMIN = "admin"


class Right(StrEnum):
    """What roles allow besides one's own account and playlists."""

    UPLOAD = "upload"
    MODERATE = "moderate"
    ADMINISTER = "administer"


class Scope(StrEnum):
    """What an API token allows of its owner's rights. admin: also what only moderators and admins may do."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


_RIGHTS: Mapping[str, frozenset[Right]] = {
    Role.VIEWER: frozenset(),
    Role.MAKER: frozenset({Right.UPLOAD}),
    Role.MODERATOR: frozenset({Right.UPLOAD, Right.MODERATE}),
    Role.ADMIN: frozenset(Right),
}


def has_right(role: str, scopes: Collection[str] | None, right: Right) -> bool:
    """True if a role has a right, and the scopes of the token allow it. scopes: None for login sessions, which have no limits."""
    if right not in _RIGHTS.get(role, frozenset()):
        return False
    return right is Right.UPLOAD or scopes is None or Scope.ADMIN in scopes
