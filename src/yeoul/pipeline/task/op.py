"""Ops: what is done to a video, as typed functions. The decorator reads a function's signature; edges of a DAG are checked against it.

Positional parameters are bound by their annotation: `Context`; `Source`, `Ladder` and `Rung` of the run; `Piece` (of the task) or
`list[Piece]` (those that a video-scoped stage has waited for); `LandedSound` (the file of the task's audio track); an `Output` class for
what the stage needed gives, `list[...]` of it where that has a task for each piece, `... | None` where it may have failed. Keyword-only
parameters are the stage's `with`.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from yeoul.base.errors import DagError, InvalidError
from yeoul.model.piece import LandedPiece
from yeoul.model.rendition import Rung
from yeoul.model.sound import LandedSound
from yeoul.model.source import Source
from yeoul.pipeline.task.data import Ladder, NeedOutput, Output, Part, TaskInput


@dataclass(frozen=True)
class Input:
    """One positional parameter. many: a list of them; optional: None stands for what failed or is not needed."""

    name: str
    kind: type[Any]
    many: bool = False
    optional: bool = False

    @property
    def is_edge(self) -> bool:
        """Whether it comes from a stage above."""
        return issubclass(self.kind, Output)


@dataclass(frozen=True)
class Op:
    """A named, versioned operation. inputs leave the context out; a new version makes earlier results worthless for reuse.

    publishes: it is of use also where no stage takes what it gives. renditions: it makes those of the rungs that its parameters `rungs` and
    `codec` choose. network: it needs the network; granted: the operator allows that.
    """

    name: str
    version: str
    function: Callable[..., Output]
    inputs: tuple[Input, ...]
    output: type[Output]
    parameters: type[BaseModel]
    publishes: bool = False
    network: bool = False
    renditions: bool = False
    granted: bool = False

    def __call__(self, *arguments: Any, **parameters: Any) -> Output:
        return self.function(*arguments, **parameters)

    @property
    def edges(self) -> tuple[Input, ...]:
        return tuple(found for found in self.inputs if found.is_edge)

    @property
    def looks_at(self) -> tuple[str, ...]:
        """What it looks at besides its edges and parameters, as `result_key` names it."""
        return tuple(sorted({_name_kind(found) for found in self.inputs if not found.is_edge}))

    def find_wrong_parameters(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """(parameter, what is wrong) of a stage's `with`."""
        try:
            self.parameters.model_validate(dict(values))
        except ValidationError as error:
            return [(".".join(str(part) for part in found["loc"]), found["msg"]) for found in error.errors()]
        return []

    def run(self, context: object, task: TaskInput, outputs_of: Mapping[str, type[Output]]) -> Output:
        """Bind a task's input and call the function. outputs_of: what the ops of the stages above give, by op name.

        Raises InvalidError when the task lacks something that the op cannot be without.
        """
        bound = [_bind(found, task, outputs_of) for found in self.inputs]
        parameters = self.parameters.model_validate(task.parameters)
        words = {name: getattr(parameters, name) for name in type(parameters).model_fields}
        return self.function(context, *bound, **words)


def op(
    *, version: str, name: str | None = None, publishes: bool = False, network: bool = False, renditions: bool = False
) -> Callable[[Callable[..., Output]], Op]:
    """Makes an op of a function. publishes: it stores tracks, pictures or sidecars for viewers. network: it needs the network.

    renditions: it makes the renditions that its parameters `rungs` and `codec` choose; when it fails permanently, they are dropped.

    Raises DagError when it cannot be bound.
    """

    def make(function: Callable[..., Output]) -> Op:
        return replace(_make_op(function, version, name or function.__name__, publishes=publishes), network=network, renditions=renditions)

    return make


def _make_op(function: Callable[..., Output], version: str, name: str, *, publishes: bool) -> Op:
    hints = get_type_hints(function)
    output = hints.get("return")
    if not (isinstance(output, type) and issubclass(output, Output)):
        raise DagError(f"op {name}: say what it gives: `-> Output` or a class of yours derived from it", op=name)
    inputs: list[Input] = []
    words: dict[str, Any] = {}
    for position, parameter in enumerate(inspect.signature(function).parameters.values()):
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            words[parameter.name] = (hints.get(parameter.name, Any), default)
        elif parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            raise DagError(f"op {name}: parameter {parameter.name} can be neither bound nor given by `with`", op=name)
        elif position > 0:  # the first one is the context
            inputs.append(_read_input(name, parameter.name, hints.get(parameter.name)))
    model = create_model(f"{name}_parameters", __config__=ConfigDict(extra="forbid", strict=False, allow_inf_nan=False), **words)
    return Op(name, version, function, tuple(inputs), output, model, publishes)


def _read_input(op_name: str, name: str, hint: Any) -> Input:
    kind, many, optional = hint, False, False
    if get_origin(kind) is list:
        many, kind = True, get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        if len(options) != 1:
            raise DagError(f"op {op_name}: parameter {name} may be one type or None, not several", op=op_name)
        optional, kind = True, options[0]
    if not (isinstance(kind, type) and issubclass(kind, Source | Ladder | Rung | LandedPiece | LandedSound | Part | Output | TaskInput)):
        raise DagError(
            f"op {op_name}: parameter {name} is of no type that can be bound; put `*` before what `with` gives", op=op_name, parameter=name
        )
    return Input(name, kind, many, optional)


def _name_kind(found: Input) -> str:
    if issubclass(found.kind, LandedPiece):
        return "pieces" if found.many else "piece"
    names: dict[type[Any], str] = {Source: "source", Ladder: "ladder", Rung: "rung", LandedSound: "sound", Part: "parts"}
    return next((name for kind, name in names.items() if issubclass(found.kind, kind)), "task")


def _bind(found: Input, task: TaskInput, outputs_of: Mapping[str, type[Output]]) -> Any:
    value = _find(found, task, outputs_of)
    if value is None and not found.optional:
        raise InvalidError(f"the op needs {found.name} ({found.kind.__name__}), which this task does not have", parameter=found.name)
    return value


def _find(found: Input, task: TaskInput, outputs_of: Mapping[str, type[Output]]) -> Any:
    if found.is_edge:
        values = list(_edge_values(found.kind, task.needs, outputs_of))
        return values if found.many else next(iter(values), None)
    if issubclass(found.kind, TaskInput):
        return task
    if issubclass(found.kind, LandedPiece):
        return list(task.pieces) if found.many else task.piece
    if issubclass(found.kind, LandedSound):
        return task.sound
    if issubclass(found.kind, Part):
        return list(task.parts)
    if issubclass(found.kind, Rung):
        return task.rung
    if issubclass(found.kind, Ladder):
        return Ladder(rungs=task.ladder, dropped=task.dropped) if task.ladder else None
    return task.source


def _edge_values(kind: type[Output], needs: tuple[NeedOutput, ...], outputs_of: Mapping[str, type[Output]]) -> Iterator[Output | None]:
    for need in needs:
        if issubclass(outputs_of[need.op], kind):
            yield None if need.outputs is None else outputs_of[need.op].model_validate(need.outputs)
