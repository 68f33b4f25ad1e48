"""`yeoul up`: runs all roles as child processes. This process starts, monitors and stops them."""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import subprocess
import sys
import time

from yeoul import bootstrap
from yeoul.base.settings import Settings
from yeoul.catalog.version import check_file
from yeoul.cli.server_options import add_server_arguments, make_arguments, read_overrides
from yeoul.cli.signal_pipe import SignalPipe

_START_TIMEOUT_S = 120.0  # on a busy machine, imports alone can take half a minute
_STOP_TIMEOUT_S = 30.0
_RESTART_PAUSE_S = 1.0
_EXIT_USAGE = 2  # a role ends with this code if its settings or definitions are wrong


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_server_arguments(parser)
    parser.add_argument("--no-demo", action="store_true", help="do not create a demo video on the first start")


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code: 0 after SIGTERM or Ctrl-C, 2 if settings are wrong, 4 if data folder or port are in use or a role fails."""
    os.umask(0o077)  # also for the roles, which inherit it: only this user can read the server's files
    settings = bootstrap.open_settings(arguments.data, **read_overrides(arguments))
    lock = bootstrap.lock_file(settings.data / "lock", f"another yeoul is running on {settings.data}")
    bootstrap.check_port(settings)
    check_database(settings)
    signals = SignalPipe(signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
    tree = _ProcessTree(arguments)
    is_first_start = not (settings.data / "admin.token").exists()
    if is_first_start:
        _make_admin(settings)
    tree.start("api")
    if not _wait_until_healthy(settings, tree, signals):
        tree.stop()
        return 0 if signals.stop_requested else 4
    tree.start("pipeline")  # after the API, whose start it would slow down; uploads wait for it in the database
    print(f"Yeoul is running at {bootstrap.public_url(settings)} (data in {settings.data}); Ctrl-C stops it.", flush=True)
    if is_first_start and not arguments.no_demo:
        tree.start("demo")
    succeeded = tree.watch(signals)
    tree.stop()
    lock.close()
    return 0 if succeeded else 4


def check_database(settings: Settings) -> None:
    """Checks the database before the roles start, so that the user sees one clear error; without SQLAlchemy, which takes long to load.

    Raises DatabaseTooNewError or DatabaseDamagedError.
    """
    file = settings.data / "yeoul.db"
    if settings.catalog.url or not file.exists():
        return
    check_file(file)


def _make_admin(settings: Settings) -> None:
    """Creates the account `admin` if there are no accounts, prints its password, and saves a token for commands on this machine."""
    from yeoul.cli.first_admin import make_admin  # slow to import, and only needed on the first start

    database = bootstrap.make_database(settings)
    try:
        password = make_admin(database, settings.data / "admin.token")
    finally:
        database.close()
    if password is not None:
        print(f"Created the account admin with the password {password} (it is shown only once).", flush=True)


def _wait_until_healthy(settings: Settings, tree: _ProcessTree, signals: SignalPipe) -> bool:
    host = "127.0.0.1" if settings.server.host in ("0.0.0.0", "::") else settings.server.host  # noqa: S104
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not signals.stop_requested:
        is_healthy = _is_healthy(host, settings.server.port)
        if ended := tree.find_ended():
            print(f"yeoul: {ended[0]} exited with status {ended[1]} while starting", file=sys.stderr, flush=True)
            return False
        if is_healthy:
            return True
        if time.monotonic() > deadline:
            print(f"yeoul: no response from {host}:{settings.server.port} within {_START_TIMEOUT_S:.0f} s", file=sys.stderr, flush=True)
            return False
        time.sleep(0.02)
    return False


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class _ProcessTree:
    """The processes of the roles; a process that dies is restarted."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._words = make_arguments(arguments)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, role: str) -> None:
        module = ["yeoul.cli.demo"] if role == "demo" else ["yeoul.cli.main", "serve", role]
        command = [sys.executable, "-m", *module, "--parent", str(os.getpid()), *self._words]
        # In its own process group, so that Ctrl-C reaches only this process, which then stops the roles in order.
        self._running[role] = subprocess.Popen(command, process_group=0)

    def find_ended(self) -> tuple[str, int] | None:
        """Returns (role, exit status) of a process that has ended; None if all are running."""
        statuses = ((role, process.poll()) for role, process in self._running.items())
        return next(((role, status) for role, status in statuses if status is not None), None)

    def watch(self, signals: SignalPipe) -> bool:
        """Restarts processes that die, until a stop is requested; returns False if a role cannot start with these settings."""
        restarted: set[str] = set()
        while not signals.stop_requested:
            for role, process in list(self._running.items()):
                status = process.poll()
                if status is None:
                    continue
                del self._running[role]
                if role != "demo" and status == _EXIT_USAGE and role not in restarted:
                    print(f"yeoul: {role} exited with status {status}: it cannot start with these settings", file=sys.stderr, flush=True)
                    return False
                if role != "demo":
                    restarted.add(role)
                    print(f"yeoul: {role} exited with status {status}; restarting it", file=sys.stderr, flush=True)
                    time.sleep(_RESTART_PAUSE_S)
                    self.start(role)
            signals.wait()
        return True

    def stop(self) -> None:
        """Lets all processes drain, and kills those that do not end in time."""
        for process in self._running.values():
            process.terminate()
        deadline = time.monotonic() + _STOP_TIMEOUT_S
        for process in self._running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
