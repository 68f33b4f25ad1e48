"""Mails, and the protocol to send them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol


@dataclass(frozen=True)
class Mail:
    """A plain-text mail. key: the same for every attempt, so that mail servers can detect duplicates; at_s: time of creation."""

    key: str
    to: str
    subject: str
    text: str
    at_s: float


class Mailer(Protocol):
    """Sends mails. Raises MailError, which is retryable."""

    def send(self, mail: Mail) -> None: ...


def make_message(mail: Mail, sender: str) -> EmailMessage:
    """Returns the mail in the format of RFC 5322. Raises ValueError if an address contains a line break."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail.to, mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.at_s, UTC))
    message["Message-ID"] = f"<{mail.key}@yeoul>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic replies
    message.set_content(mail.text)
    return message
