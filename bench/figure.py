"""One line of the table of targets, and the file that keeps the newest run of each."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.process import own_cores


@dataclass
class Figure:
    """One line. values: one for each run; detail: what they were made of; cores and load (1 min): where and as its last run ended.

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
