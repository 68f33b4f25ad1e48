"""Finds the server and token of a command: from its options, the environment, the data folder, then the tokens of `yeoul login`."""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from yeoul.base.errors import InvalidError, YeoulError
from yeoul.client.connection import Connection

EXIT_REACHED, EXIT_USAGE, EXIT_FAILED, EXIT_SERVER, EXIT_FORBIDDEN = 0, 2, 3, 4, 5
_DEFAULT_SERVER = "http://localhost:8000"


def add_connection_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --server and --data."""
    parser.add_argument("--server", metavar="URL", help=f"server (default: YEOUL_SERVER or {_DEFAULT_SERVER})")
    parser.add_argument("--data", type=Path, metavar="DIR", help="data folder of a server on this machine, for its admin token")


def find_server_url(arguments: argparse.Namespace) -> str:
    """Returns the server's URL. Raises InvalidError if it is malformed."""
    server = str(arguments.server or os.environ.get("YEOUL_SERVER") or _DEFAULT_SERVER).rstrip("/")
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", server):
        raise InvalidError(f"{server} is not the URL of a server, such as {_DEFAULT_SERVER}", field="server")
    return server


def open_connection(arguments: argparse.Namespace, patience_s: float = 90.0) -> Connection:
    """Opens a connection to the server, with a token if there is one."""
    server = find_server_url(arguments)
    return Connection(server, _find_token(arguments, server), patience_s)


def _find_token(arguments: argparse.Namespace, server: str) -> str | None:
    if token := os.environ.get("YEOUL_TOKEN"):
        return token
    if arguments.data is not None and (file := arguments.data / "admin.token").exists():
        return file.read_text().strip()
    return read_tokens().get(server)


def tokens_file() -> Path:
    """Returns the path of the file in which `yeoul login` saves tokens."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "yeoul" / "tokens.json"


def read_tokens() -> dict[str, str]:
    """Returns the saved tokens by server."""
    try:
        return dict(json.loads(tokens_file().read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def exit_code_of(error: YeoulError) -> int:
    """Returns the exit code of an error: 3 media, 5 not allowed, 2 wrong request, 4 server or network."""
    area = error.code.split(".")[0]
    return {"media": EXIT_FAILED, "account": EXIT_FORBIDDEN, "request": EXIT_USAGE}.get(area, EXIT_SERVER)


def run_action(
    arguments: argparse.Namespace,
    action: Callable[[Connection, argparse.Namespace], Iterable[dict[str, Any]]],
    format_item: Callable[[dict[str, Any]], str],
) -> int:
    """Runs an action and prints each item that it returns, as JSON or a line of text; returns the exit code."""
    connection = open_connection(arguments, patience_s=10.0)
    try:
        items = action(connection, arguments)
    except YeoulError as error:
        print(f"yeoul: {error.message} ({error.code})", file=sys.stderr)
        return exit_code_of(error)
    for item in items:
        print(json.dumps(item) if arguments.json else format_item(item))
    return 0
