"""DAG definitions: the built-in one, and what is said about those that are wrong."""

from __future__ import annotations

import pytest

from yeoul.base.errors import DagError
from yeoul.bootstrap import read_definitions
from yeoul.pipeline.dag import Definition, parse_definition
from yeoul.pipeline.op_names import OP_NAMES

HEAD = "name: mine\nstages:\n"


def parse(stages: str) -> Definition:
    return parse_definition(HEAD + stages, "mine.yaml", OP_NAMES)


def test_the_names_of_ops_are_those_that_exist():
    from yeoul.pipeline.ops.registry import OPS

    assert set(OPS) == OP_NAMES


@pytest.mark.parametrize("name", sorted(read_definitions()))
def test_the_built_in_definitions_are_right_and_travel(name: str):
    made = parse_definition(read_definitions()[name], f"{name}.yaml", OP_NAMES)
    assert made.name == name
    assert Definition.model_validate(made.model_dump(mode="json", by_alias=True)) == made
    names = [stage.name for stage in made.stages]
    assert all(names.index(need) < names.index(stage.name) for stage in made.stages for need in stage.needs)


def test_standard():
    made = parse_definition(read_definitions()["standard"], "standard.yaml", OP_NAMES)
    full = {stage.name: stage for stage in made.active({"has_audio": True, "has_more_rungs": True})}
    assert set(full) == {"encode_low", "audio", "poster", "encode", "encode_all", "tiles", "storyboard", "best_poster", "package"}
    assert full["encode_low"].parameters == {"rungs": "lowest"} and full["encode_low"].latency_sensitive
    assert full["encode"].optional and not full["encode_low"].optional
    for index in range(8):  # each rung of each piece is encoded once
        taken = [full[name].parameters["rungs"] for name in ("encode_low", "encode", "encode_all") if full[name].takes(index)]
        assert taken == (["lowest", "others"] if index < 3 else ["all"])
    small = {stage.name: stage for stage in made.active({"has_audio": False, "has_more_rungs": False})}
    assert set(small) == {"encode_low", "encode_all", "poster", "tiles", "storyboard", "best_poster", "package"}
    assert small["package"].needs == ("encode_low", "encode_all", "best_poster", "storyboard")


def test_stages_come_after_their_needs_however_they_are_written():
    made = parse("  b: {op: package, scope: video, needs: [a]}\n  a: {op: encode, scope: piece}\n")
    assert [stage.name for stage in made.stages] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages: [", "mine.yaml: not YAML: (.|\\n)*line 1"),
        ("just words", "mine.yaml: a definition is a mapping with name and stages"),
        ("name: mine", "mine.yaml: a definition is a mapping with name and stages"),
        ("name: mine\nstages: []", "mine.yaml: a definition is a mapping with name and stages"),
        ("name: mine\nstages: {}", "mine.yaml: stages: .*at least 1"),
        ("stages:\n  a: {op: encode, scope: piece}", "mine.yaml: name: Field required"),
        ("name: No Spaces\nstages:\n  a: {op: encode, scope: piece}", "mine.yaml: name: .*pattern"),
        ("name: mine\ncolour: red\nstages:\n  a: {op: encode, scope: piece}", "mine.yaml: colour: Extra inputs"),
        ("name: mine\nladder: {max_height: 100}\nstages:\n  a: {op: encode, scope: piece}", "mine.yaml: ladder.max_height: .*144"),
        (HEAD + "  a: encode", "mine.yaml: stage a must be a mapping"),
        (HEAD + "  a: {op: encode}", "mine.yaml: stage a, scope: Field required"),
        (HEAD + "  a: {op: encode, scope: film}", "mine.yaml: stage a, scope: Input should be 'video' or 'piece'"),
        (HEAD + "  a: {op: encode, scope: piece, name: b}", "mine.yaml: stage a has its name already"),
        (HEAD + "  a: {op: encode, scope: piece, retries: 3}", "mine.yaml: stage a, retries: Extra inputs"),
        (HEAD + "  a: {op: encode, scope: piece, slots: {cpu: 0}}", "mine.yaml: stage a, slots.cpu: .*greater than 0"),
        (HEAD + "  a: {op: encode, scope: piece, timeout_s: -1}", "mine.yaml: stage a, timeout_s: .*greater than 0"),
        (HEAD + "  a: {op: encode, scope: piece, when: has_luck}", "mine.yaml: stage a, when: Input should be"),
        (HEAD + "  A b: {op: encode, scope: piece}", "mine.yaml: stage A b, name: .*pattern"),
        (HEAD + "  a: {op: bake, scope: piece}", "mine.yaml: stage a: there is no op bake; there are audio, encode, "),
        (HEAD + "  a: {op: encode, scope: piece, needs: [b]}", "mine.yaml: stage a needs b, which does not exist"),
        (
            HEAD + "  a: {op: poster, scope: video}\n  b: {op: encode, scope: piece, needs: [a]}",
            "mine.yaml: stage b of scope piece cannot need a of scope video",
        ),
        (
            HEAD + "  a: {op: encode, scope: piece, needs: [b]}\n  b: {op: tiles, scope: piece, needs: [a]}",
            "mine.yaml: stages need each other in a circle: (a -> b -> a|b -> a -> b)",
        ),
        (HEAD + "  a: {op: encode, scope: piece, needs: [a]}", "mine.yaml: stages need each other in a circle: a -> a"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str):
    with pytest.raises(DagError, match=f"^{message}") as caught:
        parse_definition(text, "mine.yaml", OP_NAMES)
    assert caught.value.facts["file"] == "mine.yaml"
