"""Mails as files of a folder, for a machine without a mail server; any mail program opens them."""

from __future__ import annotations

import os
from pathlib import Path

from yeoul.base.errors import MailError
from yeoul.mail.mailer import Mail, make_message


class FolderMailer:
    """Writes KEY.eml, readable by this user alone: mails hold links that open accounts."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, mail: Mail) -> None:
        """Raises MailError when the file cannot be written."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            written = self._folder / f".{mail.key}.new"
            written.unlink(missing_ok=True)
            with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(make_message(mail, self._sender).as_bytes())
            written.replace(self._folder / f"{mail.key}.eml")
        except (OSError, ValueError) as error:
            raise MailError(f"a mail could not be written to {self._folder}: {error}") from error
