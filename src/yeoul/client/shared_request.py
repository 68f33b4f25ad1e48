"""Joins calls of several threads into one request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class SharedRequest(Generic[_Item, _Answer]):
    """Sends items of several threads together: while one request is under way, the items of further calls wait for the next one.

    A single thread never waits. send: sends items and returns an answer for each, in the same order. If it raises an error, all its callers
    get it.
    """

    def __init__(self, send: Callable[[Sequence[_Item]], Sequence[_Answer]]) -> None:
        self._send = send
        self._lock = threading.Lock()  # of `_waiting`
        self._turn = threading.Lock()  # held while a request is under way
        self._waiting: list[tuple[_Item, Future[_Answer]]] = []

    def call(self, item: _Item) -> _Answer:
        """Returns the answer for an item. Raises what `send` raises."""
        answer: Future[_Answer] = Future()
        with self._lock:
            self._waiting.append((item, answer))
        with self._turn:
            if not answer.done():  # else the request before this one has carried the item
                self._send_waiting()
        return answer.result()

    def _send_waiting(self) -> None:
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            answers = self._send([item for item, _ in batch])
        except BaseException as error:
            for _, future in batch:
                future.set_exception(error)
            raise
        for (_, future), answer in zip(batch, answers, strict=True):
            future.set_result(answer)
