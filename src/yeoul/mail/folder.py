"""Writes mails to a folder as .eml files, for machines without a mail server. Any mail program can open them."""

from __future__ import annotations

import os
from pathlib import Path

from yeoul.base.errors import MailError
from yeoul.mail.mailer import Mail, make_message


class FolderMailer:
    """Writes each mail to KEY.eml. Only this user can read the files, because mails contain links that give access to accounts."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, mail: Mail) -> None:
        """Writes a mail. Raises MailError if the file cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = self._folder / f".{mail.key}.new"
            partial.unlink(missing_ok=True)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(make_message(mail, self._sender).as_bytes())
            partial.replace(self._folder / f"{mail.key}.eml")
        except (OSError, ValueError) as error:
            raise MailError(f"cannot write a mail to {self._folder}: {error}") from error
