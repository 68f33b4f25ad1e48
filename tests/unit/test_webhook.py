"""Webhooks as far as they are pure: what follows from an attempt, which addresses are public, how messages are signed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

from yeoul.base.errors import InvalidError
from yeoul.catalog.schema.row.outgoing import WebhookDeliveryRow, WebhookRow
from yeoul.model.webhook import TEST
from yeoul.webhook.address import check_url, is_public
from yeoul.webhook.signature import make_secret, sign
from yeoul.webhook.verdict import DELAYS_S, OFF_AFTER_S, Verdict, decide

NOW = 1_800_000_000.0
MANUAL = Path(__file__).parents[2] / "docs" / "webhooks.md"


def verdict(
    status: int | None, *, attempts: int = 0, since: float | None = None, event: str = "video.ready", active: bool = True
) -> Verdict:
    delivery = cast("WebhookDeliveryRow", {"event": event, "attempts": attempts})
    return decide(delivery, cast("WebhookRow", {"active": active, "failing_since": since}), status, NOW)


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_good_answer_ends_it_and_all_failing(status: int):
    assert verdict(status, attempts=3, since=NOW - 9e6) == Verdict("delivered", None, None)


@pytest.mark.parametrize("status", [None, 199, 301, 404, 500])
def test_any_other_is_tried_again(status: int | None):
    assert verdict(status) == Verdict("pending", NOW + DELAYS_S[0], NOW)
    assert verdict(status, attempts=2, since=NOW - 5) == Verdict("pending", NOW + DELAYS_S[2], NOW - 5)


def test_attempts_end_within_a_day():
    assert 20 * 3600 < sum(DELAYS_S) <= 86400 and list(DELAYS_S) == sorted(DELAYS_S)
    assert verdict(500, attempts=len(DELAYS_S), since=NOW - 86400) == Verdict("failed", None, NOW - 86400)


def test_what_fails_for_three_days_is_switched_off_and_what_is_gone_at_once():
    since = NOW - OFF_AFTER_S
    assert verdict(None, attempts=len(DELAYS_S), since=since) == Verdict("failed", None, since, "failing")
    assert verdict(None, attempts=1, since=since).off is None  # this one may still arrive
    assert verdict(410) == Verdict("failed", None, NOW, "gone")


def test_a_test_and_what_is_switched_off_are_tried_once():
    assert verdict(410, event=TEST) == verdict(None, active=False) == Verdict("failed", None, None)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "100.127.255.255"),
        *("192.0.0.8", "192.0.0.9", "192.0.0.170", "3fff::1", "3fff:fff::1", "::ffff:192.0.0.9", "64:ff9b::192.0.0.9"),
        *("192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
        # IPv4 in other clothes: mapped, compatible, translated, 6to4, Teredo
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::"),
    ],
)  # fmt: skip
def test_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("", "example.org", "ftp://example.org", "file:///etc/passwd", "gopher://example.org", "https://", "http:///x"),
        *("http://[", "//example.org"),
        *("https://user:pw@example.org/", "https://example.org/#part", "http://localhost:9000", "http://LocalHost./", "http://a.localhost"),
        *("http://127.0.0.1/", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest"),
        *("http://exa mple.org", "http://a:99999999/", "http://a:0/", "http://[fe80::1%25eth0]/", "http://" + "a" * 64 + ".org/"),
    ],
)  # fmt: skip
def test_urls_that_are_refused(url: str):
    with pytest.raises(InvalidError) as found:
        check_url(url, allow_private=False)
    assert found.value.facts["field"] == "url"


def test_urls_that_are_taken():
    assert check_url("https://Example.org./hook?a=b", allow_private=False) == "example.org"
    assert check_url("http://한국.kr:8080/", allow_private=False) == "xn--3e0b707e.kr"
    assert check_url("http://xn--a/", allow_private=False) == "xn--a"
    assert check_url("http://127.0.0.1:9000/", allow_private=True) == "127.0.0.1"


def test_secrets_differ_and_say_nothing_of_each_other():
    assert make_secret(b"server", "a") == make_secret(b"server", "a") != make_secret(b"server", "b") != make_secret(b"other", "b")


def test_a_signature_is_checked_by_the_lines_of_the_manual(monkeypatch: pytest.MonkeyPatch):
    code = re.search(r"```python\n(.+?)```", MANUAL.read_text(), re.DOTALL)
    assert code
    known: dict[str, Any] = {}
    exec(code[1], known)
    monkeypatch.setattr("time.time", lambda: NOW + 5)
    header = sign("whsec_x", b'{"a": 1}', int(NOW))
    # As openssl dgst -sha256 -hmac whsec_x says
    assert header == "t=1800000000,v1=b8ac063f7baef7b3a53e8336b9732b362695d27623e0be70a08b8b921afb1370"
    assert known["is_ours"]("whsec_x", header, b'{"a": 1}')
    assert not known["is_ours"]("whsec_x", header, b'{"a": 2}')
    assert not known["is_ours"]("whsec_y", header, b'{"a": 1}')
    monkeypatch.setattr("time.time", lambda: NOW + 301)
    assert not known["is_ours"]("whsec_x", header, b'{"a": 1}')
