"""Queues mails in the outbox, in the transaction that causes them, and sends each of them in a background thread.

The outbox stores the kind of mail and its recipient. The link is made when the mail is sent, so the database never stores it.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Connection

from yeoul.base.clock import Clock
from yeoul.base.errors import YeoulError
from yeoul.catalog.account import account
from yeoul.catalog.database import Database
from yeoul.catalog.due_turns import DueTurns
from yeoul.catalog.queue import outbox
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.identity.links import TTL_S, address_to_confirm, make_link_token
from yeoul.identity.mail_text import compose, make_safe_name
from yeoul.mail.mailer import Mail, Mailer
from yeoul.model.event import MailKind, SendMail

log = logging.getLogger("yeoul.mail")
_CLAIM_S = 120.0  # longer than the timeout of a mail server
_MIN_RETRY_S = 15.0
_MAX_RETRY_S = 3600.0
_GIVE_UP_AFTER_S = 86400.0


def queue_mail(connection: Connection, kind: MailKind, row: AccountRow, now_s: float, address: str = "") -> None:
    """Queues a mail to an account, to be sent after the commit. row: the account; address: a URL or e-mail address for the text."""
    to = address_to_confirm(row) if kind == "confirm" else row["email"]
    event = SendMail(kind=kind, account=row["id"], to=to, address=address or row["pending_email"] or "")
    outbox.emit(connection, event, now_s)


class MailSender:
    """Sends queued mails. url: the site's URL, for links; secret: signs the links."""

    def __init__(self, database: Database, mailer: Mailer, clock: Clock, url: str, secret: bytes) -> None:
        self._database = database
        self._mailer = mailer
        self._clock = clock
        self._url = url
        self._secret = secret
        self._stop = threading.Event()

    def start(self) -> None:
        self._turns = DueTurns(self._database, self._clock, ("outbox",))
        self._thread = threading.Thread(target=self._run, name="mail", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops the thread after the current mail."""
        self._stop.set()
        self._turns.wake()
        self._thread.join(_CLAIM_S)
        self._turns.close()

    def send_next(self) -> bool:
        """Sends the oldest mail that is due; returns False if there is none."""
        now_s = self._clock.now()
        with self._database.read() as connection:
            due_at = outbox.next_mail_at(connection)
        if due_at is None or due_at > now_s:
            return False
        with self._database.write() as connection:
            entry = outbox.claim_mail(connection, now_s, now_s + _CLAIM_S)
        if entry is None:
            return False
        try:
            mail = self._compose(entry, now_s)
            if mail is not None:
                self._mailer.send(mail)
        except YeoulError as error:
            self._postpone(entry, error)
            return True
        with self._database.write() as connection:
            outbox.delete_entry(connection, entry.id)
        return True

    def _compose(self, entry: outbox.Entry, now_s: float) -> Mail | None:
        """Returns the mail of an outbox entry; None if the mail is out of date."""
        event = entry.event()
        assert isinstance(event, SendMail), "claim_mail returns only mails"
        with self._database.read() as connection:
            row = account.find(connection, event.account)
        if row is None or row["disabled_at"] is not None:
            return None
        if event.kind == "confirm" and address_to_confirm(row) != event.to:
            return None
        name = make_safe_name(row["display_name"], row["handle"])
        link = self._make_link(event.kind, row, now_s)
        subject, text = compose(event.kind, row["language"], name=name, link=link, address=event.address)
        return Mail(f"{entry.id}-{int(entry.created_at * 1000)}", event.to, subject, text, entry.created_at)

    def _make_link(self, kind: MailKind, row: AccountRow, now_s: float) -> str:
        match kind:
            case "confirm":
                return f"{self._url}/confirm?token={make_link_token(self._secret, 'confirm', row, int(now_s + TTL_S['confirm']))}"
            case "reset":
                return f"{self._url}/reset?token={make_link_token(self._secret, 'reset', row, int(now_s + TTL_S['reset']))}"
            case "password_changed" | "address_in_use":
                return f"{self._url}/reset"
            case "email_changing":
                return f"{self._url}/settings"
            case "webhook_off":
                return f"{self._url}/settings?tab=webhooks"

    def _postpone(self, entry: outbox.Entry, error: YeoulError) -> None:
        now_s = self._clock.now()
        age_s = now_s - entry.created_at
        with self._database.write() as connection:
            if age_s > _GIVE_UP_AFTER_S:
                log.error("mail %s could not be sent for a day and is deleted: %s", entry.id, error.message)
                outbox.delete_entry(connection, entry.id)
            else:
                log.warning("mail %s will be retried later: %s", entry.id, error.message)
                outbox.postpone(connection, entry.id, now_s + min(_MAX_RETRY_S, max(_MIN_RETRY_S, age_s)))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._turns.is_due():
                    self._send_due()
            except YeoulError as error:
                log.warning("%s: %s", error.code, error.message)
            except Exception:
                log.exception("unexpected error in the mail sender; it continues")
            self._turns.wait()

    def _send_due(self) -> None:
        while not self._stop.is_set() and self.send_next():
            pass
        with self._database.read() as connection:
            self._turns.set_due(outbox.next_mail_at(connection))
