"""Checks and compiles DAG definitions: YAML text in, a definition or a list of all problems with lines and advice out. Pure."""

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

_MAX_DEPTH = 16
_COMPILED = {"version", "looks_at", "renditions"}  # fields of a stage that come from its op


@dataclass(frozen=True)
class Problem:
    """A problem in a definition, and advice on how to correct it. Lines count from 1."""

    file: str
    line: int
    what: str
    advice: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.advice}"


def _find_unsafe_construct(text: str) -> tuple[int, str, str] | None:
    """Returns (line, what, advice) of a construct that could make the parsed document huge or endless, or None. Raises YAMLError."""
    depth = 0
    for event in cast("Iterator[yaml.Event]", yaml.parse(text, Loader=yaml.SafeLoader)):  # pyright: ignore[reportUnknownMemberType]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            return line, "anchors and aliases are not allowed", "write the value out"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            return line, f"nested more than {_MAX_DEPTH} levels deep", "write a flat list of stages"
    return None


class _Document:
    """A YAML document, the line of each of its keys, and the problems found so far."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.lines: dict[Path, int] = {(): 1}
        self.tree: Any = None
        try:
            if (unsafe := _find_unsafe_construct(text)) is not None:
                self.problems.append(Problem(file, *unsafe))
                return
            root = cast("yaml.Node | None", yaml.compose(text, Loader=yaml.SafeLoader))  # pyright: ignore[reportUnknownMemberType]
            self.tree = yaml.safe_load(text)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or str(error)
            self.problems.append(Problem(file, 1 if mark is None else mark.line + 1, f"invalid YAML: {what}", "correct the syntax"))
            return
        if root is not None:
            self._record_lines(root, ())

    def _record_lines(self, node: yaml.Node, path: Path) -> None:
        if not isinstance(node, yaml.MappingNode):
            return
        seen: set[str] = set()
        for key, value in cast("list[tuple[yaml.ScalarNode, yaml.Node]]", node.value):
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                self.problems.append(Problem(self.file, line, f"duplicate key {name}", "keep one of them"))
            seen.add(name)
            self.lines[*path, name] = line
            self._record_lines(value, (*path, name))

    def line(self, path: Path) -> int:
        """Returns the line of a path, or of its nearest ancestor with a line."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def report(self, path: Path, what: str, advice: str) -> None:
        self.problems.append(Problem(self.file, self.line(path), what, advice))


def compile_definition(text: str, file: str, ops: Mapping[str, Op]) -> tuple[Definition | None, list[Problem]]:
    """Returns (definition, []), or (None, all problems in order of their lines)."""
    document = _Document(text, file)
    definition = None if document.problems else _compile(document, ops)
    problems = sorted(document.problems, key=lambda problem: problem.line)
    return (None, problems) if problems else (definition, [])


def parse_definition(text: str, file: str, ops: Mapping[str, Op]) -> Definition:
    """Returns the compiled definition. Raises DagError with the text of the first problem; facts: file, line, hint, problems."""
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
        document.report((), "a definition must be a mapping with a name and stages", "begin with `name: mine` and `stages:`")
        return None
    stages = {str(name): _read_stage(document, str(name), body) for name, body in bodies.items()}
    valid = {name: stage for name, stage in stages.items() if stage is not None}
    for stage in valid.values():
        _check_stage(document, stage, stages, ops)
    if document.problems:
        return None
    ordered = _order(document, valid)
    if ordered is None:
        return None
    for path, what, advice in [*_find_group_faults(ordered), *check_edges(ordered, ops)]:
        document.report(("stages", *path), what, advice)
    if document.problems:
        return None
    facts = {name: {"version": op.version, "looks_at": op.looks_at, "renditions": op.renditions} for name, op in ops.items()}
    compiled = tuple(stage.model_copy(update=facts[stage.op]) for stage in _inherit_latency(ordered))
    return _make_definition(document, tree, compiled)


def _read_stage(document: _Document, name: str, body: Any) -> Stage | None:
    path = ("stages", name)
    if not isinstance(body, dict):
        document.report(path, f"stage {name} must be a mapping", "add at least `op` and `scope`")
        return None
    fields = cast("dict[Any, Any]", body)
    if {"name", *_COMPILED} & set(fields):
        what = f"stage {name} must not set name, version, looks_at or renditions"
        document.report(path, what, "remove it: the key is the name, and the op sets the others")
        return None
    try:
        return Stage.model_validate({"name": name, **fields})
    except ValidationError as error:
        for details in error.errors():
            where = tuple(str(part) for part in details["loc"])
            advice = _advise_field(where[-1] if where else "", details["type"])
            document.report((*path, *where), f"stage {name}, {'.'.join(where) or 'stage'}: {details['msg']}", advice)
        return None


