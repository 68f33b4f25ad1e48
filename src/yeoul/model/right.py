"""Roles and rights of accounts, and scopes of API tokens. Pure."""

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
    """An action that a role allows. Every account can also manage itself and its playlists."""

    UPLOAD = "upload"
    MODERATE = "moderate"
    ADMINISTER = "administer"


class Scope(StrEnum):
    """A limit on what an API token allows. admin: includes the rights of moderators and admins, if the owner has them."""

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
    """True if the role has the right and the token's scopes allow it. scopes: None for login sessions, which have no scopes."""
    if right not in _RIGHTS.get(role, frozenset()):
        return False
    return right is Right.UPLOAD or scopes is None or Scope.ADMIN in scopes
