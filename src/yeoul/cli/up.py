"""`yeoul up`: all roles in one process tree. This process only starts them, watches them, and ends with them."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

from yeoul import bootstrap
from yeoul.base.errors import DatabaseDamagedError
from yeoul.base.settings import Settings
from yeoul.catalog.version import check_version
from yeoul.cli.server_options import add_server_arguments, as_words, read_overrides

_START_S = 120.0  # importing alone takes half a minute where several times as much is to be done as there are cores
_STOP_S = 30.0
_DATABASE_S = 5.0
_RESTART_PAUSE_S = 1.0
_WRONG = 2  # how a role ends that finds its settings or definitions wrong


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_server_arguments(parser)
    parser.add_argument("--no-demo", action="store_true", help="do not make a demo clip on the first start")


def run(arguments: argparse.Namespace) -> int:
    """0 after SIGTERM or Ctrl-C, 2 when settings are wrong, 4 when the data folder or the port is taken or a role does not start."""
    os.umask(0o077)  # of all roles, which inherit it: what a server keeps is for its user alone
    settings = bootstrap.open_settings(arguments.data, **read_overrides(arguments))
    lock = bootstrap.lock_file(settings.data / "lock", f"another yeoul is running on {settings.data}")
    bootstrap.check_port(settings)
    check_database(settings)
    tree = _Tree(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tree.ask_to_stop)
    first = not (settings.data / "admin.token").exists()
    if first:
        _make_admin(settings)
    tree.start("api")
    tree.start("pipeline")
    if not _wait_until_healthy(settings, tree):
        tree.stop()
        return 0 if tree.stopping else 4
    print(f"Yeoul is running at {bootstrap.public_url(settings)} (data in {settings.data}); Ctrl-C stops it.", flush=True)
    if first and not arguments.no_demo:
        tree.start("demo")
    is_well = tree.watch()
    tree.stop()
    lock.close()
    return 0 if is_well else 4


def check_database(settings: Settings) -> None:
    """Look at the database before the roles do, so that one sentence says what is wrong with it; by the standard library alone.

    Raises DatabaseTooNewError or DatabaseDamagedError.
    """
    file = settings.data / "yeoul.db"
    if settings.catalog.url or not file.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=_DATABASE_S)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            found = connection.execute("SELECT version, oldest FROM schema_version").fetchone() if "schema_version" in tables else None
    except sqlite3.OperationalError:
        return  # it is busy, or cannot be written: the roles find that out
    except sqlite3.DatabaseError as error:
        raise DatabaseDamagedError(f"{file} is damaged, or no database ({error}): restore a backup of it", file=str(file)) from error
    check_version(found)


def _make_admin(settings: Settings) -> None:
    """On an empty user table: make the account `admin`, print its password once, keep a token for commands on this machine."""
    from yeoul.cli.first_start import make_admin  # noqa: PLC0415 (only the first start pays for it)

    password = make_admin(settings)
    if password is not None:
        print(f"Made the account admin with the password {password} (it is shown only now).", flush=True)


def _wait_until_healthy(settings: Settings, tree: _Tree) -> bool:
    host = "127.0.0.1" if settings.server.host in ("0.0.0.0", "::") else settings.server.host  # noqa: S104
    url = f"http://{host}:{settings.server.port}/healthz"
    deadline = time.monotonic() + _START_S
    while not tree.stopping:
        healthy = False
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=10) as answer:
            healthy = answer.status == 200
        if ended := tree.find_ended():
            print(f"yeoul: {ended[0]} ended with {ended[1]} before it had started", file=sys.stderr, flush=True)
            return False
        if healthy:
            return True
        if time.monotonic() > deadline:
            print(f"yeoul: nothing has answered at {url} for {_START_S:.0f} s", file=sys.stderr, flush=True)
            return False
        time.sleep(0.02)
    return False


class _Tree:
    """The roles' processes; one that dies is started again."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._words = as_words(arguments)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False

    def ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def start(self, role: str) -> None:
        module = ["yeoul.cli.first_start"] if role == "demo" else ["yeoul.cli.main", "serve", role]
        command = [sys.executable, "-m", *module, "--parent", str(os.getpid()), *self._words]
        # A group of its own, so that Ctrl-C reaches this process alone, which then stops the others in order.
        self._running[role] = subprocess.Popen(command, process_group=0)

    def find_ended(self) -> tuple[str, int] | None:
        """A role that has ended, with its status."""
        statuses = ((role, process.poll()) for role, process in self._running.items())
        return next(((role, status) for role, status in statuses if status is not None), None)

    def watch(self) -> bool:
        """Until asked to stop: start again what dies; False when a role cannot start at all with these settings."""
        started_again: set[str] = set()
        while not self.stopping:
            for role, process in list(self._running.items()):
                status = process.poll()
                if status is None:
                    continue
                del self._running[role]
                if role != "demo" and status == _WRONG and role not in started_again:
                    print(f"yeoul: {role} ended with {status}: it cannot start like this", file=sys.stderr, flush=True)
                    return False
                if role != "demo":
                    started_again.add(role)
                    print(f"yeoul: {role} ended with {status}; starting it again", file=sys.stderr, flush=True)
                    time.sleep(_RESTART_PAUSE_S)
                    self.start(role)
            time.sleep(0.2)
        return True

    def stop(self) -> None:
        """Let all drain; kill what has not ended in time."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + _STOP_S
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