def _advise_field(name: str, kind: str) -> str:
    if kind != "extra_forbidden":
        return "correct it" if kind != "missing" else f"add `{name}`"
    fields = [field.alias or key for key, field in Stage.model_fields.items() if key not in _COMPILED]
    matches = get_close_matches(name, fields, 1)
    return f"did you mean {matches[0]}?" if matches else f"a stage can have {', '.join(fields)}"


def _check_stage(document: _Document, stage: Stage, stages: Mapping[str, Stage | None], ops: Mapping[str, Op]) -> None:
    path = ("stages", stage.name)
    if stage.op not in ops:
        matches = get_close_matches(stage.op, ops, 1)
        advice = f"did you mean {matches[0]}?" if matches else f"available ops: {', '.join(sorted(ops))}"
        document.report((*path, "op"), f"stage {stage.name}: there is no op {stage.op}", advice)
    elif ops[stage.op].needs_network and not ops[stage.op].is_granted:
        advice = f"the operator can allow it with the setting engine.network_ops = {stage.op!r}"
        document.report((*path, "op"), f"stage {stage.name}: op {stage.op} needs the network, but is not allowed to use it", advice)
    for name, error in ops[stage.op].find_wrong_parameters(stage.parameters) if stage.op in ops else []:
        takes = ", ".join(ops[stage.op].parameters.model_fields) or "none"
        document.report((*path, "with", name), f"stage {stage.name}, parameter {name}: {error}", f"{stage.op} takes {takes}")
    for need in stage.needs:
        if need not in stages:
            matches = get_close_matches(need, stages, 1)
            advice = f"did you mean {matches[0]}?" if matches else "name a stage of this file"
            document.report((*path, "needs"), f"stage {stage.name} needs {need}, which does not exist", advice)
    if stage.pieces == "rest" and stage.scope == "video":
        advice = "use `pieces: opening`, or remove `pieces`"
        document.report((*path, "pieces"), f"stage {stage.name} of scope video cannot take `pieces: rest`", advice)
    if stage.when is not None:
        _check_condition(document, stage)


def _check_condition(document: _Document, stage: Stage) -> None:
    try:
        parse_condition(stage.when or "")
    except ConditionError as error:
        where = f"stage {stage.name}, when, column {error.facts['column']}"
        document.report(("stages", stage.name, "when"), f"{where}: {error.message}", "example: `has_audio and short_side >= 1080`")


def _order(document: _Document, stages: Mapping[str, Stage]) -> list[Stage] | None:
    try:
        order = list(TopologicalSorter({name: list(stage.needs) for name, stage in stages.items()}).static_order())
    except CycleError as error:
        cycle: list[str] = error.args[1]
        what = f"stages need each other in a cycle: {' -> '.join(cycle)}"
        document.report(("stages", cycle[0], "needs"), what, "remove one of these needs")
        return None
    return [stages[name] for name in order]


def _find_group_faults(stages: list[Stage]) -> Iterator[tuple[Path, str, str]]:
    first_of: dict[str, Stage] = {}
    names = {stage.name for stage in stages}
    for stage in stages:
        if stage.group is None:
            continue
        first = first_of.setdefault(stage.group, stage)
        if stage.group in names:
            yield (stage.name, "group"), f"group {stage.group} has the name of a stage", "rename the group"
        if (stage.scope, stage.pieces) != (first.scope, first.pieces):
            what = f"stage {stage.name} has another scope or other pieces than {first.name}, which is in the same group"
            yield (stage.name, "group"), what, "group only stages with the same scope and pieces"
    try:
        make_units(tuple(stages))
    except ValueError:
        grouped = [stage for stage in stages if stage.group is not None]
        what = "a stage outside the group needs the group and is also needed by it"
        yield (grouped[0].name, "group"), what, "add that stage to the group too, or remove a stage from the group"


def _inherit_latency(stages: list[Stage]) -> list[Stage]:
    """Marks all direct and indirect needs of latency-sensitive stages as latency-sensitive."""
    urgent: set[str] = set()
    for stage in reversed(stages):
        if stage.latency_sensitive or stage.name in urgent:
            urgent |= {stage.name, *stage.needs}
    return [stage.model_copy(update={"latency_sensitive": stage.name in urgent}) for stage in stages]


def _make_definition(document: _Document, tree: Mapping[Any, Any], stages: tuple[Stage, ...]) -> Definition | None:
    try:
        return Definition.model_validate({**{str(key): value for key, value in tree.items()}, "stages": stages})
    except ValidationError as error:
        for details in error.errors():
            where = tuple(str(part) for part in details["loc"])
            document.report(where, f"{'.'.join(where)}: {details['msg']}", f"a definition can have {', '.join(Definition.model_fields)}")
        return None
