"""One server for all tests that do not break it, and a maker of servers for those that do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from bench.server import Server
from tests.e2e.waiting import PATIENCE_S
from tests.e2e.watching import launch

expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture(scope="session")
def yeoul_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that tests share; each makes videos of its own."""
    # Two slots, whatever the machine has: limits of memory are promised for two cores, and other tests run beside.
    environ = {"YEOUL_ENGINE__WORKERS": "2", "YEOUL_WEBHOOK__ALLOW_PRIVATE": "true"}
    server = Server(tmp_path_factory.mktemp("server") / "data", **environ).start()
    yield server
    server.stop()


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Servers of a test's own, stopped at its end."""
    made: list[Server] = []

    def make(*options: str, **environ: str) -> Server:
        server = Server(tmp_path / f"data{len(made)}", *options, **environ)
        made.append(server)
        return server.start()

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium, chromium)
        yield browser
        browser.close()
