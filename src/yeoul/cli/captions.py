"""`yeoul captions list|add|delete`."""

from __future__ import annotations

import argparse
import base64
import re
import sys
from pathlib import Path
from typing import Any

from yeoul.cli.connection import EXIT_USAGE, add_connection_arguments, run_action
from yeoul.client.connection import Connection
from yeoul.client.source_file import say_name
from yeoul.media.text.encoding import ENCODINGS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in ("list", "add", "delete"):
        action = actions.add_parser(name)
        add_connection_arguments(action)
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument("id", help="the video's id")
        if name == "add":
            action.add_argument("file", type=Path, help="WebVTT, SubRip, SSA, ASS, TTML, SBV or LRC")
            action.add_argument("--language", required=True, metavar="TAG", help="a BCP 47 tag, such as ko or pt-BR")
            action.add_argument("--label", help="as viewers read it in menus (default: the language)")
            action.add_argument("--name", help="replaces the captions of this name (default: the language)")
            action.add_argument("--encoding", choices=ENCODINGS, help="what the file is in (default: found out)")
        if name == "delete":
            action.add_argument("name")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "add" and not arguments.file.is_file():
        print(f"yeoul: there is no file {arguments.file}", file=sys.stderr)
        return EXIT_USAGE
    return run_action(arguments, _ACTIONS[arguments.action], _line)


def _list(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return list(connection.get(f"videos/{arguments.id}/captions")["items"])


def _add(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Has the server read the file, says what it could not read, and saves the rest."""
    given = {"data": base64.b64encode(arguments.file.read_bytes()).decode(), "file_name": say_name(arguments.file)}
    found = connection.post(
        f"videos/{arguments.id}/captions/read", {**given, "language": arguments.language, "encoding": arguments.encoding}
    )
    for slip in found["slips"]:
        print(f"yeoul: line {slip['line']}: {slip['message']}; this cue is left out", file=sys.stderr)
    name = arguments.name or re.sub(r"[^a-z0-9-]", "-", arguments.language.lower())
    new = {"language": arguments.language, "label": arguments.label or arguments.language, "webvtt": found["webvtt"]}
    saved = connection.put(f"videos/{arguments.id}/captions/{name}", new)
    return [{**saved, "encoding": found["encoding"], "slips": found["slips"]}]


def _delete(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    connection.delete(f"videos/{arguments.id}/captions/{arguments.name}")
    return []


def _line(track: dict[str, Any]) -> str:
    return f"{track['name']:<12} {track['language'] or '-':<8} {track['label']}"


_ACTIONS = {"list": _list, "add": _add, "delete": _delete}
