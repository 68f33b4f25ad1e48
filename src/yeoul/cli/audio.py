"""`yeoul audio list|add|edit|delete`: manages the audio tracks of a video."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, get_args

from yeoul.cli.connection import EXIT_USAGE, add_connection_arguments, run_action
from yeoul.client.connection import Connection
from yeoul.client.track import send_track
from yeoul.model.source import AudioRole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in ("list", "add", "edit", "delete"):
        action = actions.add_parser(name)
        add_connection_arguments(action)
        action.add_argument("--json", action="store_true", help="print JSON")
        action.add_argument("id", help="the video's id")
        if name == "add":
            action.add_argument("file", type=Path, help="a file with an audio track; it starts at the start of the video")
        if name in ("edit", "delete"):
            action.add_argument("name", help="name of the track, see `yeoul audio list`")
        if name in ("add", "edit"):
            action.add_argument("--language", metavar="TAG", help="a BCP 47 tag, such as ko or pt-BR")
            action.add_argument("--label", help="name in the player's menu (default: the language)")
            action.add_argument("--role", choices=get_args(AudioRole), help="purpose of the track (default for add: dub)")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "add" and not arguments.file.is_file():
        print(f"yeoul: the file {arguments.file} does not exist", file=sys.stderr)
        return EXIT_USAGE
    return run_action(arguments, _ACTIONS[arguments.action], _format_track)


def _list(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return list(connection.get(f"videos/{arguments.id}/audio")["items"])


def _add(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return [send_track(connection, arguments.id, arguments.file, _read_fields(arguments))]


def _edit(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return [connection.patch(f"videos/{arguments.id}/audio/{arguments.name}", _read_fields(arguments))]


def _delete(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    connection.delete(f"videos/{arguments.id}/audio/{arguments.name}")
    return []


def _read_fields(arguments: argparse.Namespace) -> dict[str, Any]:
    fields = {name: getattr(arguments, name) for name in ("language", "label", "role")}
    return {name: value for name, value in fields.items() if value is not None}


def _format_track(track: dict[str, Any]) -> str:
    return f"{track['name']:<10} {track['language'] or '-':<8} {track['role']:<12} {track['state']:<11} {track['label']}".rstrip()


_ACTIONS = {"list": _list, "add": _add, "edit": _edit, "delete": _delete}
