"""`yeoul migrate`: migrates the database to the current version."""

from __future__ import annotations

import argparse

from yeoul import bootstrap
from yeoul.cli.server_options import add_server_arguments, read_overrides


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_server_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    bootstrap.make_database(bootstrap.open_settings(arguments.data, **read_overrides(arguments))).close()
    return 0
