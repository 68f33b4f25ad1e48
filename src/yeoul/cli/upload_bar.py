"""The progress bar of an upload on a terminal: bytes while they go, then the state and progress of the encode."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

State = Callable[[], tuple[int, int, dict[str, Any] | None]]
_EVERY_S = 0.1


class Bar:
    """Shows what `State` says until it is closed; without a terminal it only passes lines on."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, line: str) -> None:
        """One line for the user, beside the bar."""
        print(f"yeoul: {line}", file=sys.stderr, flush=True)

    def show(self, state: State) -> None:
        """Begin to draw."""
        if self._enabled:
            self._thread = threading.Thread(target=self._draw, args=(state,), daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Draw once more and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _draw(self, state: State) -> None:
        from rich.console import Console  # noqa: PLC0415 (only terminals pay for it)
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn  # noqa: PLC0415

        columns = (TextColumn("{task.description:<12}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        encode = (TextColumn("{task.fields[encoded]}"),)
        with Progress(*columns, *encode, console=Console(stderr=True), refresh_per_second=10) as progress:
            row = progress.add_task("starting", total=None, encoded="")
            while True:
                over = self._stop.wait(_EVERY_S)
                sent, total, video = state()
                name = video["state"] if video else "uploading"
                encoded = f"encoded {video['progress']:.0%}" if video else ""
                progress.update(row, completed=min(sent, total), total=total, description=name, encoded=encoded)
                if over:
                    return


@contextmanager
def open_bar(*, enabled: bool) -> Generator[Bar]:
    """A bar that is closed at the end of the block."""
    bar = Bar(enabled=enabled)
    try:
        yield bar
    finally:
        bar.close()
