"""The seam: a mail and who sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol


@dataclass(frozen=True)
class Mail:
    """A plain mail. key: the same when it is sent again, so that mail servers may tell; at_s: when it was written."""

    key: str
    to: str
    subject: str
    text: str
    at_s: float


class Mailer(Protocol):
    """Hands mails over. Raises MailError, which is retryable where trying again may help."""

    def send(self, mail: Mail) -> None: ...


def make_message(mail: Mail, sender: str) -> EmailMessage:
    """The mail as RFC 5322 has it. Raises ValueError for an address that breaks its line."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.at_s, UTC))
    message["Message-ID"] = f"<{mail.key}@yeoul>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no absence notes in return
    message.set_content(mail.text)
    return message
