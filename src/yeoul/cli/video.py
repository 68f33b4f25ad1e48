"""`yeoul video list|show|edit|delete|retry|process`: manages videos."""

from __future__ import annotations

import argparse
from typing import Any

from yeoul.cli.connection import add_connection_arguments, run_action
from yeoul.client.connection import Connection


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name in ("list", "show", "edit", "delete", "retry", "process"):
        action = actions.add_parser(name)
        add_connection_arguments(action)
        action.add_argument("--json", action="store_true", help="print JSON")
        if name != "list":
            action.add_argument("id")
        if name == "retry":
            action.add_argument("--piece", type=int, metavar="N", help="retry only the failed tasks of this piece")
            action.add_argument("--rung", metavar="NAME", help="retry a rung that was dropped, such as 720p")
        if name == "process":
            action.add_argument("--pipeline", metavar="NAME", help="DAG definition (default: the same as before)")
        if name == "delete":
            action.add_argument("--forever", action="store_true", help="delete permanently instead of moving to the trash")
        if name == "edit":
            action.add_argument("--title")
            action.add_argument("--description")
            action.add_argument("--visibility", choices=("public", "unlisted", "private"))


def run(arguments: argparse.Namespace) -> int:
    return run_action(arguments, _ACTIONS[arguments.action], _format_video)


def _list(connection: Connection, _arguments: argparse.Namespace) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = connection.get("videos", limit=100, **({"cursor": cursor} if cursor else {}))
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def _show(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return [connection.get(f"videos/{arguments.id}")]


def _edit(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    change = {name: getattr(arguments, name) for name in ("title", "description", "visibility") if getattr(arguments, name) is not None}
    return [connection.patch(f"videos/{arguments.id}", change)]


def _delete(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    connection.delete(f"videos/{arguments.id}" + ("?forever=true" if arguments.forever else ""))
    return []


def _retry(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    body = {name: getattr(arguments, name) for name in ("piece", "rung") if getattr(arguments, name) is not None}
    return [connection.post(f"videos/{arguments.id}/retry", body)]


def _process(connection: Connection, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    return [connection.post(f"videos/{arguments.id}/process", {"pipeline": arguments.pipeline})]


_ACTIONS = {"list": _list, "show": _show, "edit": _edit, "delete": _delete, "retry": _retry, "process": _process}


def _format_video(video: dict[str, Any]) -> str:
    error = f"  {video['error']['code']}: {video['error']['message']}" if video["error"] else ""
    return f"{video['id']}  {video['state']:<10} {video['progress']:>4.0%}  {video['visibility']:<8} {video['title']}{error}"
