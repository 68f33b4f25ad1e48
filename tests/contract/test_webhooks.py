"""Webhooks on both databases, with a real receiver: what is told to whom, how often, and to which addresses never."""

from __future__ import annotations

import asyncio
import json
import math
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from tests.contract.test_discovery_api import Site, ask
from tests.harness.pace import patience_s
from tests.hook_server import HookServer
from yeoul.api.identity import hash_token
from yeoul.base.clock import ManualClock
from yeoul.base.errors import ConflictError, WebhookError
from yeoul.base.settings import Settings, WebhookSettings
from yeoul.blob.memory import MemoryStore
from yeoul.bootstrap import make_api, make_webhook_sender, read_secret
from yeoul.catalog.account import account, session, webhook, webhook_delivery
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox
from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.outgoing import webhook_delivery as delivery_table
from yeoul.catalog.schema.row.outgoing import WebhookDeliveryRow
from yeoul.catalog.video import video
from yeoul.model.video import VideoState
from yeoul.model.webhook import WebhookEvent
from yeoul.webhook.post import HttpPoster
from yeoul.webhook.sender import WebhookSender
from yeoul.webhook.signature import sign

pytestmark = pytest.mark.either

DAY_S = 86400.0


@dataclass
class World:
    """An API, a sender that is told when to send, and a receiver."""

    site: Site
    database: Database
    clock: ManualClock
    sender: WebhookSender
    hooks: HookServer
    secret: bytes

    def ask(self, method: str, path: str, who: str = "ann", body: Any = None, **headers: str) -> Response:
        return ask(self.site, method, f"/webhooks{path}", who, body, **headers)

    def make(self, path: str = "/hook", **more: Any) -> dict[str, Any]:
        answer = self.ask("POST", "", body={"url": self.hooks.url + path, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def send(self) -> None:
        """Send all that is due, and wait for what follows."""

        async def run() -> None:
            while self.due_at() <= self.clock.now() or self.sender._in_flight:
                await self.sender.send_due()
                if self.sender._in_flight:
                    await asyncio.wait(self.sender._in_flight, return_when=asyncio.FIRST_COMPLETED)

        asyncio.run(run())

    def due_at(self) -> float:
        with self.database.read() as connection:
            return webhook_delivery.next_at(connection) or math.inf

    def create(self, video_id: str, at_s: float | None = None) -> None:
        row = {"id": video_id, "owner_id": "ann", "title": "t", "description": "", "visibility": "private", "pipeline": "standard"}
        with self.database.write() as connection:
            video.add(connection, row, at_s or self.clock.now())

    def move(self, video_id: str, state: VideoState) -> None:
        with self.database.write() as connection:
            video.change_state(connection, video_id, state, self.clock.now())

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(self.hooks.messages.get_nowait().body) for _ in range(self.hooks.messages.qsize())]

    def deliveries(self, made: dict[str, Any]) -> list[dict[str, Any]]:
        return self.ask("GET", f"/{made['id']}/deliveries").json()["items"]

    def seen(self, made: dict[str, Any]) -> dict[str, Any]:
        return next(item for item in self.ask("GET", "").json()["items"] if item["id"] == made["id"])

    def mails(self) -> list[dict[str, Any]]:
        with self.database.write() as connection:
            found = outbox.claim_mail(connection, self.clock.now(), self.clock.now() + 600)
            return [] if found is None else [dict(found.payload)]


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    """ann makes videos, bob is somebody else, eve may only watch."""
    clock = ManualClock()
    with database.write() as connection:
        for handle, role in (("ann", "maker"), ("bob", "maker"), ("eve", "viewer")):
            account.add_account(connection, handle, handle, f"{handle}@example.org", "hash", role, 1.0)
            row = {"id": handle, "token_hash": hash_token(handle), "account_id": handle, "expires_at": 1e12, "user_agent": "", "ip": ""}
            session.add(connection, row, clock.now())
    settings = Settings(data=tmp_path, webhook=WebhookSettings(allow_private=True))
    app = make_api(settings, database, MemoryStore(clock), clock)
    sender = make_webhook_sender(settings, database, clock)
    # Receivers that are held back must not become receivers that are too slow: a test on a slow machine holds them for long.
    sender._poster = HttpPoster(allow_private=True, timeout_s=2 * patience_s())
    with HookServer() as hooks:
        yield World(Site(app), database, clock, sender, hooks, read_secret(tmp_path))
    app.state.parts.response_cache.close()


def test_the_life_of_a_video_is_told_signed_to_who_asked(world: World):
    made, other = world.make(), world.make("/other", events=["video.ready", "video.failed"])
    assert (made["active"], made["off_reason"]) == (True, None)
    posted = ask(world.site, "POST", "/videos", "ann", {"title": "강 river", "tags": ["a"]}).json()["id"]
    ask(world.site, "POST", "/videos", "bob", {"title": "not told"})
    for state in (VideoState.UPLOADING, VideoState.PROCESSING, VideoState.PLAYABLE, VideoState.READY):
        world.clock.advance(1.0)
        world.move(posted, state)
    for method, path in (("DELETE", ""), ("POST", "/restore"), ("DELETE", "?forever=true")):
        world.clock.advance(1.0)
        assert ask(world.site, method, f"/videos/{posted}{path}", "ann").status_code < 300
    world.send()
    sent = [world.hooks.next_message() for _ in range(7)]
    bodies = sorted((json.loads(one.body) for one in sent), key=lambda body: body["created_at"])
    to_all = [json.loads(one.body)["type"] for one in sent if one.path == "/hook"]
    assert sorted(to_all) == sorted(set(WebhookEvent) - {WebhookEvent.FAILED})
    assert [json.loads(one.body)["type"] for one in sent if one.path == "/other"] == ["video.ready"]
    first, last = bodies[0]["data"]["video"], bodies[-1]["data"]["video"]
    assert (first["id"], first["title"], first["state"], first["tags"], first["watch"]) == (
        posted, "강 river", "created", ["a"], f"/watch/{posted}",
    )  # fmt: skip
    states = [body["data"]["video"]["state"] for body in bodies]
    assert states == ["created", "playable", "ready", "ready", "ready", "ready", "deleted"] and last["title"] == "강 river"
    for one in sent:
        secret = made["secret"] if one.path == "/hook" else other["secret"]
        at_s = int(one.headers["yeoul-signature"].partition(",")[0].removeprefix("t="))
        assert at_s == int(world.clock.now()) and one.headers["yeoul-signature"] == sign(secret, one.body, at_s)
        assert one.headers["content-type"] == "application/json" and one.headers["host"] == f"127.0.0.1:{world.hooks.port}"
    assert all((one["state"], one["status"], one["attempts"]) == ("delivered", 200, 1) for one in world.deliveries(made))
    world.send()
    assert world.hooks.messages.empty()


def test_what_a_transaction_undoes_is_not_told(world: World):
    """Both happen or neither does."""
    world.make()

    def delete_and_stumble() -> None:
        with world.database.write() as connection:
            video.change_state(connection, "v", VideoState.DELETED, world.clock.now())
            video.change_state(connection, "v", VideoState.READY, world.clock.now())

    world.create("v")
    with pytest.raises(ConflictError):
        delete_and_stumble()
    world.send()
    assert [one["type"] for one in world.told()] == ["video.created"]


def test_a_failing_delivery_is_tried_for_a_day_and_a_failing_webhook_switched_off_after_three(world: World):
    world.hooks.answers["/hook"] = 500
    made = world.make(events=["video.created"])
    world.create("v0")
    began_s, attempts = world.clock.now(), 0
    while (row := world.deliveries(made)[0])["state"] == "pending":
        world.clock.advance(max(0.0, world.due_at() - world.clock.now()))
        world.send()
        attempts += 1
        assert world.hooks.messages.qsize() == attempts
    assert (row["state"], row["status"], row["attempts"], row["next_attempt_at"]) == ("failed", 500, 10, None)
    assert 20 * 3600 < world.clock.now() - began_s <= DAY_S
    assert len({one["id"] for one in world.told()}) == 1  # its receiver knows it again
    assert world.seen(made)["active"] and world.seen(made)["failing_since"] is not None
    _give_up(world, made, began_s + 2.5 * DAY_S, "v1")
    assert world.seen(made)["active"] and not world.mails()
    _give_up(world, made, began_s + 3.1 * DAY_S, "v2")
    assert (world.seen(made)["active"], world.seen(made)["off_reason"]) == (False, "failing")
    (mail,) = world.mails()
    assert (mail["kind"], mail["to"], mail["address"]) == ("webhook_off", "ann@example.org", f"{world.hooks.url}/hook")
    world.create("v3")
    assert all(one["state"] != "pending" for one in world.deliveries(made))
    # Switched on it begins anew.
    world.hooks.answers.clear()
    on = world.ask("PATCH", f"/{made['id']}", body={"active": True}).json()
    assert (on["active"], on["off_reason"], on["failing_since"]) == (True, None, None)
    world.create("v4")
    world.told()
    world.send()
    assert [one["data"]["video"]["id"] for one in world.told()] == ["v4"]


def _give_up(world: World, made: dict[str, Any], at_s: float, video_id: str) -> None:
    """Fail the last attempt of a delivery at a time."""
    world.clock.advance(at_s - world.clock.now())
    world.create(video_id)
    delivery_id = world.deliveries(made)[0]["id"]
    with world.database.write() as connection:
        webhook_delivery.change(connection, delivery_id, {"attempts": 9})
    world.send()
    assert world.deliveries(made)[0]["state"] == "failed"


def test_an_address_that_says_gone_is_switched_off_at_once(world: World):
    world.hooks.answers["/hook"] = 410
    made = world.make()
    world.create("v0")
    world.create("v1")
    world.send()
    assert (world.seen(made)["active"], world.seen(made)["off_reason"]) == (False, "gone") and len(world.mails()) == 1
    assert {one["state"] for one in world.deliveries(made)} == {"failed"}


def test_redirects_are_not_followed_and_switched_off_webhooks_not_told(world: World):
    world.hooks.answers["/hook"] = 302
    made = world.make()
    world.create("v0")
    world.send()
    assert [one.path for one in (world.hooks.next_message(),)] == ["/hook"] and world.hooks.messages.empty()
    assert [(one["state"], one["status"]) for one in world.deliveries(made)] == [("pending", 302)]
    assert world.ask("PATCH", f"/{made['id']}", body={"active": False}).json()["off_reason"] is None
    assert [one["state"] for one in world.deliveries(made)] == ["failed"] and not world.mails()


def test_a_slow_receiver_holds_up_its_own_host_alone(world: World):
    """Of what goes to the slow one two are on their way; what goes to the other arrives meanwhile."""
    made = world.make("/slow")
    world.ask("POST", "", body={"url": f"http://localhost:{world.hooks.port}/quick"})
    for number in range(4):
        world.create(f"v{number}")

    def until_quick() -> list[str]:
        paths = [world.hooks.next_message().path]
        while paths.count("/quick") < 4:
            paths.append(world.hooks.next_message().path)
        return paths

    sending = threading.Thread(target=world.send)
    sending.start()
    paths = until_quick()
    assert paths.count("/slow") <= 2
    world.hooks.hold.set()
    sending.join()
    assert {one["state"] for one in world.deliveries(made)} == {"delivered"}


def test_who_has_many_slow_hosts_holds_up_nobody_else(world: World):
    """Names of one's own are cheap: so the account counts, too."""
    with names(lambda _: ["127.0.0.1"]):
        for number in range(8):
            url = f"http://{number}.slow.example:{world.hooks.port}/slow"
            assert world.ask("POST", "", body={"url": url, "events": ["video.created"]}).status_code == 201
        world.create("v")
        quick = world.ask("POST", "", "bob", {"url": world.hooks.url + "/quick"}).json()
        world.ask("POST", f"/{quick['id']}/test", "bob")
        sending = threading.Thread(target=world.send)
        sending.start()
        paths = [world.hooks.next_message().path for _ in range(7)]
        assert sorted(paths) == ["/quick"] + ["/slow"] * 6
        world.hooks.hold.set()
        sending.join()
    assert world.hooks.messages.qsize() == 2


def test_a_test_is_sent_once_and_a_delivery_again_when_asked(world: World):
    world.hooks.answers["/hook"] = 500
    made = world.make()
    tested = world.ask("POST", f"/{made['id']}/test")
    assert tested.status_code == 202 and tested.json()["state"] == "pending"
    world.send()
    (body,) = world.told()
    assert (body["id"], body["type"], body["data"]) == (tested.json()["id"], "webhook.test", {})
    (row,) = world.deliveries(made)
    assert (row["state"], row["status"], row["next_attempt_at"]) == ("failed", 500, None) and world.seen(made)["failing_since"] is None
    world.hooks.answers.clear()
    again = world.ask("POST", f"/{made['id']}/deliveries/{row['id']}/redeliver")
    assert again.status_code == 202 and again.json()["state"] == "pending"
    world.send()
    assert [one["id"] for one in world.told()] == [row["id"]]
    assert [(one["state"], one["attempts"]) for one in world.deliveries(made)] == [("delivered", 2)]


def test_webhooks_are_their_owners_alone(world: World):
    made = world.make()
    delivery = world.ask("POST", f"/{made['id']}/test").json()["id"]
    for method, path, body in (
        ("PATCH", f"/{made['id']}", {"active": False}),
        ("DELETE", f"/{made['id']}", None),
        ("POST", f"/{made['id']}/test", None),
        ("GET", f"/{made['id']}/deliveries", None),
        ("POST", f"/{made['id']}/deliveries/{delivery}/redeliver", None),
    ):
        assert world.ask(method, path, "bob", body).status_code == 404, (method, path)
    other = world.ask("POST", "", "bob", {"url": world.hooks.url}).json()
    assert world.ask("POST", f"/{other['id']}/deliveries/{delivery}/redeliver", "bob").status_code == 404
    assert [item["id"] for item in world.ask("GET", "", "bob").json()["items"]] == [other["id"]]
    assert world.ask("POST", "", "eve", {"url": world.hooks.url}).status_code == 403
    assert ask(world.site, "GET", "/webhooks").status_code == 401
    assert "secret" not in world.seen(made)
    assert world.ask("DELETE", f"/{made['id']}").status_code == 204
    assert world.ask("GET", f"/{made['id']}/deliveries").status_code == 404
    with world.database.read() as connection:
        assert not all_rows(connection, delivery_table.select(), WebhookDeliveryRow)


def test_bad_requests_and_a_repeated_one(world: World):
    for body in (
        {"url": "ftp://example.org"}, {"url": world.hooks.url, "events": []}, {"url": world.hooks.url, "events": ["video.seen"]},
        {"url": "http://example.org/\0"}, {"url": "http://" + "x" * 2000}, {},
    ):  # fmt: skip
        answer = world.ask("POST", "", body=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid"), body
    body = {"url": world.hooks.url, "events": ["video.ready", "video.created", "video.ready"]}
    first, second = (world.ask("POST", "", body=body, **{"Idempotency-Key": "k"}).json() for _ in range(2))
    assert first == second and first["events"] == ["video.created", "video.ready"] and first["secret"].startswith("whsec_")
    for _ in range(19):
        world.make()
    assert world.ask("POST", "", body=body).status_code == 409


def test_deliveries_are_paged_while_new_ones_come(world: World):
    made = world.make(events=["video.created"])
    for number in range(5):
        world.create(f"v{number}", world.clock.now() + number)
    newest_first = [one["id"] for one in world.deliveries(made)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = world.ask("GET", f"/{made['id']}/deliveries?limit=2{cursor}").json()
        seen += [one["id"] for one in page["items"]]
        world.create(f"w{len(seen)}", world.clock.now() + 100 + len(seen))
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == newest_first
    assert world.ask("GET", "?limit=1").json()["next"] is None


def test_old_deliveries_are_forgotten(world: World):
    made = world.make()
    world.ask("POST", f"/{made['id']}/test")
    world.clock.advance(31 * DAY_S)
    world.ask("POST", f"/{made['id']}/test")
    world.sender._sweep()
    assert len(world.deliveries(made)) == 1


def test_a_webhook_that_is_dropped_while_it_is_told_breaks_nothing(world: World):
    made = world.make("/slow")
    world.ask("POST", f"/{made['id']}/test")
    sending = threading.Thread(target=world.send)
    sending.start()
    world.hooks.next_message()
    with world.database.write() as connection:
        assert webhook.delete_webhook(connection, "ann", made["id"])
    world.hooks.hold.set()
    sending.join()
    assert world.ask("GET", "").json()["items"] == []


# --- the way out, without a database ---


def post(poster: HttpPoster, url: str) -> int:
    return asyncio.run(poster.post(url, {}, b"{}"))


@contextmanager
def names(answer: Callable[[str], list[str]]) -> Iterator[list[str]]:
    """Another name server, as far as this process sees; gives what was asked."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def find(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer(host)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            socket,
            "getaddrinfo",
            lambda host, port, *a, **k: find(host, port) if str(host).endswith(".example") else real(host, port, *a, **k),
        )
        yield asked


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_nothing_goes_to_this_machine(host: str):
    with HookServer() as hooks:
        with pytest.raises(WebhookError, match="not public"):
            post(HttpPoster(allow_private=False), f"http://{host}:{hooks.port}/hook")
        assert hooks.messages.empty()


def test_a_name_with_one_private_address_is_refused_whole():
    with names(lambda _: ["93.184.216.34", "10.0.0.1"]), pytest.raises(WebhookError, match="not public"):
        post(HttpPoster(allow_private=False), "http://hook.example/")


def test_a_name_is_looked_up_once_and_what_was_found_is_connected_to():
    """A name server that gives another address the next time changes nothing. The first address does not answer, the second does."""
    answers = [["127.0.0.2", "127.0.0.1"]]
    with HookServer() as hooks, names(lambda _: answers.pop()) as asked:
        assert post(HttpPoster(allow_private=True), f"http://hook.example:{hooks.port}/hook?a=b") == 200
        message = hooks.next_message()
        assert (message.path, message.headers["host"]) == ("/hook?a=b", f"hook.example:{hooks.port}") and asked == ["hook.example"]


def test_tls_checks_the_name_and_not_the_address(openssl: Path, tmp_path: Path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=hook.example",
    ]
    command = [str(openssl), *words, "-addext", "subjectAltName=DNS:hook.example", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    trusting = HttpPoster(allow_private=True, trust=ssl.create_default_context(cafile=str(certificate)))
    with HookServer(tls=context) as hooks, names(lambda _: ["127.0.0.1"]):
        assert post(trusting, f"https://hook.example:{hooks.port}/") == 200
        for poster, host in ((trusting, "other.example"), (trusting, "127.0.0.1"), (HttpPoster(allow_private=True), "hook.example")):
            with pytest.raises(WebhookError, match="certificate"):
                post(poster, f"https://{host}:{hooks.port}/")
        assert hooks.messages.qsize() == 1


def test_who_takes_too_long_or_is_not_there():
    with HookServer() as hooks:
        poster = HttpPoster(allow_private=True, timeout_s=0.2)
        with pytest.raises(WebhookError, match=r"no response within 0\.2 s"):
            post(poster, f"{hooks.url}/slow")
        with names(lambda _: []), pytest.raises(WebhookError, match="no address"):
            post(poster, "http://nowhere.example/")
    with pytest.raises(WebhookError):
        post(poster, hooks.url)
