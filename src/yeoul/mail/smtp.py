"""Sends mails by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from typing import Literal

from yeoul.base.errors import MailError
from yeoul.mail.mailer import Mail, make_message

_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class SmtpServer:
    """The mail server. user: empty for no login."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    security: Literal["starttls", "tls", "none"] = "starttls"


class SmtpMailer:
    """Sends mails over SMTP, each with its own connection, because there are few mails."""

    def __init__(self, server: SmtpServer, sender: str, trust: ssl.SSLContext | None = None) -> None:
        """trust: the TLS configuration; None: the certificate authorities of the system."""
        self._server = server
        self._sender = sender
        self._trust = trust or ssl.create_default_context()

    def send(self, mail: Mail) -> None:
        """Sends a mail. Raises MailError if the server cannot be reached or rejects the mail."""
        try:
            message = make_message(mail, self._sender)
            with self._connect() as connection:
                if self._server.security == "starttls":
                    connection.starttls(context=self._trust)
                if self._server.user:
                    connection.login(self._server.user, self._server.password)
                connection.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise MailError(f"cannot send a mail through {self._server.host}: {error}") from error

    def _connect(self) -> smtplib.SMTP:
        host, port = self._server.host, self._server.port
        if self._server.security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=self._trust)
        return smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
