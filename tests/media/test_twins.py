"""Each twin has the facts of its clip and is not easier; and the facts are true of the real clips where these are there."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.clips.cache import RECIPES, make_twins
from tests.clips.collection import ALL, has_real_clips, real_folder
from tests.clips.compare import EXCEPTIONS, find_differences, find_other_types
from tests.clips.facts import Facts, get_facts, read_facts
from tests.clips.runs import read_hex, read_numbers, write_hex, write_runs
from tests.harness.cut import leave_out

FRAMES = 25  # of each clip that are looked at
SMALLEST = 0.5  # of the clip's bytes
LEAST_DETAIL = 0.5  # of the clip's
NO_TEXTURE, STILL, QUIETER_DB, SILENCE_DB = 1.5, 0.05, 7.0, -150.0

# Where the real clips are at hand, `make test` makes only these twins, one of each container and encoder; `make test-all` makes all.
CHEAP = ("anamorphic-sar2x1.mp4", "mpeg4-mp3.avi", "no-initial-keyframe.ts", "square-vp9.webm", "bad-garbage.mp4")
# One of each encoder that takes no whole second.
SAME = ("anamorphic-sar2x1.mp4", "with-srt-subtitles.mkv", "mpeg4-mp3.avi", "no-initial-keyframe.ts")


@cache
def look(folder: Path, name: str) -> Facts:
    return read_facts(folder / name, FRAMES)


@pytest.fixture(scope="module")
def twins(request: pytest.FixtureRequest) -> Path:
    """The folder of twins, with those that this run is about."""
    here = [item for item in request.session.items if isinstance(item, pytest.Function) and "twins" in item.fixturenames]
    asked = {str(item.callspec.params["name"]) for item in here if hasattr(item, "callspec") and "name" in item.callspec.params}
    whole = EXCEPTIONS if any(item.originalname == test_exceptions_are_needed.__name__ for item in here) else ()
    return make_twins(names={*CHEAP, *SAME, *asked, *whole})


TWINS = leave_out(ALL, {*ALL} - {*CHEAP} if has_real_clips() else ())


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_has_the_facts_of_its_clip(name: str, twins: Path) -> None:
    twin, clip = look(twins, name), get_facts(name)
    assert find_differences(name, twin, clip) == []
    if twin["opens"]:
        assert find_other_types(twin, clip) == []
        assert twin["look"].get("ordered") == clip["look"].get("ordered")


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_is_not_easier_than_its_clip(name: str, twins: Path) -> None:
    twin, clip = look(twins, name), get_facts(name)
    assert twin["size"] >= SMALLEST * clip["size"]
    if not twin["opens"]:
        assert twin["size"] == clip["size"]
        return
    ours, theirs = twin["look"], clip["look"]
    if "detail" in theirs:
        assert ours["detail"] >= max(NO_TEXTURE, LEAST_DETAIL * theirs["detail"])
        assert ours["change"] > STILL
    if "sound_db" in theirs:
        assert ours["sound_db"] >= theirs["sound_db"] - QUIETER_DB
        assert (ours["sound_db"] > SILENCE_DB) == (theirs["sound_db"] > SILENCE_DB)


@pytest.mark.parametrize("name", ALL)
def test_the_facts_are_true_of_the_real_clip(name: str) -> None:
    path = real_folder() / name
    if not path.is_file():
        return  # the facts are all that this tree has of it
    found = read_facts(path, FRAMES)
    clip = get_facts(name)
    assert found["size"] == clip["size"]
    assert find_differences("", found, clip) == []
    if found["opens"]:
        assert find_other_types(found, clip) == []


@pytest.mark.long
def test_exceptions_are_needed(twins: Path) -> None:
    for name, patterns in EXCEPTIONS.items():
        differences = find_differences("", look(twins, name), get_facts(name))
        for pattern in patterns:
            assert any(line.startswith(pattern.rstrip("*")) for line in differences), f"{name} no longer differs in {pattern}"


def test_the_same_generator_gives_the_same_bytes(twins: Path, tmp_path: Path) -> None:
    for name in SAME:
        folder = tmp_path / name
        folder.mkdir()
        assert RECIPES[name](folder) == (twins / name).read_bytes(), name


@pytest.mark.parametrize(("choice", "says"), [("real", "there are no clips at"), ("both", "use real or twins")])
def test_a_wrong_choice_is_told_in_one_line(choice: str, says: str, tmp_path: Path) -> None:
    code = "from tests.clips.collection import find_folder; find_folder()"
    surroundings = {**os.environ, "YEOUL_CLIPS": choice, "YEOUL_MEDIA": str(tmp_path / "nothing")}
    done = subprocess.run([sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=False,
                          cwd=Path(__file__).parents[2])  # fmt: skip
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and says in done.stderr


def test_runs_are_read_as_written() -> None:
    assert write_runs([5, 5, 5, -1, 2]) == "5*3 -1 2"
    assert read_numbers("5*3 -1 2") == [5, 5, 5, -1, 2]
    data = bytes([1, 2]) + bytes(40) + bytes([255] * 7)
    assert write_hex(data) == "010200(40)" + "ff" * 7
    assert read_hex(write_hex(data)) == data
