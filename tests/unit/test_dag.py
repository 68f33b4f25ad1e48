"""DAG definitions: the built-in ones, and what is said about those that are wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yeoul.base.errors import DagError
from yeoul.bootstrap import read_definitions
from yeoul.pipeline.dag.compile import compile_definition, parse_definition
from yeoul.pipeline.dag.condition import FACTS
from yeoul.pipeline.dag.definition import Definition, make_units
from yeoul.pipeline.ops import Context, Output
from yeoul.pipeline.ops.registry import BUILT_IN
from yeoul.pipeline.task.op import op

HEAD = "name: mine\nstages:\n"
NOTHING = {name: {"boolean": False, "number": 0, "text": ""}[kind] for name, kind in FACTS.items()}


class Blur(Output):
    sharpness: float


@op(version="3")
def blur(context: Context, *, threshold: float = 1.0) -> Blur:
    raise NotImplementedError


@op(version="1", publishes=True)
def verdict(context: Context, found: list[Blur]) -> Output:
    raise NotImplementedError


@op(version="1", publishes=True)
def single(context: Context, found: Blur) -> Output:
    raise NotImplementedError


OPS = {**BUILT_IN, **{made.name: made for made in (blur, verdict, single)}}


def parse(stages: str) -> Definition:
    return parse_definition(HEAD + stages, "mine.yaml", OPS)


@pytest.mark.parametrize("name", sorted(read_definitions()))
def test_the_built_in_definitions_are_right_and_travel(name: str):
    made = parse_definition(read_definitions()[name], f"{name}.yaml", BUILT_IN)
    assert made.name == name
    assert Definition.model_validate(made.model_dump(mode="json", by_alias=True)) == made
    names = [stage.name for stage in made.stages]
    assert all(names.index(need) < names.index(stage.name) for stage in made.stages for need in stage.needs)


def test_standard():
    made = parse_definition(read_definitions()["standard"], "standard.yaml", BUILT_IN)
    full = {stage.name: stage for stage in made.active_stages({**NOTHING, "has_audio": True, "rungs": 4})}
    of_pictures = {"encode_low", "encode_all", "poster", "tiles", "storyboard", "better_poster", "package"}
    assert set(full) == {*of_pictures, "encode", "audio", "more_audio"}
    assert full["encode_low"].parameters == {"rungs": "lowest"} and full["encode_low"].latency_sensitive
    assert full["encode"].optional and not full["encode_low"].optional
    for index in range(8):  # each rung of each piece is encoded once
        taken = [full[name].parameters["rungs"] for name in ("encode_low", "encode", "encode_all") if full[name].has_tasks_for(index)]
        assert taken == (["lowest", "others"] if index < 3 else ["all"])
    small = {stage.name: stage for stage in made.active_stages({**NOTHING, "rungs": 1})}
    assert set(small) == {*of_pictures, "more_audio"}
    assert small["package"].needs == ("encode_low", "encode_all")


def test_stages_come_after_their_needs_however_they_are_written():
    made = parse("  b: {op: package, scope: video, needs: [a]}\n  a: {op: encode, scope: piece}\n")
    assert [stage.name for stage in made.stages] == ["a", "b"]


def test_what_an_urgent_stage_needs_is_urgent_and_versions_are_those_of_the_ops():
    made = parse(
        "  a: {op: blur, scope: piece}\n"
        "  b: {op: verdict, scope: video, needs: [a], latency_sensitive: true}\n"
        "  c: {op: encode, scope: piece}\n"
    )
    assert {stage.name: (stage.latency_sensitive, stage.version) for stage in made.stages} == {
        "a": (True, "3"),
        "b": (True, "1"),
        "c": (False, BUILT_IN["encode"].version),
    }


def test_a_group_takes_what_its_members_take():
    slots = "slots: {cpu: 2, memory_mb: 100, tags: [fast]}"
    made = parse(
        f"  a: {{op: encode, scope: piece, group: work, retries: 3, timeout_s: 10, {slots}}}\n"
        "  b: {op: tiles, scope: piece, group: work, needs: [a], optional: true, timeout_s: 5, slots: {cpu: 1, memory_mb: 200, gpu: 1}}\n"
        "  c: {op: storyboard, scope: video, needs: [b]}\n"
    )
    work, sheets = make_units(made.stages).values()
    assert (work.name, work.optional, work.retries, work.timeout_s) == ("work", False, 3, 15)
    assert (work.slots.cpu, work.slots.memory_mb, work.slots.gpu, work.slots.tags) == (2, 200, 1, ("fast",))
    assert sheets.name == "c"


A = "  a: {op: encode, scope: piece}\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("stages: [", 1, "invalid YAML"),
        ("just words", 1, "a definition must be a mapping with a name and stages"),
        ("name: mine", 1, "a definition must be a mapping with a name and stages"),
        ("name: mine\nstages: []", 1, "a definition must be a mapping with a name and stages"),
        (f"stages:\n{A}", 1, "name: Field required"),
        (f"name: No Spaces\nstages:\n{A}", 1, "name: .*pattern"),
        (f"name: mine\ncolour: red\nstages:\n{A}", 2, "colour: Extra inputs"),
        (f"name: mine\nladder:\n  max_height: 100\nstages:\n{A}", 3, "ladder.max_height: .*144"),
        (HEAD + "  a: encode", 3, "stage a must be a mapping"),
        (HEAD + "  a: {op: encode}", 3, "stage a, scope: Field required; add `scope`"),
        (HEAD + "  a: {op: encode, scope: film}", 3, "stage a, scope: Input should be 'video', 'piece', 'rung' or 'track'"),
        (HEAD + "  a: {op: encode, scope: piece, name: b}", 3, "stage a must not set name, version, looks_at or renditions"),
        (HEAD + "  a: {op: encode, scope: piece, retrys: 3}", 3, "stage a, retrys: Extra inputs are not permitted; did you mean retries?"),
        (HEAD + "  a:\n    op: encode\n    scope: piece\n    slots: {cpu: 0}", 6, "stage a, slots.cpu: .*greater than 0"),
        (HEAD + "  a: {op: encode, scope: piece, slots: {cpu: 1000}}", 3, "stage a, slots.cpu: .*less than or equal to 64"),
        (HEAD + "  a: {op: encode, scope: piece, timeout_s: -1}", 3, "stage a, timeout_s: .*greater than 0"),
        (
            HEAD + "  a: {op: encode, scope: piece, when: has_luck}",
            3,
            "stage a, when, column 1: there is no fact has_luck; available facts: ",
        ),
        (
            HEAD + "  a: {op: encode, scope: piece, when: has_audio >= 3}",
            3,
            "stage a, when, column 1: has_audio is a boolean, but a number",
        ),
        (HEAD + "  A b: {op: encode, scope: piece}", 3, "stage A b, name: .*pattern"),
        (HEAD + A + A, 4, "duplicate key a; keep one of them"),
        (HEAD + "  a: {op: encoda, scope: piece}", 3, "stage a: there is no op encoda; did you mean encode?"),
        (
            HEAD + "  a: {op: bake, scope: piece}",
            3,
            "stage a: there is no op bake; available ops: audio, audio_track, better_poster, ",
        ),
        (HEAD + A + "  b: {op: tiles, scope: piece, needs: [aa]}", 4, "stage b needs aa, which does not exist; did you mean a?"),
        (
            HEAD + "  a: {op: encode, scope: piece, with: {rungs: some}}",
            3,
            "stage a, parameter rungs: Input should be 'lowest', 'others' or 'all'",
        ),
        (HEAD + "  a: {op: encode, scope: piece, with: {crf: 3}}", 3, "stage a, parameter crf: Extra inputs .*; encode takes rungs"),
        (HEAD + "  a: {op: poster, scope: video, pieces: rest}", 3, "stage a of scope video cannot take `pieces: rest`"),
        (HEAD + "  a: {op: encode, scope: video}", 3, "stage a: op encode works on a piece; give it `scope: piece`"),
        (HEAD + "  a: {op: encode, scope: piece, needs: [a]}", 3, "stages need each other in a cycle: a -> a"),
        (
            HEAD + "  a: {op: encode, scope: piece, needs: [b]}\n  b: {op: tiles, scope: piece, needs: [a]}",
            None,
            "stages need each other in a cycle: (a -> b -> a|b -> a -> b)",
        ),
        (
            HEAD + A + "  p: {op: package, scope: video, needs: [a]}\n  b: {op: tiles, scope: piece, needs: [a, p]}",
            5,
            "stage b of scope piece cannot need p, which waits for the whole upload",
        ),
        (HEAD + A + "  b: {op: audio, scope: piece, needs: [a]}", 4, "stage b needs a, but op audio takes no Encoded; remove the need"),
        (HEAD + "  b: {op: tiles, scope: piece}", 3, r"stage b: none of its needs returns encoded \(Encoded\)"),
        (HEAD + A + "  b: {op: blur, scope: piece}", 4, "stage b: no stage uses its Blur, and its op publishes nothing"),
        (
            HEAD + "  a: {op: blur, scope: piece}\n  b: {op: single, scope: video, needs: [a]}",
            4,
            r"stage b: found takes one Blur, but a would give several; change the op's parameter to list\[Blur\]",
        ),
        (
            HEAD + "  a: {op: blur, scope: piece, optional: true}\n  b: {op: verdict, scope: video, needs: [a]}",
            4,
            "stage b requires found, but a may fail",
        ),
        (
            HEAD + "  a: {op: encode, scope: piece, group: g}\n  b: {op: poster, scope: video, group: g}",
            4,
            "stage b has another scope or other pieces than a",
        ),
        (HEAD + "  a: {op: audio_track, scope: video, optional: true}", 3, "stage a: op audio_track works on an audio track"),
        (HEAD + "  a: {op: audio_track, scope: track}", 3, "stage a: a failed additional audio track must not fail the video"),
        (
            HEAD + "  a: {op: audio_track, scope: track, optional: true}\n  b: {op: package, scope: video, needs: [a]}",
            4,
            "stage b needs a, which works on audio tracks",
        ),
        (
            HEAD + A + "  b: {op: tiles, scope: piece, needs: [a], group: a}\n  c: {op: storyboard, scope: video, needs: [b]}",
            4,
            "group a has the name",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int | None, message: str):
    with pytest.raises(DagError, match=f"^mine.yaml:{line or '[34]'}: {message}") as caught:
        parse_definition(text, "mine.yaml", OPS)
    assert caught.value.facts["file"] == "mine.yaml" and caught.value.facts["hint"]


def test_everything_wrong_is_said_at_once():
    _, problems = compile_definition(
        HEAD + "  a: {op: bake, scope: piece}\n  b: {op: tiles, scope: piece, needs: [c], when: hdr and}\n", "mine.yaml", OPS
    )
    assert [problem.line for problem in problems] == [3, 4, 4]


_BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "  a: !!python/object/apply:os.system ['touch PROOF']", "invalid YAML: could not determine a constructor"),
        (HEAD + "  a: !!python/name:os.system", "invalid YAML: could not determine a constructor"),
        (HEAD + "  a: !include /etc/passwd", "invalid YAML: could not determine a constructor"),
        (HEAD + "  a: {op: ../../../etc/passwd, scope: piece}", "there is no op ../../../etc/passwd"),
        (HEAD + "  a: {op: encode, scope: piece, when: \"__import__('os').system('touch PROOF')\"}", "stage a, when"),
        (HEAD + "  a: {op: encode, scope: piece, when: \"open('/etc/passwd').read() == ''\"}", "stage a, when"),
        (HEAD + '  a: {op: encode, scope: piece, when: "().__class__.__mro__"}', "stage a, when"),
        (HEAD + '  a: {op: encode, scope: piece, when: "9 ** 9 ** 9 > 1"}', "stage a, when"),
        (HEAD + f'  a: {{op: encode, scope: piece, when: "{"not " * 5000}has_audio"}}', "at most 500 characters"),
        (HEAD + f'  a: {{op: encode, scope: piece, when: "{"(" * 240}has_audio{")" * 240}"}}', "not a condition"),
        (_BOMB, "anchors and aliases are not allowed"),
        ("&a {name: *a}", "anchors and aliases are not allowed"),
        ("[" * 5000, "nested more than 16 levels deep"),
    ],
)
def test_a_hostile_file_does_nothing(text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It runs no code, reads no file, and takes neither all memory nor all time."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DagError, match=re.escape(message)) as caught:
        parse_definition(text, "mine.yaml", OPS)
    assert "root:" not in str(caught.value.to_dict())
    assert list(tmp_path.iterdir()) == []
