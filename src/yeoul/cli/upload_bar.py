"""The progress bar of an upload on a terminal: the sent bytes, the video's state, and the progress of encoding."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

State = Callable[[], tuple[int, int, dict[str, Any] | None]]
_REDRAW_EVERY_S = 0.1


class Bar:
    """A progress bar that draws a `State` until it is closed. enabled: False without a terminal, where it only prints lines."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def print_line(self, line: str) -> None:
        """Prints a line for the user."""
        print(f"yeoul: {line}", file=sys.stderr, flush=True)

    def show(self, state: State) -> None:
        """Starts drawing."""
        if self._enabled:
            self._thread = threading.Thread(target=self._draw, args=(state,), daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Draws the last state and stops."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _draw(self, state: State) -> None:
        from rich.console import Console  # slow to import, and only needed on a terminal
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description:<12}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        encode = (TextColumn("{task.fields[encoded]}"),)
        with Progress(*columns, *encode, console=Console(stderr=True), refresh_per_second=10) as progress:
            row = progress.add_task("starting", total=None, encoded="")
            while True:
                is_closing = self._stop.wait(_REDRAW_EVERY_S)
                sent, total, video = state()
                name = video["state"] if video else "uploading"
                encoded = f"encoded {video['progress']:.0%}" if video else ""
                progress.update(row, completed=min(sent, total), total=total, description=name, encoded=encoded)
                if is_closing:
                    return


@contextmanager
def open_bar(*, enabled: bool) -> Generator[Bar]:
    """Opens a bar and closes it at the end of the block."""
    bar = Bar(enabled=enabled)
    try:
        yield bar
    finally:
        bar.close()
