"""A small SMTP server (RFC 5321) for tests: takes mails, or refuses them, and keeps what it was given."""

from __future__ import annotations

import base64
import queue
import socketserver
import ssl
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self, cast

from tests.harness.pace import patience_s


class SmtpServer:
    """A context manager. tls: offers STARTTLS; login: (user, password) that it asks for; refuse: answers of 451 to the next mails."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None, refuse: int = 0) -> None:
        self.mails: queue.Queue[EmailMessage] = queue.Queue()
        self.recipients: queue.Queue[str] = queue.Queue()
        self.tls, self.login, self.refuse = tls, login, refuse
        self._server = _Listener(("127.0.0.1", 0), _Talk)
        self._server.owner = self
        self.port = int(self._server.server_address[1])

    def next_mail(self, timeout_s: float = patience_s()) -> EmailMessage:
        """The next mail that comes."""
        return self.mails.get(timeout=timeout_s)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    owner: SmtpServer


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.owner = cast("_Listener", self.server).owner
        self.secure = self.known = False
        self.say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                self.say("221 bye")
                return
            getattr(self, f"on_{verb.lower()}", self.on_unknown)(rest)

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # where TLS was put around it

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def on_unknown(self, _rest: str) -> None:
        self.say("502 not known here")

    def on_ehlo(self, _rest: str) -> None:
        offers = ["8BITMIME"]
        offers += ["STARTTLS"] if self.owner.tls and not self.secure else []
        offers += ["AUTH PLAIN"] if self.owner.login else []
        lines = ["test", *offers]
        for line in lines[:-1]:
            self.say(f"250-{line}")
        self.say(f"250 {lines[-1]}")

    def on_starttls(self, _rest: str) -> None:
        assert self.owner.tls is not None
        self.say("220 go on")
        wrapped: Any = self.owner.tls.wrap_socket(self.connection, server_side=True)
        self.connection, self.secure = wrapped, True
        self.rfile, self.wfile = wrapped.makefile("rb"), wrapped.makefile("wb", buffering=0)

    def on_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.removeprefix("PLAIN ")).decode().split("\0")
        self.known = (user, password) == self.owner.login
        self.say("235 welcome" if self.known else "535 who?")

    def on_mail(self, _rest: str) -> None:
        self.say("250 ok" if self.known or self.owner.login is None else "530 log in first")

    def on_rcpt(self, rest: str) -> None:
        if self.owner.refuse > 0:
            self.owner.refuse -= 1
            self.say("451 not now")
            return
        self.owner.recipients.put(rest)
        self.say("250 ok")

    def on_rset(self, _rest: str) -> None:
        self.say("250 ok")

    def on_data(self, _rest: str) -> None:
        self.say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.owner.mails.put(message_from_bytes(b"".join(lines), policy=policy.default))
        self.say("250 taken")
