"""`yeoul login`: gets a token and saves it for this server, in a file with mode 0600."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys

from yeoul.base.errors import YeoulError
from yeoul.cli.connection import add_connection_arguments, exit_code_of, find_server_url, open_connection, read_tokens, tokens_file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_connection_arguments(parser)
    parser.add_argument("--handle", help="account (default: ask for it)")


def run(arguments: argparse.Namespace) -> int:
    handle = arguments.handle or input("Handle: ")
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        token = open_connection(arguments, patience_s=5.0).post("sessions", {"handle": handle, "password": password})["token"]
    except YeoulError as error:
        print(f"yeoul: {error.message} ({error.code})", file=sys.stderr)
        return exit_code_of(error)
    _save_token(find_server_url(arguments), token)
    print(f"Logged in as {handle}.")
    return 0


def _save_token(server: str, token: str) -> None:
    file = tokens_file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps({**read_tokens(), server: token})
    partial = file.with_suffix(".new")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as output:
        output.write(text)
    partial.replace(file)
