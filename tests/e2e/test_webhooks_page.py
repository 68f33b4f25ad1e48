"""Webhooks by the settings page, from a running server to a real receiver."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright

from bench.server import Server
from tests.e2e.waiting import wait_for
from tests.e2e.watching import launch, open_context
from tests.hook_server import HookServer, Message

API = "/api/v1"


def is_signed(message: Message, secret: str) -> bool:
    at, signature = (part.split("=")[1] for part in message.headers["yeoul-signature"].split(","))
    return hmac.new(secret.encode(), f"{at}.".encode() + message.body, hashlib.sha256).hexdigest() == signature


def test_a_webhook_is_made_tested_told_and_deleted(chromium: Path, yeoul_server: Server):
    account: dict[str, Any] = {"handle": "hook_maker", "email": "hook_maker@example.org", "password": "correct horse battery"}
    assert yeoul_server.request("POST", f"{API}/accounts", account, token=None)[0] == 201
    token = yeoul_server.request("POST", f"{API}/sessions", account, token=None)[1]["token"]
    with HookServer() as hooks, sync_playwright() as playwright, launch(playwright.chromium, chromium) as browser:
        context = open_context(browser, viewport={"width": 390, "height": 800}, locale="en-GB")
        context.add_cookies([{"name": "yeoul_session", "value": token, "url": yeoul_server.url}])
        page = context.new_page()
        page.goto(f"{yeoul_server.url}/settings?tab=webhooks")
        page.get_by_label("Endpoint URL").fill("nowhere")
        page.get_by_role("button", name="Add webhook").click()
        expect(page.get_by_label("Endpoint URL")).to_be_focused()
        expect(page.get_by_role("alert")).to_contain_text("https://")
        page.get_by_label("Endpoint URL").fill(hooks.url + "/hook")
        page.get_by_label("Video failed").uncheck()
        page.get_by_role("button", name="Add webhook").click()
        secret = page.locator(".new-token code").inner_text()
        webhook = page.get_by_role("region", name=hooks.url)
        webhook.get_by_role("button", name="Send test").click()
        test = hooks.next_message()
        assert is_signed(test, secret) and json.loads(test.body)["type"] == "webhook.test"
        deliveries = webhook.get_by_role("list", name="Deliveries").get_by_role("listitem")
        expect(deliveries).to_contain_text("Response 200")
        status, made = yeoul_server.request("POST", f"{API}/videos", {"title": "told"}, token=token)
        told = hooks.next_message()
        assert status == 201 and is_signed(told, secret)
        assert json.loads(told.body)["data"]["video"]["id"] == made["id"]
        hooks.answers["/hook"] = 410
        assert yeoul_server.request("DELETE", f"{API}/videos/{made['id']}", token=token)[0] == 204

        def is_off() -> bool:
            return not yeoul_server.request("GET", f"{API}/webhooks", token=token)[1]["items"][0]["active"]

        wait_for(is_off, "the webhook to be switched off")
        page.reload()
        expect(webhook.get_by_text("410 Gone")).to_be_visible()
        webhook.get_by_role("button", name="Delete").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        expect(page.get_by_text("No webhooks yet.")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
