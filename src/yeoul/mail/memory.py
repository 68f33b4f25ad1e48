"""An in-memory Mailer for tests."""

from __future__ import annotations

from yeoul.mail.mailer import Mail


class MemoryMailer:
    """Keeps all mails in `sent`, oldest first."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)
