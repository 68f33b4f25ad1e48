"""A server to measure: the real process tree, and uploads by the real command."""

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench.process import Cost, tree_cpu_s


@dataclass(frozen=True)
class UploadCost:
    """One upload to `ready`: what it cost in all processes, the command's own account of it, and the command's own CPU."""

    cost: Cost
    result: dict[str, Any]
    client_cpu_s: float


class BenchServer:
    """`yeoul up` on a free port; use it as a context manager."""

    def __init__(self, data: Path) -> None:
        self.data = data
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start; seconds to healthy."""
        began = time.monotonic()
        command = [sys.executable, "-m", "yeoul.cli.main", "up", "--data", str(self.data), "--port", str(self.port), "--no-demo"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while time.monotonic() - began < 60:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=1):
                    return time.monotonic() - began
            except (urllib.error.URLError, OSError):
                time.sleep(0.01)
        self.process.kill()
        raise TimeoutError("yeoul did not start")

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def upload(self, path: Path, *options: str) -> UploadCost:
        """Upload a file and wait until it is ready; the demultiplexing client counts too."""
        words = [
            sys.executable,
            "-m",
            "yeoul.cli.main",
            "upload",
            str(path),
            "--server",
            self.url,
            "--data",
            str(self.data),
            "--json",
            *options,
        ]
        server_before, client_before = tree_cpu_s(self.pid), _children_cpu_s()
        began = time.monotonic()
        done = subprocess.run(words, check=True, capture_output=True, text=True, env={**os.environ})
        wall_s = time.monotonic() - began
        client_cpu_s = _children_cpu_s() - client_before
        cpu_s = tree_cpu_s(self.pid) - server_before + client_cpu_s
        return UploadCost(Cost(wall_s, cpu_s), json.loads(done.stdout.strip().splitlines()[-1]), client_cpu_s)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
