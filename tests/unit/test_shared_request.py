"""Requests that several threads share."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from yeoul.client.shared_request import SharedRequest


def test_calls_that_wait_for_a_request_share_the_next_one():
    sent: list[list[int]] = []
    first_is_on_its_way, may_end = threading.Event(), threading.Event()

    def send(items: Sequence[int]) -> Sequence[int]:
        sent.append(sorted(items))
        first_is_on_its_way.set()
        assert may_end.wait(20)
        return [item * 10 for item in items]

    shared = SharedRequest(send)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(shared.call, 1)
        assert first_is_on_its_way.wait(20)
        others = [pool.submit(shared.call, item) for item in (2, 3, 4)]
        while len(shared._waiting) < 3:
            pass
        may_end.set()
        assert [call.result(20) for call in (first, *others)] == [10, 20, 30, 40]
    assert sent == [[1], [2, 3, 4]]


def test_an_error_reaches_all_who_share_a_request():
    def refuse(items: Sequence[int]) -> Sequence[int]:
        raise OSError(f"cannot send {len(items)}")

    shared = SharedRequest(refuse)
    with ThreadPoolExecutor(4) as pool:
        for call in [pool.submit(shared.call, item) for item in range(8)]:
            with pytest.raises(OSError, match="cannot send"):
                call.result(20)
    assert shared._waiting == []
