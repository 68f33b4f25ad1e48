"""Checking and compiling DAG definitions: YAML text in, a definition or every problem out, each with its line and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any, cast

import yaml
from pydantic import ValidationError

from yeoul.base.errors import ConditionError, DagError
from yeoul.pipeline.dag.condition import parse_condition
from yeoul.pipeline.dag.definition import Definition, Stage, make_units
from yeoul.pipeline.dag.edges import check_edges
from yeoul.pipeline.task.op import Op

Path = tuple[str, ...]

_DEEPEST = 16
_COMPILED = {"version", "looks_at", "renditions"}  # fields of a stage that its op has


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and what to do about it. line counts from 1."""

    file: str
    line: int
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.advice}"


def _find_wild(text: str) -> tuple[int, str, str] | None:
    """What makes a small file a huge or endless one: (line, what, advice). Raises YAMLError."""
    depth = 0
    for event in cast("Iterator[yaml.Event]", yaml.parse(text, Loader=yaml.SafeLoader)):  # pyright: ignore[reportUnknownMemberType]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            return line, "a definition has no anchors and aliases", "write out what is meant"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return line, f"nested more than {_DEEPEST} deep", "a definition is a flat list of stages"
    return None


class _Document:
    """A YAML document with the line of every key, and of what is wrong in it."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.lines: dict[Path, int] = {(): 1}
        self.tree: Any = None
        try:
            if (wild := _find_wild(text)) is not None:
                self.problems.append(Problem(file, *wild))
                return
            root = cast("yaml.Node | None", yaml.compose(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
            self.tree = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or str(error)
            self.problems.append(Problem(file, 1 if mark is None else mark.line + 1, f"not YAML: {what}", "correct the syntax"))
            return
        if root is not None:
            self._note(root, ())

    def _note(self, node: yaml.Node, path: Path) -> None:
        if not isinstance(node, yaml.MappingNode):
            return
        seen: set[str] = set()
        for key, value in cast("list[tuple[yaml.ScalarNode, yaml.Node]]", node.value):
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                self.problems.append(Problem(self.file, line, f"{name} stands here twice", "keep one of them"))
            seen.add(name)
            self.lines[*path, name] = line
            self._note(value, (*path, name))

    def line(self, path: Path) -> int:
        """The line of a path, or of the nearest thing above it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def say(self, path: Path, what: str, advice: str) -> None:
        self.problems.append(Problem(self.file, self.line(path), what, advice))


def compile_definition(text: str, file: str, ops: Mapping[str, Op]) -> tuple[Definition | None, list[Problem]]:
    """(definition, nothing) or (None, everything that is wrong, in order of lines)."""
    document = _Document(text, file)
    definition = None if document.problems else _compile(document, ops)
    problems = sorted(document.problems, key=lambda problem: problem.line)
    return (None, problems) if problems else (definition, [])


def parse_definition(text: str, file: str, ops: Mapping[str, Op]) -> Definition:
    """The same, raising DagError with the first problem's words; facts: file, line, hint, problems."""
    definition, problems = compile_definition(text, file, ops)
    if definition is None:
        first = problems[0]
        raise DagError(str(first), file=file, line=first.line, hint=first.advice, problems=[str(problem) for problem in problems])
    return definition


def _as_mapping(value: Any) -> dict[Any, Any]:
    return cast("dict[Any, Any]", value) if isinstance(value, dict) else {}


def _compile(document: _Document, ops: Mapping[str, Op]) -> Definition | None:
    tree = _as_mapping(document.tree)
    bodies = _as_mapping(tree.get("stages"))
    if not bodies:
        document.say((), "a definition is a mapping with a name and stages", "begin with `name: mine` and `stages:`")
        return None
    stages = {str(name): _read_stage(document, str(name), body) for name, body in bodies.items()}
    sound = {name: stage for name, stage in stages.items() if stage is not None}
    for stage in sound.values():
        _check_stage(document, stage, stages, ops)
    if document.problems:
        return None
    ordered = _order(document, sound)
    if ordered is None:
        return None
    for path, what, advice in [*_find_group_faults(ordered), *check_edges(ordered, ops)]:
        document.say(("stages", *path), what, advice)
    if document.problems:
        return None
    facts = {name: {"version": found.version, "looks_at": found.looks_at, "renditions": found.renditions} for name, found in ops.items()}
    finished = tuple(stage.model_copy(update=facts[stage.op]) for stage in _inherit_latency(ordered))
    return _finish(document, tree, finished)


