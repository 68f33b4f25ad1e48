"""The file of results keeps the newest run of each figure."""

from __future__ import annotations

import json
from pathlib import Path

from bench.figure import Figure, save_figures


def test_runs_of_other_figures_stay(tmp_path: Path):
    file = tmp_path / "results.json"
    save_figures([Figure("P1", "cost", "<= 1.10", [1.2], cores=4, load=0.5), Figure("P2", "wall", "<= 1.10", [1.0])], file)
    save_figures([Figure("P5", "tail", "<= 1.5", [1.1], cores=2, load=1.5)], file)
    save_figures([Figure("P2", "wall", "<= 1.10", [0.9])], file)
    kept = {figure["id"]: figure for figure in json.loads(file.read_text())["figures"]}
    assert {name: figure["values"] for name, figure in kept.items()} == {"P1": [1.2], "P2": [0.9], "P5": [1.1]}
    assert [(kept[name]["cores"], kept[name]["load"]) for name in ("P1", "P5")] == [(4, 0.5), (2, 1.5)]
