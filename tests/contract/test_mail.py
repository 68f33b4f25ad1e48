"""Ways out for mails: each hands over the same mail whole, and says when it could not."""

from __future__ import annotations

import ssl
import subprocess
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.smtp_server import SmtpServer
from yeoul.base.errors import MailError
from yeoul.mail.folder import FolderMailer
from yeoul.mail.mailer import Mail
from yeoul.mail.memory import MemoryMailer
from yeoul.mail.smtp import SmtpMailer
from yeoul.mail.smtp import SmtpServer as Place

SENDER = "Yeoul <yeoul@example.org>"
MAIL = Mail(
    "7-1800000000000",
    "ann@example.org",
    "비밀번호 재설정",
    "안녕하세요.\n.a line that begins with a dot\n" + "x" * 2000 + "\n",
    1_800_000_000.0,
)


@pytest.fixture(scope="module")
def certificate(openssl: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(certificate, key) of 127.0.0.1, good for a day."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=test"]
    command = [str(openssl), *words, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def server_side(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def assert_whole(message: EmailMessage) -> None:
    assert (message["To"], message["From"], message["Subject"]) == (MAIL.to, SENDER, MAIL.subject)
    assert message["Message-ID"] == "<7-1800000000000@yeoul>" and "15 Jan 2027" in message["Date"]
    assert message.get_content().replace("\r\n", "\n") == MAIL.text


def test_memory():
    mailer = MemoryMailer()
    mailer.send(MAIL)
    assert mailer.sent == [MAIL]


def test_a_folder_keeps_what_only_its_user_may_read(tmp_path: Path):
    mailer = FolderMailer(tmp_path / "mail", SENDER)
    mailer.send(MAIL)
    mailer.send(MAIL)  # again after a kill: the same file
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "7-1800000000000.eml" and file.stat().st_mode & 0o777 == 0o600
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert_whole(message)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(MailError):
        FolderMailer(tmp_path / "mail", SENDER).send(MAIL)


def test_smtp_plain():
    with SmtpServer() as server:
        SmtpMailer(Place("127.0.0.1", server.port, security="none"), SENDER).send(MAIL)
        assert_whole(server.next_mail())
        assert server.recipients.get_nowait() == "TO:<ann@example.org>"


def test_smtp_with_tls_and_login(certificate: tuple[Path, Path]):
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    with SmtpServer(tls=server_side(certificate), login=("yeoul", "secret")) as server:
        SmtpMailer(Place("127.0.0.1", server.port, "yeoul", "secret"), SENDER, trust).send(MAIL)
        assert_whole(server.next_mail())
        with pytest.raises(MailError, match="535"):
            SmtpMailer(Place("127.0.0.1", server.port, "yeoul", "wrong"), SENDER, trust).send(MAIL)
        with pytest.raises(MailError, match="certificate"):
            SmtpMailer(Place("127.0.0.1", server.port, "yeoul", "secret"), SENDER).send(MAIL)


def test_no_password_and_no_mail_goes_over_a_plain_line_unasked():
    with SmtpServer(login=("yeoul", "secret")) as server:
        with pytest.raises(MailError, match="STARTTLS"):
            SmtpMailer(Place("127.0.0.1", server.port, "yeoul", "secret"), SENDER).send(MAIL)
        assert server.mails.empty() and server.recipients.empty()


def test_a_server_that_does_not_take_it_or_is_not_there():
    with SmtpServer(refuse=1) as server:
        mailer = SmtpMailer(Place("127.0.0.1", server.port, security="none"), SENDER)
        with pytest.raises(MailError, match="451"):
            mailer.send(MAIL)
        mailer.send(MAIL)
        assert_whole(server.next_mail())
    with pytest.raises(MailError):
        mailer.send(MAIL)


@pytest.mark.parametrize("to", ["ann@example.org\nBcc: all@example.org", "ann@exa\r\nmple.org"])
def test_an_address_cannot_add_lines(to: str):
    with SmtpServer() as server:
        with pytest.raises(MailError):
            SmtpMailer(Place("127.0.0.1", server.port, security="none"), SENDER).send(Mail("1-1", to, "s", "t", 0.0))
        assert server.mails.empty()
