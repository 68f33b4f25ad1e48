"""Real services for the contract suites, started at their first use and once per test run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.swift.server import SwiftEndpoint, SwiftServer


@pytest.fixture(scope="session")
def swift_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwiftEndpoint]:
    """A running OpenStack Swift with its S3 API."""
    server = SwiftServer(tmp_path_factory.mktemp("swift"))
    endpoint = server.start()
    yield endpoint
    server.stop()
