"""Writes docs/formats.md, the codecs that are accepted in each container, from the matrix of tests. Takes some minutes.

Called as `python scripts/formats_manual.py` from the folder of the project.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.clips.matrix import CODECS, CONTAINERS, make_samples
from tests.media.test_matrix import REFUSED, judge

_HEAD = """# Formats

Yeoul accepts these combinations of container and video codec. For each, ffmpeg wrote a test file of two seconds, with sound if the
container can hold any, and the splitter and the encoder processed it. Every frame came out at its time, with its sound. `make test-all`
repeats this (`tests/media/test_matrix.py`), and `python scripts/formats_manual.py` writes this page.

| container | accepted video codecs |
|---|---|
"""
_TAIL = """
ffmpeg can decode these, but Yeoul refuses them with an error code:

| container | codec | error |
|---|---|---|
"""
_LEAST_FRAMES = 25


def main() -> None:
    """Try all pairs and write the page."""
    rows: list[str] = []
    for container in CONTAINERS:
        taken: list[str] = []
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            work = folder / "work"
            work.mkdir()
            for sample in make_samples(container, folder):
                found = judge(sample, container, work)
                if found:
                    raise SystemExit(f"{sample.codec} in {container}: {found}")
                if sample.frames > _LEAST_FRAMES and (container, sample.codec) not in REFUSED:
                    taken.append(sample.codec)
        if taken:
            rows.append(f"| {container} | {', '.join(sorted(taken, key=CODECS.index))} |\n")
    refused = [f"| {container} | {codec} | `{error.code}` |\n" for (container, codec), error in REFUSED.items()]
    Path("docs/formats.md").write_text(_HEAD + "".join(rows) + _TAIL + "".join(refused), encoding="utf-8")


if __name__ == "__main__":
    main()
