"""`yeoul captions list|add|delete`: manages the captions of a video."""

from __future__ import annotations

import argparse
import base64
import re
import sys
from pathlib import Path
from typing import Any

from yeoul.cli.connection import EXIT_USAGE, add_connection_arguments, run_action
from yeoul.client.connection import Connection
from yeoul.client.source_file import make_display_name
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
            action.add_argument("--label", help="name in the player's menu (default: the language)")
            action.add_argument("--name", help="name of the caption; an existing one is replaced (default: the language)")
            action.add_argument("--encoding", choices=ENCODINGS, help="character encoding of the file (default: detect it)")
        if name == "delete":
            action.add_argument("name")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "add" and not arguments.file.is_file():
        print(f"yeoul: the file {arguments.file} does not exist", file=sys.stderr)
        return EXIT_USAGE
    return run_action(arguments, _ACTIONS[arguments.action], _format_caption)


def _list(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return list(connection.get(f"videos/{arguments.id}/captions")["items"])


def _add(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Converts the file on the server, prints the cues that it could not read, and saves the others."""
    content = {"data": base64.b64encode(arguments.file.read_bytes()).decode(), "file_name": make_display_name(arguments.file)}
    parsed = connection.post(
        f"videos/{arguments.id}/captions/read", {**content, "language": arguments.language, "encoding": arguments.encoding}
    )
    for slip in parsed["slips"]:
        print(f"yeoul: line {slip['line']}: {slip['message']}; this cue was skipped", file=sys.stderr)
    name = arguments.name or re.sub(r"[^a-z0-9-]", "-", arguments.language.lower())
    new = {"language": arguments.language, "label": arguments.label or arguments.language, "webvtt": parsed["webvtt"]}
    saved = connection.put(f"videos/{arguments.id}/captions/{name}", new)
    return [{**saved, "encoding": parsed["encoding"], "slips": parsed["slips"]}]


def _delete(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    connection.delete(f"videos/{arguments.id}/captions/{arguments.name}")
    return []


def _format_caption(track: dict[str, Any]) -> str:
    return f"{track['name']:<12} {track['language'] or '-':<8} {track['label']}"


_ACTIONS = {"list": _list, "add": _add, "delete": _delete}
