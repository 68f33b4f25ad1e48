"""Sessions, and tokens of programs. Both come as SHA-256 of what their owner holds, which itself is never stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from yeoul.base.errors import ConflictError
from yeoul.catalog.row import Row, all_rows, first_row, older_than
from yeoul.catalog.schema.people import account, api_token, session

SESSIONS_MAX = 200  # of an account; whoever logs in once more ends the one that was used longest ago
TOKENS_MAX = 100


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Add a session, drop those that have expired, and of the account all but those used last; row holds id, token_hash, account_id,
    expires_at, user_agent, ip.
    """
    connection.execute(delete(session).where(session.c.expires_at < now_s))
    of_account = select(session.c.id).where(session.c.account_id == row["account_id"])
    kept = of_account.order_by(session.c.last_seen_at.desc(), session.c.id.desc()).limit(SESSIONS_MAX - 1)
    connection.execute(delete(session).where(session.c.account_id == row["account_id"], session.c.id.not_in(kept)))
    connection.execute(insert(session).values(**row, created_at=now_s, last_seen_at=now_s))


def find_account(connection: Connection, token_hash: str, now_s: float) -> Row | None:
    """The account whose session has this token hash and has not expired, with session_id and last_seen_at; none that is disabled."""
    columns = (session.c.id.label("session_id"), session.c.last_seen_at)
    statement = select(account, *columns).join(session, session.c.account_id == account.c.id)
    alive = (session.c.expires_at > now_s, account.c.disabled_at.is_(None))
    return first_row(connection, statement.where(session.c.token_hash == token_hash, *alive))


def see(connection: Connection, session_id: str, ip: str, now_s: float) -> None:
    """Note that a session is used, and from where."""
    connection.execute(update(session).where(session.c.id == session_id).values(last_seen_at=now_s, ip=ip))


def page(connection: Connection, account_id: str, now_s: float, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """An account's sessions, newest first."""
    mine = select(session).where(session.c.account_id == account_id, session.c.expires_at > now_s)
    return all_rows(connection, older_than(mine, session, before, limit))


def drop(connection: Connection, account_id: str, session_id: str) -> bool:
    """End a session of an account; False when it has none of this id."""
    return connection.execute(delete(session).where(session.c.account_id == account_id, session.c.id == session_id)).rowcount == 1


def drop_all(connection: Connection, account_id: str, but: str | None = None) -> None:
    """End all sessions of an account, maybe but one."""
    statement = delete(session).where(session.c.account_id == account_id)
    connection.execute(statement if but is None else statement.where(session.c.id != but))


def add_token(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Add a token of a program; row holds id, token_hash, account_id, name, scopes, expires_at. Raises ConflictError beyond TOKENS_MAX."""
    own = select(func.count()).select_from(api_token).where(api_token.c.account_id == row["account_id"])
    if connection.execute(own).scalar_one() >= TOKENS_MAX:
        raise ConflictError(f"no account has more than {TOKENS_MAX} tokens; delete one first", most=TOKENS_MAX)
    connection.execute(insert(api_token).values(**row, created_at=now_s))


def find_account_of_token(connection: Connection, token_hash: str, now_s: float) -> Row | None:
    """The account of a program's token, with token_id, scopes and last_used_at; none that is disabled."""
    columns = (api_token.c.id.label("token_id"), api_token.c.scopes, api_token.c.last_used_at)
    statement = select(account, *columns).join(api_token, api_token.c.account_id == account.c.id)
    alive = (or_(api_token.c.expires_at.is_(None), api_token.c.expires_at > now_s), account.c.disabled_at.is_(None))
    return first_row(connection, statement.where(api_token.c.token_hash == token_hash, *alive))


def see_token(connection: Connection, token_id: str, now_s: float) -> None:
    """Note that a token is used."""
    connection.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=now_s))


def token_page(connection: Connection, account_id: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """An account's tokens, newest first; also those that have expired."""
    return all_rows(connection, older_than(select(api_token).where(api_token.c.account_id == account_id), api_token, before, limit))


def drop_token(connection: Connection, account_id: str, token_id: str) -> bool:
    """Take a token back; False when the account has none of this id."""
    return connection.execute(delete(api_token).where(api_token.c.account_id == account_id, api_token.c.id == token_id)).rowcount == 1


def drop_tokens(connection: Connection, account_id: str) -> None:
    """Take all tokens of an account back."""
    connection.execute(delete(api_token).where(api_token.c.account_id == account_id))
