"""Accounts as their owners and admins meet them: mails by a real SMTP server, links, sessions, tokens, roles, quotas, settings."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from bench.server import Server
from tests.e2e.waiting import wait_for
from tests.smtp_server import SmtpServer
from tests.streams import make_source

API = "/api/v1"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class House:
    """A server of this file's own with its mail server, for what one of its tests does to addresses the others may not notice."""

    server: Server
    mails: SmtpServer

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        return self.server.request(method, f"{API}/{path}", body, token=token)

    def must(self, status: int, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        found, answer = self.ask(method, path, body, token)
        assert found == status, (method, path, found, answer)
        return answer

    def refuse(self, status: int, code: str, method: str, path: str, body: Any = None, token: str | None = None) -> dict[str, Any]:
        problem = self.must(status, method, path, body, token)
        assert problem["code"] == code, problem
        return problem

    def sign_up(self, handle: str, **more: Any) -> str:
        """A session of a new account; its first mail stays to be read."""
        body = {"handle": handle, "email": f"{handle}@example.org", "password": PASSWORD, **more}
        self.must(201, "POST", "accounts", body)
        return self.log_in(handle)

    def log_in(self, handle: str, password: str = PASSWORD) -> str:
        return self.must(201, "POST", "sessions", {"handle": handle, "password": password})["token"]

    def admin(self, status: int, method: str, path: str, body: Any = None) -> Any:
        return self.must(status, method, f"admin/{path}", body, token="")

    def change_account(self, token: str, **values: Any) -> Any:
        own = self.must(200, "GET", "accounts/me", token=token)
        return self.admin(200, "PATCH", f"accounts/{own['id']}", values)

    def mail_to(self, address: str, subject: str) -> EmailMessage:
        """The next mail that goes to an address and is about something; others on the way are those of other tests."""
        while True:
            mail = self.mails.next_mail()
            if (mail["To"], mail["Subject"]) == (address, subject):
                return mail

    def link_token(self, address: str, subject: str) -> str:
        found = re.search(r"http://\S+\?token=(\S+)", self.mail_to(address, subject).get_content())
        assert found
        return found[1]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with SmtpServer() as mails:
        # Each client is another address here, as behind a proxy: guesses of one test are not held against the next.
        mail = {"YEOUL_MAIL__SMTP_HOST": "127.0.0.1", "YEOUL_MAIL__SMTP_PORT": str(mails.port), "YEOUL_MAIL__SMTP_SECURITY": "none"}
        server = Server(tmp_path_factory.mktemp("house") / "data", YEOUL_SERVER__PROXIES="1", YEOUL_ENGINE__WORKERS="2", **mail)
        with server:
            yield House(server, mails)


# --- mails and links ---


def test_an_address_is_confirmed_by_the_link_that_was_mailed(house: House):
    token = house.sign_up("newcomer", display_name="새 사람", language="ko")
    own = house.must(200, "GET", "accounts/me", token=token)
    assert (own["display_name"], own["email"], own["confirmed"], own["role"]) == ("새 사람", "newcomer@example.org", False, "maker")
    link = house.link_token("newcomer@example.org", "이메일 주소를 확인해 주세요")
    house.refuse(410, "account.bad_link", "POST", "confirmations", {"token": link[:-1] + ("0" if link[-1] != "0" else "1")})
    for _ in range(2):  # a mail program may have looked first
        house.must(204, "POST", "confirmations", {"token": link})
    assert house.must(200, "GET", "accounts/me", token=token)["confirmed"]


def test_a_mail_comes_again_when_it_is_asked_for_and_not_without_end(house: House):
    token = house.sign_up("forgetful")
    house.link_token("forgetful@example.org", "Confirm your e-mail address")
    house.must(202, "POST", "confirmations/resend", token=token)
    house.must(204, "POST", "confirmations", {"token": house.link_token("forgetful@example.org", "Confirm your e-mail address")})
    house.must(202, "POST", "confirmations/resend", token=token)
    insistent = house.sign_up("insistent")
    answers = [house.ask("POST", "confirmations/resend", token=insistent)[0] for _ in range(7)]
    assert answers == [202] * 5 + [429] * 2


def test_a_forgotten_password_is_replaced_once_and_ends_all_sessions(house: House):
    old = house.sign_up("loser")
    program = house.must(201, "POST", "tokens", {"name": "backup"}, old)["token"]
    house.must(202, "POST", "password-resets", {"email": "loser@example.org"})  # opens nothing yet: it is nobody's so far
    for _ in range(2):
        link = house.link_token("loser@example.org", "Confirm your e-mail address")
    house.must(204, "POST", "confirmations", {"token": link})
    for email in ("nobody@example.org", "LOSER@example.org"):
        assert house.must(202, "POST", "password-resets", {"email": email}) is None
    link = house.link_token("loser@example.org", "Reset your password")
    house.refuse(422, "request.invalid", "POST", "password-resets/confirm", {"token": link, "password": "short"})
    house.must(204, "POST", "password-resets/confirm", {"token": link, "password": "a new password"})
    house.refuse(410, "account.bad_link", "POST", "password-resets/confirm", {"token": link, "password": "another one of mine"})
    for token in (old, program):
        house.refuse(401, "account.unauthenticated", "GET", "accounts/me", token=token)
    house.refuse(401, "account.bad_credentials", "POST", "sessions", {"handle": "loser", "password": PASSWORD})
    house.log_in("loser@example.org", "a new password")
    house.mail_to("loser@example.org", "Your password was changed")


def test_a_password_is_changed_by_who_knows_it(house: House):
    here = house.sign_up("careful")
    there = house.log_in("careful")
    program = house.must(201, "POST", "tokens", {"name": "backup"}, here)["token"]
    wrong = {"current": "not this one", "password": "a new password"}
    house.refuse(401, "account.bad_credentials", "POST", "accounts/me/password", wrong, here)
    house.must(204, "POST", "accounts/me/password", {"current": PASSWORD, "password": "a new password"}, here)
    house.must(200, "GET", "accounts/me", token=here)
    for token in (there, program):
        house.refuse(401, "account.unauthenticated", "GET", "accounts/me", token=token)
    house.log_in("careful", "a new password")
    house.mail_to("careful@example.org", "Your password was changed")


def test_a_new_address_counts_once_it_is_confirmed_and_the_old_one_is_told(house: House):
    token = house.sign_up("mover")
    house.refuse(422, "request.invalid", "PATCH", "accounts/me", {"email": "a@b.example/login"}, token)
    house.refuse(422, "request.invalid", "PATCH", "accounts/me", {"email": "a@b.example,c@d.example"}, token)
    changed = house.must(200, "PATCH", "accounts/me", {"email": "moved@example.org"}, token)
    assert (changed["email"], changed["pending_email"]) == ("mover@example.org", "moved@example.org")
    link = house.link_token("moved@example.org", "Confirm your e-mail address")
    house.mail_to("mover@example.org", "Your e-mail address is about to change")
    house.must(204, "POST", "confirmations", {"token": link})
    own = house.must(200, "GET", "accounts/me", token=token)
    assert (own["email"], own["pending_email"], own["confirmed"]) == ("moved@example.org", None, True)
    house.log_in("moved@example.org")


def test_only_its_mailbox_learns_that_an_address_is_in_use(house: House):
    house.sign_up("stayer")
    link = house.link_token("stayer@example.org", "Confirm your e-mail address")
    house.must(204, "POST", "confirmations", {"token": link})
    words = {"handle": "squatter", "email": "stayer@example.org", "password": PASSWORD, "display_name": "Free prizes at evil.example/x"}
    new = house.must(201, "POST", "accounts", words)
    assert (new["email"], new["confirmed"]) == ("stayer@example.org", False)
    told = house.mail_to("stayer@example.org", "You already have an account").get_content()
    assert told.startswith("Hello stayer,") and "evil" not in told
    token = house.log_in("squatter")
    house.must(202, "POST", "confirmations/resend", token=token)
    other = house.sign_up("changer")
    assert house.must(200, "PATCH", "accounts/me", {"email": "stayer@example.org"}, other)["pending_email"] == "stayer@example.org"
    house.mail_to("stayer@example.org", "You already have an account")
    # The address opens the account that has confirmed it.
    own = house.must(200, "GET", "accounts/me", token=house.log_in("stayer@example.org"))
    assert own["handle"] == "stayer"


@pytest.mark.parametrize("name", ["two\nlines", "bell\x07", "sep\u2028arator"])
def test_a_name_is_one_line(house: House, name: str):
    words = {"handle": "lines", "email": "lines@example.org", "password": PASSWORD, "display_name": name}
    house.refuse(422, "request.invalid", "POST", "accounts", words)


def test_a_changed_password_ends_a_change_of_address_that_somebody_else_began(house: House):
    thief = house.sign_up("robbed")
    house.must(200, "PATCH", "accounts/me", {"email": "robber@example.org"}, thief)
    link = house.link_token("robber@example.org", "Confirm your e-mail address")
    own = house.log_in("robbed")
    house.must(204, "POST", "accounts/me/password", {"current": PASSWORD, "password": "a new password"}, own)
    house.refuse(410, "account.bad_link", "POST", "confirmations", {"token": link})
    after = house.must(200, "GET", "accounts/me", token=own)
    assert (after["email"], after["pending_email"]) == ("robbed@example.org", None)


def test_without_a_mail_server_mails_are_files(yeoul_server: Server):
    body = {"handle": "reader", "email": "reader@example.org", "password": PASSWORD}
    assert yeoul_server.request("POST", f"{API}/accounts", body, token=None)[0] == 201

    def found() -> list[EmailMessage]:
        files = (yeoul_server.data / "mail").glob("*.eml")
        mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return [mail for mail in mails if mail["To"] == "reader@example.org"]

    (mail,) = wait_for(found, "the mail")
    link = re.search(r"/confirm\?token=(\S+)", mail.get_content())
    assert link and yeoul_server.request("POST", f"{API}/confirmations", {"token": link[1]}, token=None)[0] == 204


# --- one's own page ---


def picture(size: tuple[int, int] = (300, 200), form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (20, 120, 200)).save(out, form)
    return out.getvalue()


def test_name_bio_and_picture(house: House):
    token = house.sign_up("painter")
    own = house.must(200, "GET", "accounts/me", token=token)
    assert (own["display_name"], own["bio"], own["avatar"]) == ("painter", "", None)
    changed = house.must(200, "PATCH", "accounts/me", {"display_name": " <b>Päinter</b> ", "bio": "I paint.\n여울"}, token)
    assert (changed["display_name"], changed["bio"]) == ("<b>Päinter</b>", "I paint.\n여울")
    assert house.must(200, "PATCH", "accounts/me", {"pipeline": "fast"}, token)["bio"] == "I paint.\n여울"
    url = house.must(200, "PUT", "accounts/me/avatar", picture(), token)["avatar"]
    answer = httpx.get(house.server.url + url)
    assert answer.headers["content-type"] == "image/jpeg" and "immutable" in answer.headers["cache-control"]
    shown = Image.open(io.BytesIO(answer.content))
    assert (shown.format, shown.size) == ("JPEG", (256, 256))
    house.refuse(
        422, "media.unreadable", "PUT", "accounts/me/avatar", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", token
    )
    house.refuse(413, "request.too_large", "PUT", "accounts/me/avatar", bytes(6 << 20), token)
    assert house.must(200, "GET", "accounts/me", token=token)["avatar"] == url
    house.must(204, "DELETE", "accounts/me/avatar", token=token)
    assert httpx.get(house.server.url + url).status_code == 404


# --- sessions, tokens, guesses ---


def test_sessions_are_listed_and_ended_from_afar(house: House):
    here = house.sign_up("traveller")
    headers = {"User-Agent": "a phone", "X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    credentials = {"handle": "traveller", "password": PASSWORD}
    there = httpx.post(f"{house.server.url}{API}/sessions", json=credentials, headers=headers).json()["token"]
    phone, own = house.must(200, "GET", "sessions", token=here)["items"]
    assert (phone["user_agent"], phone["ip"], phone["current"], own["current"]) == ("a phone", "198.51.100.7", False, True)
    stranger = house.sign_up("thief")
    house.refuse(404, "request.not_found", "DELETE", f"sessions/{phone['id']}", token=stranger)
    house.must(204, "DELETE", f"sessions/{phone['id']}", token=here)
    house.refuse(401, "account.unauthenticated", "GET", "accounts/me", token=there)
    others = [house.log_in("traveller") for _ in range(2)]
    house.must(204, "DELETE", "sessions", token=here)
    assert [house.ask("GET", "accounts/me", token=token)[0] for token in (*others, here)] == [401, 401, 200]


def test_tokens_of_programs_do_what_their_scopes_say_and_no_more(house: House):
    session = house.sign_up("scripter")
    reader = house.must(201, "POST", "tokens", {"name": "reader", "scopes": ["read"]}, session)
    writer = house.must(201, "POST", "tokens", {"name": "writer", "expires_at": "2099-01-01T00:00:00Z"}, session)
    assert reader["token"].startswith("yeoul_") and writer["scopes"] == ["read", "write"]
    assert house.must(200, "GET", "videos", token=reader["token"])["items"] == []
    house.refuse(403, "account.forbidden", "POST", "videos", {"title": "x"}, reader["token"])
    house.must(201, "POST", "videos", {"title": "x"}, writer["token"])
    for method, path, body in (
        ("POST", "tokens", {"name": "more"}),
        ("GET", "sessions", None),
        ("POST", "accounts/me/password", {"current": PASSWORD, "password": "a new password"}),
        ("PATCH", "accounts/me", {"email": "taken-over@example.org"}),
    ):
        house.refuse(403, "account.forbidden", method, path, body, writer["token"])
    listed = house.must(200, "GET", "tokens", token=session)["items"]
    assert [one["name"] for one in listed] == ["writer", "reader"] and all("token" not in one for one in listed)
    assert listed[1]["last_used_at"] is not None
    house.must(204, "DELETE", f"tokens/{writer['id']}", token=session)
    house.refuse(401, "account.unauthenticated", "GET", "videos", token=writer["token"])
    for never in ("2001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00"):
        house.refuse(422, "request.invalid", "POST", "tokens", {"name": "late", "expires_at": never}, session)
    done = house.server.cli("video", "list", "--server", house.server.url, environ={"YEOUL_TOKEN": reader["token"]})
    assert done.returncode == 0, done.stderr


def test_an_admins_token_rules_only_where_it_says_so(house: House):
    plain = house.must(201, "POST", "tokens", {"name": "plain"}, "")["token"]
    ruling = house.must(201, "POST", "tokens", {"name": "ruling", "scopes": ["read", "admin"]}, "")["token"]
    house.refuse(403, "account.forbidden", "GET", "admin/accounts", token=plain)
    house.must(200, "GET", "admin/accounts", token=ruling)


def log_in_from(house: House, address: str, handle: str, password: str) -> httpx.Response:
    body = {"handle": handle, "password": password}
    return httpx.post(f"{house.server.url}{API}/sessions", json=body, headers={"X-Forwarded-For": address})


def test_wrong_passwords_slow_down_who_guesses(house: House):
    house.sign_up("target")
    for number in range(14):  # on a slow machine the first waits are over before the next guess comes
        answer = log_in_from(house, f"198.51.100.{number}", "target", f"guess {number}")
        if answer.status_code != 401:
            break
    assert number >= 5 and (answer.status_code, answer.json()["code"]) == (429, "account.too_many_attempts")
    assert 1 <= int(answer.headers["retry-after"]) <= 60 and answer.json()["retryable"]
    assert log_in_from(house, "198.51.100.99", "scarcely-there", "x").status_code == 401
    wait_for(lambda: log_in_from(house, "198.51.100.99", "target", PASSWORD).status_code == 201, "the owner to be let in again")


# --- writes of other sites ---


def test_other_sites_cannot_log_anybody_in_or_out_or_sign_up(house: House):
    house.sign_up("surfer")
    login = {"handle": "surfer", "password": PASSWORD}
    new = {"handle": "forged", "email": "forged@example.org", "password": PASSWORD}
    foreign = ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"})
    for headers in foreign:
        for path, body in (("sessions", login), ("accounts", new), ("password-resets", {"email": "surfer@example.org"})):
            answer = httpx.post(f"{house.server.url}{API}/{path}", json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "account.forbidden"), (headers, path)
            assert "set-cookie" not in answer.headers
    own = httpx.post(f"{house.server.url}{API}/sessions", json=login, headers={"Origin": house.server.url, "Sec-Fetch-Site": "same-origin"})
    assert own.status_code == 201
    with httpx.Client(base_url=house.server.url, cookies=own.cookies) as browser:
        for headers in (*foreign, {}):
            assert browser.delete(f"{API}/sessions", headers=headers).status_code == 403
            assert browser.put(f"{API}/accounts/me/avatar", content=picture(), headers=headers).status_code == 403
        assert browser.delete(f"{API}/sessions/current", headers={"Origin": house.server.url}).status_code == 204
        assert browser.get(f"{API}/accounts/me").status_code == 401


# --- roles ---


def test_viewers_watch_and_do_not_upload(house: House):
    token = house.sign_up("watcher")
    video = house.must(201, "POST", "videos", {"title": "of before"}, token)
    house.change_account(token, role="viewer")
    house.refuse(403, "account.forbidden", "POST", "videos", {"title": "x"}, token)
    upload = {"mode": "whole", "file_name": "a", "size_bytes": 5, "fingerprint": "0" * 64}
    house.refuse(403, "account.forbidden", "POST", f"videos/{video['id']}/upload", upload, token)
    assert house.must(200, "GET", "accounts/me", token=token)["role"] == "viewer"
    house.must(200, "GET", "feed", token=token)


def test_moderators_hide_what_everybody_sees_and_change_nothing_else(house: House):
    maker, moderator = house.sign_up("maker"), house.sign_up("moderator")
    house.change_account(moderator, role="moderator")
    shown = house.must(201, "POST", "videos", {"title": "rude", "visibility": "public"}, maker)
    hidden = house.must(201, "POST", "videos", {"title": "mine"}, maker)
    path = f"videos/{shown['id']}"
    for body in ({"title": "polite"}, {"title": "polite", "visibility": "private"}):
        house.refuse(403, "account.forbidden", "PATCH", path, body, moderator)
    house.refuse(403, "account.forbidden", "DELETE", path, token=moderator)
    house.refuse(404, "request.not_found", "PATCH", f"videos/{hidden['id']}", {"visibility": "public"}, moderator)
    house.refuse(403, "account.forbidden", "GET", "admin/accounts", token=moderator)
    assert house.must(200, "PATCH", path, {"visibility": "private"}, moderator)["visibility"] == "private"
    house.refuse(404, "request.not_found", "GET", path)
    entry = house.admin(200, "GET", "audit")["items"][0]
    assert (entry["actor"], entry["action"], entry["target"]) == ("moderator", "video.change", shown["id"])
    assert entry["detail"] == {"visibility": "private"}


# --- what admins do ---


def test_admins_find_accounts_and_disable_them(house: House):
    token = house.sign_up("rascal")
    program = house.must(201, "POST", "tokens", {"name": "p"}, token)["token"]
    (found,) = house.admin(200, "GET", "accounts?q=rascal@")["items"]
    assert (found["handle"], found["disabled"], found["quota_bytes"]) == ("rascal", False, None)
    assert house.admin(200, "PATCH", f"accounts/{found['id']}", {"disabled": True})["disabled"]
    for out in (token, program):
        house.refuse(401, "account.unauthenticated", "GET", "accounts/me", token=out)
    house.refuse(403, "account.disabled", "POST", "sessions", {"handle": "rascal", "password": PASSWORD})
    house.refuse(401, "account.bad_credentials", "POST", "sessions", {"handle": "rascal", "password": "not this one"})
    house.admin(200, "PATCH", f"accounts/{found['id']}", {"disabled": False})
    house.log_in("rascal")
    own = house.must(200, "GET", "accounts/me", token="")
    assert house.admin(409, "PATCH", f"accounts/{own['id']}", {"role": "viewer"})["code"] == "request.conflict"
    assert house.admin(404, "PATCH", "accounts/nobody", {"role": "viewer"})["code"] == "request.not_found"
    assert house.admin(422, "PATCH", f"accounts/{found['id']}", {"role": "king"})["code"] == "request.invalid"


def test_quotas_hold_and_what_is_deleted_is_given_back(house: House, tmp_path: Path):
    token = house.sign_up("collector")
    clip = make_source(tmp_path / "clip.mp4", size="128x96", duration_s=4.0)
    size_bytes = clip.stat().st_size
    assert house.change_account(token, quota_bytes=size_bytes - 1)["quota_bytes"] == size_bytes - 1
    tried = house.must(201, "POST", "videos", {"title": "too large"}, token)
    body = {"mode": "whole", "file_name": "clip.mp4", "size_bytes": size_bytes, "fingerprint": "0" * 64}
    problem = house.refuse(413, "account.quota_exceeded", "POST", f"videos/{tried['id']}/upload", body, token)
    assert problem["facts"] == {"used_bytes": 0, "quota_bytes": size_bytes - 1, "needed_bytes": size_bytes}
    small = house.must(201, "POST", f"videos/{tried['id']}/upload", {**body, "size_bytes": 10}, token)
    part = {"index": 0, "size_bytes": 2 << 20, "sha256": "0" * 64}
    house.refuse(413, "account.quota_exceeded", "POST", f"uploads/{small['id']}/urls", {"pieces": [part]}, token)
    house.must(204, "DELETE", f"videos/{tried['id']}?forever=true", token=token)
    house.change_account(token, quota_bytes=50 << 20)
    done = house.server.cli("upload", str(clip), "--json", "--server", house.server.url, environ={"YEOUL_TOKEN": token}, check=True)
    video_id = re.findall(r'"id": ?"(\w+)"', done.stdout)[-1]

    def used_bytes() -> int:
        return house.must(200, "GET", "accounts/me", token=token)["used_bytes"]

    wait_for(lambda: used_bytes() > size_bytes * 1.3, "the streams to be counted")
    storage = house.admin(200, "GET", "storage")
    assert storage["buckets"]["original"] >= size_bytes and storage["buckets"]["encoded"] > 0 and storage["free_bytes"] > 0
    assert storage["sent_bytes"]["other"] > 1000
    assert {"collector"} <= {owner["handle"] for owner in storage["owners"] if owner["used_bytes"] == used_bytes()}
    house.must(204, "DELETE", f"videos/{video_id}", token=token)
    assert used_bytes() > size_bytes  # the trash counts
    house.must(204, "DELETE", f"videos/{video_id}?forever=true", token=token)
    wait_for(lambda: used_bytes() == 0, "what was used to be given back")


def test_settings_change_while_the_server_runs(house: House):
    named = {one["name"]: one for one in house.admin(200, "GET", "settings")["items"]}
    assert named["account.signup"]["value"] is True and named["account.signup"]["description"]
    for wrong in ({"account.signup": "perhaps"}, {"account.quota_bytes": -1}, {"server.port": 1}, {"account.signup": False, "nothing": 1}):
        assert house.admin(422, "PATCH", "settings", wrong)["code"] == "request.invalid", wrong
    token = house.sign_up("hopeful")
    house.admin(200, "PATCH", "settings", {"account.signup": False, "account.confirm_email": True, "account.quota_bytes": 123})
    try:
        body = {"handle": "latecomer", "email": "latecomer@example.org", "password": PASSWORD}
        house.refuse(403, "account.forbidden", "POST", "accounts", body)
        assert house.must(200, "GET", "accounts/me", token=token)["quota_bytes"] == 123
        house.refuse(403, "account.unconfirmed", "POST", "videos", {"title": "x"}, token)
        house.must(204, "POST", "confirmations", {"token": house.link_token("hopeful@example.org", "Confirm your e-mail address")})
        house.must(201, "POST", "videos", {"title": "x"}, token)
        video_id = house.must(201, "POST", "videos", {"title": "x"}, token)["id"]
        house.admin(200, "PATCH", "settings", {"upload.max_source_bytes": 1000, "account.quota_bytes": 0})
        body = {"file_name": "x.mp4", "size_bytes": 1001, "fingerprint": "0" * 64, "mode": "whole"}
        assert house.must(422, "POST", f"videos/{video_id}/upload", body, token)["facts"]["field"] == "size_bytes"
    finally:
        changed = ("account.signup", "account.confirm_email", "account.quota_bytes", "upload.max_source_bytes")
        back = house.admin(200, "PATCH", "settings", dict.fromkeys(changed))
    assert not any(one["changed"] for one in back["items"])
    assert house.must(200, "GET", "accounts/me", token=token)["quota_bytes"] is None
    entries = house.admin(200, "GET", "audit")["items"]
    assert {entry["target"] for entry in house.admin(200, "GET", "audit?action=setting.change&actor=admin")["items"]} == set(changed)
    assert {"from": False, "to": None} in [entry["detail"] for entry in entries if entry["target"] == "account.signup"]


def test_only_admins_look_after_accounts(house: House):
    token = house.sign_up("ordinary")
    for method, path, body in (
        ("GET", "accounts", None),
        ("PATCH", "accounts/x", {"role": "admin"}),
        ("GET", "storage", None),
        ("GET", "settings", None),
        ("PATCH", "settings", {"account.signup": False}),
        ("GET", "audit", None),
    ):
        house.refuse(403, "account.forbidden", method, f"admin/{path}", body, token)
        house.refuse(401, "account.unauthenticated", method, f"admin/{path}", body)


def test_the_command_line_logs_in(house: House, tmp_path: Path):
    house.sign_up("typist")
    import os
    import subprocess
    import sys

    command = [sys.executable, "-m", "yeoul.cli.main", "login", "--handle", "typist", "--server", house.server.url]
    environ = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(command, input=PASSWORD + "\n", capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    listed = house.server.cli("video", "list", "--server", house.server.url, environ={"XDG_CONFIG_HOME": str(tmp_path)})
    assert listed.returncode == 0, listed.stderr
