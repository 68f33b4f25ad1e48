"""One line of the table of targets, and the file that keeps the newest run of each."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.process import own_cores


def _find_machine() -> str:
    """Returns the name of the processor."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return found[1].strip() if found else platform.machine()


@dataclass
class Figure:
    """One line. values: one for each run; detail: what they were made of; cores, load (1 min), date and machine: of its last run's end.

    least: a value below it cannot be, and says that the bench measured something else. Raises ValueError for such a value.
    """

    id: str
    what: str
    target: str
    values: list[float]
    detail: dict[str, object] = field(default_factory=dict)
    cores: int = field(default_factory=lambda: len(own_cores()))
    least: float = 0.0
    load: float = field(default_factory=lambda: os.getloadavg()[0])
    date: str = field(default_factory=lambda: time.strftime("%Y-%m-%d"))
    machine: str = field(default_factory=_find_machine)

    def __post_init__(self) -> None:
        if self.values and min(self.values) < self.least:
            raise ValueError(f"{self.id} cannot be {min(self.values):.3f}: below {self.least}, something else was measured")

    def line(self) -> str:
        middle = statistics.median(self.values)
        found = f"{self.id:<7} {middle:8.3f}  [{min(self.values):.3f} .. {max(self.values):.3f}]  target {self.target:<10} {self.what}"
        return f"{found}  ({self.cores} cores, load {self.load:.1f})"


def save_figures(figures: Sequence[Figure], path: Path) -> None:
    """Put figures into the file; those of other ids stay as they are."""
    kept = json.loads(path.read_text())["figures"] if path.exists() else []
    found = {figure["id"]: figure for figure in kept} | {figure.id: asdict(figure) for figure in figures}
    path.write_text(json.dumps({"figures": list(found.values())}, indent=1))
