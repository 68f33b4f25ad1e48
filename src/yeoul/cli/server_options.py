"""The options that `up`, `serve` and `migrate` share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_server_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --data, --host, --port and --workers."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="data folder (default: ./data)")
    parser.add_argument("--host", metavar="H", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, metavar="P", help="port to listen on (default: 8000)")
    parser.add_argument("--workers", type=int, metavar="N", help="CPU slots for tasks (default: all cores)")


def read_overrides(arguments: argparse.Namespace) -> dict[str, Any]:
    """Returns the settings from the command line, for `bootstrap.open_settings`."""
    server = {name: getattr(arguments, name) for name in ("host", "port") if getattr(arguments, name) is not None}
    overrides: dict[str, Any] = {"server": server}
    if arguments.workers is not None:
        overrides["engine"] = {"workers": arguments.workers}
    return overrides


def make_arguments(arguments: argparse.Namespace) -> list[str]:
    """Returns the options as command line arguments for a child process."""
    words: list[str] = []
    for name in ("data", "host", "port", "workers"):
        value = getattr(arguments, name)
        if value is not None:
            words += [f"--{name}", str(value)]
    return words
