"""The admin account that the first start creates."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from yeoul.base.clock import SystemClock
from yeoul.base.ids import new_id
from yeoul.catalog.account import account, session
from yeoul.catalog.database import Database
from yeoul.identity.password import hash_password, hash_token

_TOKEN_TTL_S = 10 * 365 * 86400.0


def make_admin(database: Database, token_file: Path) -> str | None:
    """Creates the account `admin` and writes a token for it; returns the password, or None if there already are accounts."""
    now_s = SystemClock().now()
    password, token = secrets.token_urlsafe(12), secrets.token_urlsafe(32)
    with database.write() as connection:
        if account.count(connection) > 0:
            return None
        admin_id = new_id(now_s)
        hashed = hash_password(password)
        account.add_account(connection, admin_id, "admin", "admin@localhost", hashed, "admin", now_s, confirmed_at=now_s)
        row = {"id": new_id(now_s), "token_hash": hash_token(token), "account_id": admin_id, "expires_at": now_s + _TOKEN_TTL_S}
        session.add(connection, {**row, "user_agent": "commands on the server's machine", "ip": ""}, now_s)
        _write_private(token_file, token)
    return password


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