def _read_stage(document: _Document, name: str, body: Any) -> Stage | None:
    path = ("stages", name)
    if not isinstance(body, dict):
        document.say(path, f"stage {name} must be a mapping", "give it at least `op` and `scope`")
        return None
    fields = cast("dict[Any, Any]", body)
    if {"name", *_COMPILED} & set(fields):
        what = f"stage {name} has a field name, version, looks_at or renditions"
        document.say(path, what, "leave it out: the key is the name, the op has the others")
        return None
    try:
        return Stage.model_validate({"name": name, **fields})
    except ValidationError as error:
        for found in error.errors():
            where = tuple(str(part) for part in found["loc"])
            advice = _advise_field(where[-1] if where else "", found["type"])
            document.say((*path, *where), f"stage {name}, {'.'.join(where) or 'stage'}: {found['msg']}", advice)
        return None


def _advise_field(name: str, kind: str) -> str:
    if kind != "extra_forbidden":
        return "correct it" if kind != "missing" else f"add `{name}`"
    known = [field.alias or key for key, field in Stage.model_fields.items() if key not in _COMPILED]
    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"a stage may have {', '.join(known)}"


def _check_stage(document: _Document, stage: Stage, stages: Mapping[str, Stage | None], ops: Mapping[str, Op]) -> None:
    path = ("stages", stage.name)
    if stage.op not in ops:
        near = get_close_matches(stage.op, ops, 1)
        known = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(ops))}"
        document.say((*path, "op"), f"stage {stage.name}: there is no op {stage.op}", known)
    elif ops[stage.op].network and not ops[stage.op].granted:
        advice = f"the operator grants it by the setting engine.network_ops = {stage.op!r}"
        document.say((*path, "op"), f"stage {stage.name}: op {stage.op} needs the network, which it may not use here", advice)
    for name, wrong in ops[stage.op].find_wrong_parameters(stage.parameters) if stage.op in ops else []:
        takes = ", ".join(ops[stage.op].parameters.model_fields) or "none"
        document.say((*path, "with", name), f"stage {stage.name}, parameter {name}: {wrong}", f"{stage.op} takes {takes}")
    for need in stage.needs:
        if need not in stages:
            near = get_close_matches(need, stages, 1)
            advice = f"did you mean {near[0]}?" if near else "name a stage of this file"
            document.say((*path, "needs"), f"stage {stage.name} needs {need}, which does not exist", advice)
    if stage.pieces == "rest" and stage.scope == "video":
        advice = "it may look at the `opening` ones; or leave `pieces` out"
        document.say((*path, "pieces"), f"stage {stage.name} of scope video cannot take the rest of the pieces", advice)
    if stage.when is not None:
        _check_condition(document, stage)


def _check_condition(document: _Document, stage: Stage) -> None:
    try:
        parse_condition(stage.when or "")
    except ConditionError as error:
        where = f"stage {stage.name}, when, column {error.facts['column']}"
        document.say(("stages", stage.name, "when"), f"{where}: {error.message}", "a condition is like `has_audio and short_side >= 1080`")


def _order(document: _Document, stages: Mapping[str, Stage]) -> list[Stage] | None:
    try:
        order = list(TopologicalSorter({name: list(stage.needs) for name, stage in stages.items()}).static_order())
    except CycleError as error:
        circle: list[str] = error.args[1]
        document.say(
            ("stages", circle[0], "needs"), f"stages need each other in a circle: {' -> '.join(circle)}", "remove one of these needs"
        )
        return None
    return [stages[name] for name in order]


def _find_group_faults(stages: list[Stage]) -> Iterator[tuple[Path, str, str]]:
    first: dict[str, Stage] = {}
    names = {stage.name for stage in stages}
    for stage in stages:
        if stage.group is None:
            continue
        begun = first.setdefault(stage.group, stage)
        if stage.group in names:
            yield (stage.name, "group"), f"group {stage.group} has the name of a stage", "give it another name"
        if (stage.scope, stage.pieces) != (begun.scope, begun.pieces):
            what = f"stage {stage.name} is not of the scope and pieces of {begun.name}, with which it is grouped"
            yield (stage.name, "group"), what, "group stages of one scope and the same pieces"
    try:
        make_units(tuple(stages))
    except ValueError:
        inside = [stage for stage in stages if stage.group is not None]
        what = "a group needs a stage that needs the group"
        yield (inside[0].name, "group"), what, "put that stage into the group too, or take one out of it"


def _inherit_latency(stages: list[Stage]) -> list[Stage]:
    """What a latency-sensitive stage needs is latency-sensitive too."""
    urgent: set[str] = set()
    for stage in reversed(stages):
        if stage.latency_sensitive or stage.name in urgent:
            urgent |= {stage.name, *stage.needs}
    return [stage.model_copy(update={"latency_sensitive": stage.name in urgent}) for stage in stages]


def _finish(document: _Document, tree: Mapping[Any, Any], stages: tuple[Stage, ...]) -> Definition | None:
    try:
        return Definition.model_validate({**{str(key): value for key, value in tree.items()}, "stages": stages})
    except ValidationError as error:
        for found in error.errors():
            where = tuple(str(part) for part in found["loc"])
            document.say(where, f"{'.'.join(where)}: {found['msg']}", f"a definition has {', '.join(Definition.model_fields)}")
        return None
