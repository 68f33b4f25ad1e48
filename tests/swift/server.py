"""A real Swift on loopback with its S3 API: one proxy, account, container and object server, one replica, one device."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.harness.pace import patience_s
from tests.swift.venv import swift_venv

_START_TIMEOUT_S = patience_s()
_KINDS = ("account", "container", "object")
# Every server of Swift takes its middlewares from a paste file like this one.
_STORAGE = """[DEFAULT]
{common}
devices = {root}/devices
mount_check = false
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
[{kind}-replicator]
[{kind}-updater]
"""
_PROXY = """[DEFAULT]
{common}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck listing_formats bulk s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
auth_pipeline_check = true
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_{user} = {secret} .admin
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""
_RINGS = """import sys
from swift.common.ring import RingBuilder
folder, *ports = sys.argv[1:]
for kind, port in zip(("account", "container", "object"), ports):
    builder = RingBuilder(4, 1, 1)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1.0})
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{kind}.ring.gz")
"""


@dataclass(frozen=True)
class SwiftEndpoint:
    """Where Swift's S3 API answers, and the key pair it knows."""

    host: str
    access_key: str
    secret_key: str


class SwiftServer:
    """Starts Swift's four processes in `root` and ends them by their ids."""

    def __init__(self, root: Path) -> None:
        _check_xattrs(root)
        self._root = root
        self._bin = swift_venv() / "bin"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._stack = ExitStack()

    def start(self) -> SwiftEndpoint:
        """Returns when all four answer; raises RuntimeError with their logs when one does not."""
        proxy_port, *storage_ports = ports = _free_ports(4)
        user, secret = "tester", secrets.token_hex(16)
        (self._root / "devices/d1").mkdir(parents=True)
        (self._root / "swift.conf").write_text(f"[swift-hash]\nswift_hash_path_suffix = {secrets.token_hex(8)}\n")
        subprocess.run([str(self._bin / "python"), "-c", _RINGS, str(self._root), *map(str, storage_ports)], check=True)
        for kind, port in zip(_KINDS, storage_ports, strict=True):
            self._run(kind, _STORAGE.format(kind=kind, root=self._root, common=self._common(port)))
        self._run("proxy", _PROXY.format(user=user, secret=secret, common=self._common(proxy_port)))
        for port in ports:
            self._wait(port)
        return SwiftEndpoint(f"127.0.0.1:{proxy_port}", f"test:{user}", secret)

    def stop(self) -> None:
        """End the processes; their data stays in `root`."""
        for process in self._processes:
            process.kill()
            process.wait()
        self._stack.close()

    def _common(self, port: int) -> str:
        lines = {"bind_ip": "127.0.0.1", "bind_port": port, "workers": 0, "user": getpass.getuser(), "swift_dir": self._root}
        return "\n".join(f"{name} = {value}" for name, value in lines.items())

    def _run(self, kind: str, configuration: str) -> None:
        file = self._root / f"{kind}-server.conf"
        file.write_text(configuration)
        log = self._stack.enter_context((self._root / f"{kind}.log").open("wb"))
        command = [str(self._bin / f"swift-{kind}-server"), str(file), "--verbose"]
        self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not _answers(port):
            if time.monotonic() > deadline or any(process.poll() is not None for process in self._processes):
                logs = "\n".join(log.read_text(errors="replace")[-2000:] for log in self._root.glob("*.log"))
                self.stop()
                raise RuntimeError(f"Swift did not start:\n{logs}")
            time.sleep(0.05)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthcheck", timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(each.getsockname()[1]) for each in sockets]


def _check_xattrs(root: Path) -> None:
    """Swift keeps an object's metadata in extended attributes; say so early where the file system has none."""
    try:
        os.setxattr(root, "user.yeoul", b"1")
    except OSError as error:
        raise RuntimeError(
            f"Swift needs a file system with user extended attributes; {root} has none: choose another with TMPDIR"
        ) from error
