"""docs/reference/cli.md: all commands and options, read from the argument parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

from scripts.manual.markdown import escape_html, make_table
from yeoul.cli import main
from yeoul.cli.connection import EXIT_FAILED, EXIT_FORBIDDEN, EXIT_REACHED, EXIT_SERVER, EXIT_USAGE

_MAX_CHOICES = 6  # longer lists stand in the table only
_HEAD = f"""\
# Command line

`yeoul` is in `.venv/bin` after `make setup`. `yeoul COMMAND --help` prints the same options as this page.

## Server and token

Commands that need a server take its address from `--server`, else from `YEOUL_SERVER`, else use `http://localhost:8000`.
They take their token from `YEOUL_TOKEN`, else from the file `admin.token` in the folder that `--data` names, else from the file that
`yeoul login` writes (`yeoul/tokens.json` in `$XDG_CONFIG_HOME`, or in `~/.config`).

## Exit codes

| code | meaning |
|---|---|
| {EXIT_REACHED} | The command did what was asked. `yeoul upload`: the video reached the state that `--wait` names. |
| {EXIT_USAGE} | The command line, a setting or the request is wrong. |
| {EXIT_FAILED} | The video failed permanently; `yeoul dag replay`: the instructions differ. |
| {EXIT_SERVER} | The server, its database, its store or the network has a problem. |
| {EXIT_FORBIDDEN} | The account may not do this. |
| 130 | You pressed Ctrl+C. |
"""


def make_cli() -> str:
    """Returns the text of docs/reference/cli.md."""
    commands = cast("Mapping[str, tuple[str, str]]", vars(main)["_COMMANDS"])
    return "\n".join([_HEAD, *(_make_command(name, *entry) for name, entry in commands.items())])


def _make_command(name: str, module: str, summary: str) -> str:
    parser = argparse.ArgumentParser(prog=f"yeoul {name}")
    import_module(module).add_arguments(parser)
    parts = [f"## yeoul {name}\n\n{_make_sentence(summary)}\n"]
    actions = _find_actions(parser)
    if actions is None:
        return parts[0] + _make_usage(parser)
    for action, subparser in actions.choices.items():
        help_text = next((str(choice.help) for choice in _list_choices(actions) if choice.dest == action and choice.help), "")
        parts.append(f"### yeoul {name} {action}\n" + (f"\n{_make_sentence(help_text)}\n" if help_text else "") + _make_usage(subparser))
    return "\n".join(parts)


def _make_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _list_arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """All arguments that a user may give, without --help."""
    found = cast("list[argparse.Action]", vars(parser)["_actions"])
    return [action for action in found if action.help != argparse.SUPPRESS and "--help" not in action.option_strings]


def _find_actions(parser: argparse.ArgumentParser) -> Any:
    """The argument whose values have parsers of their own, as in `yeoul dag lint`; None if there is none."""
    return next((action for action in _list_arguments(parser) if isinstance(action.choices, dict)), None)


def _list_choices(actions: Any) -> Iterator[argparse.Action]:
    yield from cast("list[argparse.Action]", vars(actions)["_choices_actions"])


def _make_usage(parser: argparse.ArgumentParser) -> str:
    arguments = _list_arguments(parser)
    line = " ".join([parser.prog, *(_write_argument(action) for action in arguments)])
    rows = [(f"`{_write_argument(action).strip('[]')}`", _write_default(action), escape_html(_write_help(action))) for action in arguments]
    return f"\n```sh\n{line}\n```\n\n" + make_table(("argument", "default", "meaning"), rows)


def _write_argument(action: argparse.Action) -> str:
    """`FILE`, `[--title TITLE]`, `--out OUT`, as in a usage line."""
    if not action.option_strings:
        return str(action.metavar or action.dest.upper())
    choices = list(map(str, action.choices or ()))
    values = "|".join(choices) if 0 < len(choices) <= _MAX_CHOICES else action.dest.upper()
    text = action.option_strings[-1] + (f" {action.metavar or values}" if action.nargs != 0 else "")
    return text if action.required else f"[{text}]"


def _write_default(action: argparse.Action) -> str:
    return "" if action.default in (None, False, argparse.SUPPRESS) else f"`{action.default}`"


def _write_help(action: argparse.Action) -> str:
    text = _make_sentence(action.help) if action.help else ""
    if action.choices is None or isinstance(action.choices, dict):
        return text
    return f"{text} One of: {', '.join(f'`{choice}`' for choice in action.choices)}.".strip()
