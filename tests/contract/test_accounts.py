"""What the catalogue promises of accounts, and what stands on it: sessions, tokens, quotas, guesses, mails, settings and the audit log."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from sqlalchemy import Connection, insert

from yeoul.base.clock import ManualClock
from yeoul.base.errors import ConflictError, HandleTakenError, LinkError, MailError, QuotaExceededError, TooManyAttemptsError
from yeoul.catalog.account import account, audit, login_throttle, session, setting, usage
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox
from yeoul.catalog.schema.outgoing import outbox as outbox_table
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.catalog.video import video
from yeoul.catalog.watch import playlist
from yeoul.identity import attempt_throttle, mailing
from yeoul.identity.links import Purpose, check_link_token, make_link_token, read_account_id
from yeoul.mail.mailer import Mail
from yeoul.mail.memory import MemoryMailer
from yeoul.model.event import MailKind

NOW = 1_800_000_000.0
_TOKEN: dict[str, Any] = {"name": "n", "scopes": [], "expires_at": None}


def add(database: Database, account_id: str = "1", handle: str = "ann", created_at: float = NOW) -> None:
    with database.write() as connection:
        account.add_account(connection, account_id, handle, f"{handle}@example.org", "hash", "maker", created_at)


def add_session(database: Database, session_id: str, account_id: str = "1", expires_at: float = NOW + 10, now_s: float = NOW) -> None:
    row = {"id": session_id, "token_hash": f"hash-{session_id}", "account_id": account_id, "expires_at": expires_at}
    with database.write() as connection:
        session.add(connection, {**row, "user_agent": "tests", "ip": "::1"}, now_s)


def who(database: Database, session_id: str, now_s: float = NOW) -> str | None:
    with database.read() as connection:
        found = session.find_account(connection, f"hash-{session_id}", now_s)
    return None if found is None else found["handle"]


# --- sessions and tokens ---


def test_sessions_end(database: Database):
    add(database)
    for name in ("a", "b", "c", "d"):
        add_session(database, name)
    assert who(database, "a", NOW + 9) == "ann" and who(database, "a", NOW + 10) is None
    with database.write() as connection:
        assert session.revoke(connection, "1", "a")
        assert not session.revoke(connection, "1", "a") and not session.revoke(connection, "other", "b")
        session.revoke_all(connection, "1", except_id="c")
    assert [who(database, name) for name in "abcd"] == [None, None, "ann", None]


def test_sessions_page_while_others_begin(database: Database):
    add(database)
    for number in range(5):
        add_session(database, f"s{number}", now_s=NOW + number // 2, expires_at=NOW + 100)
    add(database, "2", "bob")
    add_session(database, "bobs", "2")
    seen: list[str] = []
    before = None
    for turn in range(3):
        with database.read() as connection:
            rows = session.page(connection, "1", NOW, before, 2)
        seen += [row["id"] for row in rows]
        before = (rows[-1]["created_at"], rows[-1]["id"])
        add_session(database, f"new{turn}", now_s=NOW + 50)
    assert seen == ["s4", "s3", "s2", "s1", "s0"]


def test_tokens_of_programs_open_until_they_expire_or_are_taken_back(database: Database):
    add(database)
    with database.write() as connection:
        for name, expires_at in (("forever", None), ("short", NOW + 5)):
            row = {"id": name, "token_hash": f"hash-{name}", "account_id": "1", "name": name, "scopes": ["read"], "expires_at": expires_at}
            session.add_token(connection, row, NOW)
        session.touch_token(connection, "forever", NOW + 1)
    with database.read() as connection:
        found = session.find_account_of_token(connection, "hash-forever", NOW + 1e9)
        assert found and (found["handle"], found["scopes"], found["last_used_at"]) == ("ann", ["read"], NOW + 1)
        assert session.find_account_of_token(connection, "hash-short", NOW + 4)
        assert session.find_account_of_token(connection, "hash-short", NOW + 5) is None
        assert session.find_account(connection, "hash-forever", NOW) is None
    with database.write() as connection:
        assert not session.revoke_token(connection, "2", "forever")
        assert session.revoke_token(connection, "1", "forever")
        assert session.find_account_of_token(connection, "hash-forever", NOW) is None


def test_a_disabled_account_is_out_at_once(database: Database):
    add(database)
    add_session(database, "a")
    with database.write() as connection:
        account.change(connection, "1", {"disabled_at": NOW})
    assert who(database, "a") is None


# --- accounts ---


def test_an_address_belongs_to_whoever_has_confirmed_it(database: Database):
    add(database)
    add(database, "2", "bob", NOW + 1)
    with database.write() as connection:
        account.change(connection, "2", {"email": "ann@example.org"})
        found = account.find_by_email(connection, "ann@example.org")
        assert found and found["id"] == "1", "the oldest, while none is confirmed"
        account.change(connection, "2", {"confirmed_at": NOW})
        found = account.find_by_email(connection, "ann@example.org")
        assert found and found["id"] == "2"
        with pytest.raises(HandleTakenError):
            account.change(connection, "1", {"confirmed_at": NOW})
        account.change(connection, "1", {"bio": "still the same transaction"})
    with database.read() as connection:
        row = account.get(connection, "1")
        assert (row["confirmed_at"], row["bio"]) == (None, "still the same transaction")


def test_accounts_are_found_by_how_they_begin_and_nothing_is_a_pattern(database: Database):
    for number, handle in enumerate(("ann", "joann", "bob_b", "bobxb")):
        add(database, str(number), handle, NOW + number)
    with database.write() as connection:
        account.change(connection, "2", {"email": "joe@example.org"})
    with database.read() as connection:

        def found(like: str) -> list[str]:
            return [row["handle"] for row in account.page(connection, prefix=like, before=None, limit=10)]

        assert found("") == ["bobxb", "bob_b", "joann", "ann"]
        assert found("BOB") == ["bobxb", "bob_b"] and found("bob_b") == ["bob_b"] and found("%") == [] and found("nn") == []
        assert found("jo") == ["bob_b", "joann"]  # by its address, and by its handle
        assert [row["handle"] for row in account.page(connection, prefix="bob", before=(NOW + 3, "3"), limit=1)] == ["bob_b"]


def test_a_picture_is_there_while_it_is_the_one(database: Database):
    add(database)
    with database.write() as connection:
        account.set_avatar(connection, "1", "one", b"first")
        account.set_avatar(connection, "1", "two", b"second")
    with database.write() as connection:
        assert account.find_avatar(connection, "1", "one") is None
        assert account.find_avatar(connection, "1", "two") == b"second"
        account.set_avatar(connection, "1", None, None)
        assert account.find_avatar(connection, "1", "two") is None


# --- rows without bytes ---


def test_an_account_has_so_many_playlists_tokens_and_unused_videos(database: Database):
    add(database)
    plain = {"title": "t", "description": "", "visibility": "private"}
    makers: tuple[tuple[int, Callable[[Connection, int], None]], ...] = (
        (playlist.PLAYLISTS_MAX, lambda on, n: playlist.add(on, {"id": f"p{n}", "owner_id": "1", "kind": "list", **plain}, NOW)),
        (video.UNUSED_MAX, lambda on, n: video.add(on, {"id": f"v{n}", "owner_id": "1", **plain, "pipeline": "standard"}, NOW)),
        (session.TOKENS_MAX, lambda on, n: session.add_token(on, {"id": f"t{n}", "account_id": "1", "token_hash": f"h{n}", **_TOKEN}, NOW)),
    )
    for most, make in makers:
        with database.write() as connection:
            for number in range(most):
                make(connection, number)
        with pytest.raises(ConflictError), database.write() as connection:
            make(connection, most)
    with database.write() as connection:
        playlist.add(connection, {"id": "later", "owner_id": "1", "kind": playlist.WATCH_LATER, **plain}, NOW)


def test_one_login_more_ends_the_session_that_was_used_longest_ago(database: Database):
    add(database)
    with database.write() as connection:
        for number in range(session.SESSIONS_MAX + 1):
            row = {
                "id": f"s{number:03}",
                "token_hash": f"h{number}",
                "account_id": "1",
                "expires_at": NOW + 1000,
                "user_agent": "",
                "ip": "",
            }
            session.add(connection, {**row, "user_agent": "", "ip": ""}, NOW + number / 1000)
    with database.read() as connection:
        assert session.find_account(connection, "h0", NOW + 1) is None
        assert session.find_account(connection, "h1", NOW + 1) is not None
        assert session.find_account(connection, f"h{session.SESSIONS_MAX}", NOW + 1) is not None


# --- quotas ---


def used(database: Database, account_id: str = "1") -> int:
    with database.read() as connection:
        return account.get(connection, account_id)["used_bytes"]


def test_what_is_used_is_counted_and_given_back(database: Database):
    add(database)
    with database.write() as connection:
        usage.reserve(connection, "1", "v", 100, 0)
        usage.raise_original_bytes(connection, "1", "v", 90)  # less than was reserved
        usage.raise_original_bytes(connection, "1", "v", 120)
        usage.set_encoded_bytes(connection, "1", "v", 50)
        usage.set_encoded_bytes(connection, "1", "v", 40)
        usage.reserve(connection, "1", "w", 7, 0)
        usage.set_temp_bytes(connection, "1", "v", 1000)
    assert used(database) == 1167
    with database.write() as connection:
        usage.set_temp_bytes(connection, "1", "v", 0)
        usage.set_temp_bytes(connection, "1", "v", 3)
        assert usage.totals(connection) == {"original_bytes": 127, "encoded_bytes": 40, "temp_bytes": 3}
        usage.clear(connection, "v")
        usage.clear(connection, "v")
        usage.clear(connection, "never there")
    assert used(database) == 7


def reserve(database: Database, video_id: str, size_bytes: int, default_quota: int) -> dict[str, Any] | None:
    """What is said where it does not fit."""
    try:
        with database.write() as connection:
            usage.reserve(connection, "1", video_id, size_bytes, default_quota)
    except QuotaExceededError as error:
        return error.facts
    return None


def test_the_accounts_own_quota_goes_before_the_setting(database: Database):
    add(database)
    for own, setting_bytes, fits in ((None, 0, True), (None, 99, False), (100, 99, True), (99, 0, False), (0, 0, False)):
        with database.write() as connection:
            account.change(connection, "1", {"quota_bytes": own})
        refused = reserve(database, "v", 100, setting_bytes)
        assert (refused is None) == fits, (own, setting_bytes)
        assert refused is None or (refused["used_bytes"], refused["needed_bytes"]) == (0, 100)
        with database.write() as connection:
            usage.clear(connection, "v")
    assert used(database) == 0


def test_many_uploads_at_once_do_not_pass_the_quota_together(database: Database):
    add(database)

    with ThreadPoolExecutor(6) as pool:
        refused = list(pool.map(lambda number: reserve(database, f"v{number}", 40, 100), range(6)))
    assert refused.count(None) == 2
    assert used(database) == 80


# --- guesses ---


def attempt(database: Database, key: str, now_s: float, pace: attempt_throttle.ThrottleLimits = attempt_throttle.ACCOUNT) -> float:
    """0 when it was taken, else how long to wait."""
    try:
        with database.write() as connection:
            attempt_throttle.count_attempt(connection, key, pace, now_s)
    except TooManyAttemptsError as error:
        return error.facts["retry_after_s"]
    return 0.0


def test_each_guess_after_some_waits_twice_as_long(database: Database):
    assert [attempt(database, "k", NOW) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    at_s, waits = NOW, []
    for _ in range(8):
        waits.append(attempt(database, "k", at_s))
        at_s += waits[-1]
        assert attempt(database, "k", at_s) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert attempt(database, "other", at_s) == 0
    assert [attempt(database, "k", at_s + 1000) for _ in range(5)] == [0] * 5, "forgotten after a pause"


def test_one_address_guesses_at_many_accounts_only_so_often(database: Database):
    assert [attempt(database, "from", NOW, attempt_throttle.ADDRESS) for _ in range(31)] == [0] * 30 + [5]
    with database.write() as connection:
        login_throttle.undo_attempt(connection, "from")  # one was right after all
    assert [attempt(database, "from", NOW, attempt_throttle.ADDRESS) for _ in range(2)] == [0, 5]


def test_guesses_at_once_count_like_those_one_after_the_other(database: Database):
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: attempt(database, "k", NOW) == 0, range(16)))
    assert sum(taken) == 5


def test_where_from():
    assert attempt_throttle.make_address_key("192.0.2.7") == attempt_throttle.make_address_key("::ffff:192.0.2.7") == "from:192.0.2.7"
    assert (
        attempt_throttle.make_address_key("2001:db8::1")
        == attempt_throttle.make_address_key("2001:db8::ffff:2")
        != attempt_throttle.make_address_key("2001:db8:0:1::1")
    )
    assert attempt_throttle.make_address_key("junk\n") == "from:unknown"


# --- links ---


def test_a_link_opens_one_account_once_and_not_for_ever():
    row = cast("AccountRow", {"id": "1", "email": "ann@example.org", "pending_email": None, "password_hash": "old"})
    token = make_link_token(b"secret", "reset", row, int(NOW) + 10)
    assert read_account_id(token) == "1"
    assert opens("reset", row, token, NOW)
    longer = token.replace(str(int(NOW) + 10), str(int(NOW) + 9999))
    wrong: list[tuple[str, Purpose, AccountRow, str, float]] = [
        ("used", "reset", {**row, "password_hash": "new"}, token, NOW),
        ("mailed to another address", "reset", {**row, "email": "other@example.org"}, token, NOW),
        ("expired", "reset", row, token, NOW + 10),
        ("of another kind", "confirm", row, token, NOW),
        ("of another account", "reset", {**row, "id": "2"}, token, NOW),
        ("prolonged", "reset", row, longer, NOW),
        ("cut", "reset", row, token[:-1], NOW),
        ("empty", "reset", row, "", NOW),
    ]
    for name, purpose, asked, sent, now_s in wrong:
        assert not opens(purpose, asked, sent, now_s), name
    confirm = make_link_token(b"secret", "confirm", row, int(NOW) + 10)
    assert opens("confirm", row, confirm, NOW)
    assert not opens("confirm", {**row, "pending_email": "new@example.org"}, confirm, NOW)


def opens(purpose: Purpose, row: AccountRow, token: str, now_s: float) -> bool:
    try:
        check_link_token(b"secret", purpose, row, token, now_s)
    except LinkError:
        return False
    return True


# --- mails ---


class Refusing:
    """A way out that is closed until it is told."""

    def __init__(self) -> None:
        self.open, self.tried = False, 0
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.tried += 1
        if not self.open:
            raise MailError("not now")
        self.sent.append(mail)


def write(database: Database, kind: MailKind = "confirm") -> None:
    with database.write() as connection:
        mailing.queue_mail(connection, kind, account.get(connection, "1"), NOW)


def test_each_mail_goes_once_though_many_send(database: Database):
    add(database)
    for _ in range(10):
        write(database)
    mailer = MemoryMailer()
    senders = [mailing.MailSender(database, mailer, ManualClock(NOW), "http://here", b"secret") for _ in range(4)]

    def send_all(sender: mailing.MailSender) -> None:
        while sender.send_next():
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send_all, senders))
    send_all(senders[0])  # what one passed over because another held it
    assert len({mail.key for mail in mailer.sent}) == len(mailer.sent) == 10
    assert all(mail.to == "ann@example.org" and "http://here/confirm?token=1." in mail.text for mail in mailer.sent)


def test_a_mail_that_cannot_go_is_tried_again_for_a_day(database: Database):
    add(database)
    write(database)
    clock, mailer = ManualClock(NOW), Refusing()
    sender = mailing.MailSender(database, mailer, clock, "http://here", b"secret")
    assert sender.send_next() and not sender.send_next()
    clock.advance(20)
    assert sender.send_next() and mailer.tried == 2
    mailer.open = True
    clock.advance(60)
    assert sender.send_next() and len(mailer.sent) == 1 and not sender.send_next()
    mailer.open = False
    write(database)
    clock.advance(90_000)
    assert sender.send_next(), "the last try"
    clock.advance(90_000)
    assert not sender.send_next() and len(mailer.sent) == 1


def test_a_wrong_mail_holds_up_no_other_and_is_given_up_after_a_day(database: Database):
    add(database)
    row = {"topic": "mail.send", "video_id": "", "payload": {"kind": "joke"}, "not_before": 0.0, "created_at": NOW}
    with database.write() as connection:
        connection.execute(insert(outbox_table).values(**row))
    write(database)
    mailer, clock = MemoryMailer(), ManualClock(NOW)
    sender = mailing.MailSender(database, mailer, clock, "http://here", b"secret")
    while sender.send_next():
        pass
    assert [mail.to for mail in mailer.sent] == ["ann@example.org"]
    clock.advance(2 * 86400.0)
    assert sender.send_next() and not sender.send_next()
    with database.read() as connection:
        assert outbox.next_mail_at(connection) is None


def test_a_mail_says_what_is_true_when_it_goes(database: Database):
    add(database)
    write(database)
    write(database, "reset")
    with database.write() as connection:
        account.change(connection, "1", {"pending_email": "new@example.org", "language": "ko", "display_name": "앤"})
        mailing.queue_mail(connection, "confirm", account.get(connection, "1"), NOW)
        mailing.queue_mail(connection, "email_changing", account.get(connection, "1"), NOW)
    mailer = MemoryMailer()
    sender = mailing.MailSender(database, mailer, ManualClock(NOW), "http://here", b"secret")
    while sender.send_next():
        pass
    assert [mail.to for mail in mailer.sent] == ["ann@example.org", "new@example.org", "ann@example.org"]
    assert mailer.sent[0].subject == "비밀번호 재설정" and mailer.sent[0].text.startswith("앤님")
    assert "new@example.org" in mailer.sent[2].text


def test_the_pipeline_does_not_see_mails(database: Database):
    add(database)
    write(database)
    with database.write() as connection:
        assert outbox.peek(connection, NOW, 10) == [] and outbox.next_at(connection) is None
        assert "token" not in str(outbox.claim_mail(connection, NOW, NOW + 1)), "a stolen database opens no door"


# --- settings and the audit log ---


def test_settings_change_and_go_back(database: Database):
    with database.write() as connection:
        assert setting.all_overrides(connection) == {}
        setting.set_override(connection, "account.signup", value=False)
        setting.set_override(connection, "account.quota_bytes", 2**40)
        setting.set_override(connection, "account.quota_bytes", 2**41)
        assert setting.all_overrides(connection) == {"account.signup": False, "account.quota_bytes": 2**41}
        setting.delete_override(connection, "account.signup")
        assert setting.all_overrides(connection) == {"account.quota_bytes": 2**41}


def test_the_audit_log_pages(database: Database):
    actor = cast("AccountRow", {"id": "1", "handle": "ann"})
    with database.write() as connection:
        for number in range(5):
            audit.record(connection, actor, "account.change", str(number), {"role": "viewer"}, NOW + number)
        first = audit.page(connection, None, 3)
        audit.record(connection, actor, "task.retry", "new", {}, NOW + 9)
        rest = audit.page(connection, (first[-1]["created_at"], first[-1]["id"]), 3)
        found = audit.page(connection, None, 9, {"actor_handle": "ann", "action": "task.retry"})
        assert [row["target"] for row in found] == ["new"] and audit.page(connection, None, 9, {"target": "nothing"}) == []
    assert [row["target"] for row in (*first, *rest)] == ["4", "3", "2", "1", "0"]
    assert (first[0]["actor_handle"], first[0]["detail"]) == ("ann", {"role": "viewer"})
