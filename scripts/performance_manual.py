"""Writes docs/performance.md from bench/results.json: `.venv/bin/python scripts/performance_manual.py`, after `make bench`."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
RESULTS = REPOSITORY / "bench" / "results.json"
MANUAL = REPOSITORY / "docs" / "performance.md"

_HEAD = """\
# Performance

`make bench` measures these figures. Most are ratios of two things that run in turn in the same benchmark, such as an upload to Yeoul
and one ffmpeg that makes the same renditions, so that they hold on other machines too. A row shows the median, and the smallest and the
largest value, of the newest run of its figure. `bench/` holds the benchmarks; `python -m bench P9` runs one of them.

| figure | what is measured, and against what | median | range | goal | met | date | machine |
|---|---|---|---|---|---|---|---|
"""


def _is_met(target: str, value: float) -> str:
    words = target.split()
    if not words or words[0] not in ("<=", ">=", "<", ">"):
        return ""
    bound = float(words[1].replace(",", ""))
    held = {"<=": value <= bound, ">=": value >= bound, "<": value < bound, ">": value > bound}[words[0]]
    return "yes" if held else "**no**"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def make_row(figure: dict[str, Any]) -> str:
    """Returns the row of a figure."""
    middle = statistics.median(figure["values"])
    cells = [figure["id"], figure["what"].replace("|", "/"), _number(middle)]
    cells += [f"{_number(min(figure['values']))} to {_number(max(figure['values']))}", figure["target"].replace("|", "/")]
    machine = f"{figure['machine']}, {figure['cores']} cores, load {figure['load']:.1f}"
    return "| " + " | ".join([*cells, _is_met(figure["target"], middle), figure["date"], machine]) + " |"


def main() -> None:
    figures = [figure for figure in json.loads(RESULTS.read_text())["figures"] if figure.get("date")]
    MANUAL.write_text(_HEAD + "".join(f"{make_row(figure)}\n" for figure in figures if figure["values"]))


if __name__ == "__main__":
    main()
