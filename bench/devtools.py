"""A Chromium of our own, driven by its DevTools protocol and nothing else: what watches the network copies what is uploaded."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-quic", "--remote-debugging-port=0", "about:blank"),
)
_START_S = 30.0


class DevTools:
    """One connection (RFC 6455 over a plain socket). sessions: those of workers that a page has started, while they live."""

    def __init__(self, url: str) -> None:
        host, _, path = url.removeprefix("ws://").partition("/")
        name, _, port = host.partition(":")
        self._socket = socket.create_connection((name, int(port)))
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (f"GET /{path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}")
        self._socket.sendall("\r\n".join((*lines, "Sec-WebSocket-Version: 13", "", "")).encode())
        self._reader = self._socket.makefile("rb")
        while self._reader.readline().strip():
            pass
        self._number = 0
        self.sessions: set[str] = set()

    def ask(self, method: str, session: str | None = None, **given: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; raises RuntimeError where the browser refuses it."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": given}
        self._send(json.dumps(message if session is None else {**message, "sessionId": session}).encode())
        while True:
            told = json.loads(self._receive())
            if told.get("id") == self._number:
                if "error" in told:
                    raise RuntimeError(f"{method}: {told['error']}")
                return dict(told["result"])
            if told.get("method") == "Target.attachedToTarget":
                self.sessions.add(told["params"]["sessionId"])
            elif told.get("method") == "Target.detachedFromTarget":
                self.sessions.discard(told["params"]["sessionId"])

    def _send(self, body: bytes) -> None:
        """One masked text frame; a mask of zeros is one, too."""
        size = struct.pack("!B", 0x80 | len(body)) if len(body) < 126 else struct.pack("!BH", 0xFE, len(body))
        self._socket.sendall(b"\x81" + size + bytes(4) + body)

    def _receive(self) -> bytes:
        parts: list[bytes] = []
        while True:
            head, size = self._reader.read(2)
            if size in (126, 127):
                (size,) = struct.unpack("!H" if size == 126 else "!Q", self._reader.read(2 if size == 126 else 8))
            parts.append(self._reader.read(size))
            if head & 0x80:
                return b"".join(parts)

    def close(self) -> None:
        self._reader.close()
        self._socket.close()


class Tab:
    """A page, and what runs in it."""

    def __init__(self, tools: DevTools, url: str) -> None:
        self._tools = tools
        self._target = tools.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = str(tools.ask("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"])
        tools.sessions.discard(self.session)
        self.ask("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        self.ask("Page.navigate", url=url)

    def ask(self, method: str, **given: Any) -> dict[str, Any]:
        return self._tools.ask(method, self.session, **given)

    def run(self, script: str) -> Any:
        """What a script gives; raises RuntimeError where it fails."""
        told = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(str(told["exceptionDetails"]))
        return told["result"].get("value")

    def wait_for(self, script: str, limit_s: float = 60.0) -> None:
        ends_s = time.monotonic() + limit_s
        while not self.run(script):
            assert time.monotonic() < ends_s, script
            time.sleep(0.05)

    def give_file(self, selector: str, file: Path) -> None:
        """Choose a file for an input, by its path."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", files=[str(file)], nodeId=node)

    def heaps(self) -> list[dict[str, Any]]:
        """What the page and its workers hold in memory (Runtime.getHeapUsage)."""
        return [self._tools.ask("Runtime.getHeapUsage", session) for session in (self.session, *tuple(self._tools.sessions))]


@contextmanager
def running_chromium() -> Iterator[DevTools]:
    """A browser with a profile of its own, ended with the block."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium is not None, "Chromium is not installed"
    with tempfile.TemporaryDirectory(prefix="yeoul-chromium-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen([chromium, f"--user-data-dir={profile}", *_FLAGS], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            tools = DevTools(_find_url(Path(profile)))
            yield tools
            tools.close()
        finally:
            process.terminate()
            process.wait()


def _find_url(profile: Path) -> str:
    ends_s = time.monotonic() + _START_S
    told = profile / "DevToolsActivePort"
    while not (told.exists() and told.read_text().count("\n") == 1):
        assert time.monotonic() < ends_s, "Chromium did not start"
        time.sleep(0.05)
    port = told.read_text().splitlines()[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/version") as answer:
        return str(json.load(answer)["webSocketDebuggerUrl"])
