"""Login sessions and API tokens. Callers pass the SHA-256 of a token; the token itself is never stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from yeoul.base.errors import ConflictError
from yeoul.catalog.row import all_rows, first_row, older_than
from yeoul.catalog.schema.account import account, api_token, session
from yeoul.catalog.schema.row.account import AccountRow, ApiTokenRow, SessionRow

SESSIONS_MAX = 200  # of one account; another login ends the least recently used session
TOKENS_MAX = 100  # of one account


class SessionAccountRow(AccountRow):
    """The account of a login session."""

    session_id: str
    last_seen_at: float


class TokenAccountRow(AccountRow):
    """The account of an API token."""

    token_id: str
    scopes: list[str]
    last_used_at: float | None


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Inserts a login session. Deletes all expired sessions, and the account's least recently used ones beyond SESSIONS_MAX.

    row: id, token_hash, account_id, expires_at, user_agent, ip.
    """
    connection.execute(delete(session).where(session.c.expires_at < now_s))
    account_session_ids = select(session.c.id).where(session.c.account_id == row["account_id"])
    kept_ids = account_session_ids.order_by(session.c.last_seen_at.desc(), session.c.id.desc()).limit(SESSIONS_MAX - 1)
    connection.execute(delete(session).where(session.c.account_id == row["account_id"], session.c.id.not_in(kept_ids)))
    connection.execute(insert(session).values(**row, created_at=now_s, last_seen_at=now_s))


def find_account(connection: Connection, token_hash: str, now_s: float) -> SessionAccountRow | None:
    """Returns the account of a login session, with session_id and last_seen_at.

    None if there is no session with this token hash, if it has expired, or if the account is disabled.
    """
    columns = (session.c.id.label("session_id"), session.c.last_seen_at)
    statement = select(account, *columns).join(session, session.c.account_id == account.c.id)
    is_valid = (session.c.expires_at > now_s, account.c.disabled_at.is_(None))
    return first_row(connection, statement.where(session.c.token_hash == token_hash, *is_valid), SessionAccountRow)


def touch(connection: Connection, session_id: str, ip: str, now_s: float) -> None:
    """Records that a login session is used now, and its IP address."""
    connection.execute(update(session).where(session.c.id == session_id).values(last_seen_at=now_s, ip=ip))


def page(connection: Connection, account_id: str, now_s: float, before: tuple[float, str] | None, limit: int) -> list[SessionRow]:
    """Returns a page of an account's login sessions that have not expired, newest first."""
    statement = select(session).where(session.c.account_id == account_id, session.c.expires_at > now_s)
    return all_rows(connection, older_than(statement, session, before, limit), SessionRow)


def revoke(connection: Connection, account_id: str, session_id: str) -> bool:
    """Ends a login session of an account; False if the account has none with this id."""
    return connection.execute(delete(session).where(session.c.account_id == account_id, session.c.id == session_id)).rowcount == 1


def revoke_all(connection: Connection, account_id: str, except_id: str | None = None) -> None:
    """Ends all login sessions of an account, except the session with the id `except_id`."""
    statement = delete(session).where(session.c.account_id == account_id)
    connection.execute(statement if except_id is None else statement.where(session.c.id != except_id))


def add_token(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Inserts an API token. Raises ConflictError beyond TOKENS_MAX.

    row: id, token_hash, account_id, name, scopes, expires_at.
    """
    token_count = select(func.count()).select_from(api_token).where(api_token.c.account_id == row["account_id"])
    if connection.execute(token_count).scalar_one() >= TOKENS_MAX:
        raise ConflictError(f"an account can have at most {TOKENS_MAX} tokens; delete one first", most=TOKENS_MAX)
    connection.execute(insert(api_token).values(**row, created_at=now_s))


def find_account_of_token(connection: Connection, token_hash: str, now_s: float) -> TokenAccountRow | None:
    """Returns the account of an API token, with token_id, scopes and last_used_at.

    None if there is no token with this hash, if it has expired, or if the account is disabled.
    """
    columns = (api_token.c.id.label("token_id"), api_token.c.scopes, api_token.c.last_used_at)
    statement = select(account, *columns).join(api_token, api_token.c.account_id == account.c.id)
    is_valid = (or_(api_token.c.expires_at.is_(None), api_token.c.expires_at > now_s), account.c.disabled_at.is_(None))
    return first_row(connection, statement.where(api_token.c.token_hash == token_hash, *is_valid), TokenAccountRow)


def touch_token(connection: Connection, token_id: str, now_s: float) -> None:
    """Records that an API token is used now."""
    connection.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=now_s))


def token_page(connection: Connection, account_id: str, before: tuple[float, str] | None, limit: int) -> list[ApiTokenRow]:
    """Returns a page of an account's API tokens, newest first, including expired ones."""
    return all_rows(
        connection, older_than(select(api_token).where(api_token.c.account_id == account_id), api_token, before, limit), ApiTokenRow
    )


def revoke_token(connection: Connection, account_id: str, token_id: str) -> bool:
    """Revokes an API token; False if the account has none with this id."""
    return connection.execute(delete(api_token).where(api_token.c.account_id == account_id, api_token.c.id == token_id)).rowcount == 1


def revoke_all_tokens(connection: Connection, account_id: str) -> None:
    """Revokes all API tokens of an account."""
    connection.execute(delete(api_token).where(api_token.c.account_id == account_id))
