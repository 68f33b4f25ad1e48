"""The entry point of the command line. Each command has its own module, which is imported only when it is called."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from yeoul import __version__
from yeoul.base.errors import YeoulError

# name: (module with add_arguments(parser) and run(arguments) -> exit code, help text)
_COMMANDS = {
    "up": ("yeoul.cli.up", "run all of Yeoul on this machine"),
    "serve": ("yeoul.cli.serve", "run one role: api, pipeline or edge"),
    "migrate": ("yeoul.cli.migrate", "migrate the database to the current version"),
    "upload": ("yeoul.cli.upload", "upload a video, or resume its upload"),
    "captions": ("yeoul.cli.captions", "list, add or delete captions of a video"),
    "audio": ("yeoul.cli.audio", "list, add, edit or delete audio tracks of a video"),
    "video": ("yeoul.cli.video", "list, show, edit, delete, retry or reprocess videos"),
    "dag": ("yeoul.cli.dag", "check, compare, run or show DAG definitions, and inspect runs"),
    "login": ("yeoul.cli.login", "log in and save the token"),
}


_EXIT_SERVER = 4  # the server, its database or its store failed
_EXIT_USAGE = 2  # commands handle their own errors; the remaining ones are wrong options and settings


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code: 0 success, 2 wrong usage, 4 server error, else as the command documents."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names may contain bytes that are not text
            stream.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(prog="yeoul", description="A video platform that plays while it uploads.")
    parser.add_argument("--version", action="version", version=f"yeoul {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, (module, text) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if name == chosen:
            import_module(module).add_arguments(command)
    arguments = parser.parse_args(words)
    run: Callable[[argparse.Namespace], int] = import_module(_COMMANDS[arguments.command][0]).run
    try:
        return run(arguments)
    except YeoulError as error:
        print(f"yeoul: {error.message} ({error.code})", file=sys.stderr)
        return _EXIT_SERVER if error.code.startswith(("server.", "storage.")) else _EXIT_USAGE
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
