"""A real `yeoul up` process tree to test and to measure: started on a free port, asked through its own command line, killed as told."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from bench.process import Cost, tree_cpu_s

_START_S = 150.0
_COMMAND_S = 600.0
_MEASURED_S = 7200.0
_YEOUL = (sys.executable, "-m", "yeoul.cli.main")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class UploadCost:
    """One upload to `ready`: what it cost in all processes, the command's own account of it, and the command's own CPU."""

    cost: Cost
    result: dict[str, Any]
    client_cpu_s: float


class Server:
    """One tree; a context manager. `data` is its folder, `url` its address, `log` what it said; `environ` goes to it as it is.

    under: a command that starts the tree, as `nice` does. started_s: seconds from its last start to healthy.
    """

    def __init__(self, data: Path, *options: str, under: Sequence[str] = (), **environ: str) -> None:
        self.data = data
        self._under = under
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._options = options
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self.log = data.parent / f"{data.name}.log"
        self.started_s = 0.0

    def start(self) -> Self:
        """Start and wait until healthy, which `started_s` measures, and until all roles have been started."""
        command = [*self._under, *_YEOUL, "up", "--data", str(self.data), "--port", str(self.port), "--no-demo", *self._options]
        began_s = time.monotonic()
        logged_bytes = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **self._environ})
        self._wait_for(self._is_healthy, began_s)
        self.started_s = time.monotonic() - began_s
        self._wait_for(lambda: b"Yeoul is running" in self.log.read_bytes()[logged_bytes:], began_s)
        return self

    def _wait_for(self, holds: Callable[[], bool], began_s: float) -> None:
        assert self._process is not None
        while not holds():
            if self._process.poll() is not None or time.monotonic() > began_s + _START_S:
                self.stop()
                raise AssertionError(f"yeoul did not start:\n{self.read_log()}")
            time.sleep(0.01)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @property
    def pid(self) -> int:
        """The process that everything hangs below."""
        assert self._process is not None
        return self._process.pid

    def tree(self) -> list[psutil.Process]:
        """The whole process tree, the root first."""
        root = psutil.Process(self.pid)
        return [root, *root.children(recursive=True)]

    def kill(self) -> None:
        """kill -9 to every process of the tree at once, as a power cut would."""
        assert self._process is not None
        victims = self.tree()
        for victim in victims:
            try:
                os.kill(victim.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        psutil.wait_procs(victims, timeout=10)

    def stop(self) -> None:
        """SIGTERM, and wait for the drain."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        self._process.wait(60)

    def read_log(self) -> str:
        return self.log.read_text(errors="replace")[-8000:] if self.log.exists() else ""

    @property
    def token(self) -> str:
        """The admin's token."""
        return (self.data / "admin.token").read_text().strip()

    def cli(
        self, *words: str, check: bool = False, environ: dict[str, str] | None = None, timeout_s: float = _COMMAND_S
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of ours against this server."""
        sent = {**os.environ, **(environ or {})}
        done = subprocess.run([*_YEOUL, *words], capture_output=True, text=True, timeout=timeout_s, check=False, env=sent)
        if check and done.returncode != 0:
            raise AssertionError(f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.read_log()}")
        return done

    def upload_words(self, path: Path, *options: str) -> list[str]:
        return ["upload", str(path), "--server", self.url, "--data", str(self.data), "--json", *options]

    def start_upload(self, path: Path, *options: str, **environ: str) -> subprocess.Popen[str]:
        """An upload in the background."""
        command = [*_YEOUL, *self.upload_words(path, *options)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environ})

    def end_upload(self, upload: subprocess.Popen[str]) -> dict[str, Any]:
        """Wait for an upload in the background; as `upload`."""
        out, errors = upload.communicate(timeout=_COMMAND_S)
        return self._result(upload.returncode, out, errors)

    def upload(self, path: Path, *options: str, **environ: str) -> dict[str, Any]:
        """`yeoul upload --json`: its JSON object, with the exit code added as "exit"."""
        done = self.cli(*self.upload_words(path, *options), environ=environ)
        return self._result(done.returncode, done.stdout, done.stderr)

    def measure_upload(self, path: Path, *options: str) -> UploadCost:
        """Upload a file, alone, until it is ready; the demultiplexing client counts too."""
        server_before_s, client_before_s = tree_cpu_s(self.pid), _children_cpu_s()
        began_s = time.monotonic()
        done = self.cli(*self.upload_words(path, *options), check=True, timeout_s=_MEASURED_S)
        wall_s = time.monotonic() - began_s
        client_cpu_s = _children_cpu_s() - client_before_s
        cpu_s = tree_cpu_s(self.pid) - server_before_s + client_cpu_s
        return UploadCost(Cost(wall_s, cpu_s), self._result(done.returncode, done.stdout, done.stderr), client_cpu_s)

    def _result(self, code: int, out: str, errors: str) -> dict[str, Any]:
        lines = out.strip().splitlines()
        assert lines, f"no output: exit {code}\n{errors}\n{self.read_log()}"
        return {**json.loads(lines[-1]), "exit": code}

    def request(
        self, method: str, path: str, body: Any = None, token: str | None = "", headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """(status, JSON or text) of a raw request; token "" is the admin's, None is nobody's."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token or self.token}"
        data = None
        if isinstance(body, bytes):
            data = body
        elif body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(path if path.startswith("http") else self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_COMMAND_S) as answer:
                status, raw = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, raw = error.code, error.read()
        try:
            return status, json.loads(raw) if raw else None
        except ValueError:
            return status, raw.decode(errors="replace")

    def get(self, path: str) -> Any:
        """A GET that must be answered with 200."""
        status, body = self.request("GET", path)
        assert status == 200, (path, status, body)
        return body


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
