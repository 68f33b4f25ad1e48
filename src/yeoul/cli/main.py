"""The command line: one file for each command, loaded only when it is called."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from yeoul import __version__
from yeoul.base.errors import YeoulError

# name: (module with add_arguments(parser) and run(arguments) -> exit code, one line of help)
_COMMANDS = {
    "up": ("yeoul.cli.up", "run everything on this machine"),
    "serve": ("yeoul.cli.serve", "run one role: api or pipeline"),
    "migrate": ("yeoul.cli.migrate", "bring the database's tables up to date"),
    "upload": ("yeoul.cli.upload", "upload a video, or resume its upload"),
    "captions": ("yeoul.cli.captions", "list, add or delete captions of a video"),
    "audio": ("yeoul.cli.audio", "list, add, edit or delete audio tracks of a video"),
    "video": ("yeoul.cli.video", "list, show, edit, delete or retry videos"),
    "dag": ("yeoul.cli.dag", "check or show a DAG definition"),
    "login": ("yeoul.cli.login", "log in and keep the token"),
}


_CANNOT = 4  # here and now: the server, its database or its store
_WRONG_USAGE = 2  # commands tell their own failures; what is left are options and settings that do not fit


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when it reached what was asked, 2 for wrong usage, 4 where the server cannot, else as the command documents."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may be no text
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
        return _CANNOT if error.code.startswith(("server.", "storage.")) else _WRONG_USAGE
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
