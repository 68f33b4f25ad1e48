"""Ops: typed functions that process a video. The decorator reads a function's signature, and edges of a DAG are checked against it.

Positional parameters are bound by their annotation: `Context`; `Source`, `Ladder` and `Rung` of the run; `Piece` of the task, or
`list[Piece]` for those that a video-scoped stage has waited for; `LandedSound` for the file of the task's audio track; an `Output` class
for the output of a needed stage, `list[...]` of it if that stage has a task for each piece, `... | None` if it may have failed.
Keyword-only parameters are set by the stage's `with`.
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
    """One positional parameter of an op.

    is_list: it is a list. is_optional: it is None if its stage failed, or if the task has no such input.
    """

    name: str
    kind: type[Any]
    is_list: bool = False
    is_optional: bool = False

    @property
    def is_edge(self) -> bool:
        """True if the value is the output of another stage."""
        return issubclass(self.kind, Output)


@dataclass(frozen=True)
class Op:
    """A named, versioned op. inputs: all but the context. Results of another version are not reused.

    publishes: it is useful even if no stage reads its output. renditions: it makes the renditions that its parameters `rungs` and `codec`
    choose. needs_network: it needs the network. is_granted: the operator allows it to use the network.
    """

    name: str
    version: str
    function: Callable[..., Output]
    inputs: tuple[Input, ...]
    output: type[Output]
    parameters: type[BaseModel]
    publishes: bool = False
    needs_network: bool = False
    renditions: bool = False
    is_granted: bool = False

    def __call__(self, *arguments: Any, **parameters: Any) -> Output:
        return self.function(*arguments, **parameters)

    @property
    def edges(self) -> tuple[Input, ...]:
        return tuple(input_ for input_ in self.inputs if input_.is_edge)

    @property
    def looks_at(self) -> tuple[str, ...]:
        """Names of the inputs that it reads in addition to edges and parameters, as used in `result_key`."""
        return tuple(sorted({_name_kind(input_) for input_ in self.inputs if not input_.is_edge}))

    def find_wrong_parameters(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Returns (parameter, message) of each invalid value in a stage's `with`."""
        try:
            self.parameters.model_validate(dict(values))
        except ValidationError as error:
            return [(".".join(str(part) for part in detail["loc"]), detail["msg"]) for detail in error.errors()]
        return []

    def run(self, context: object, task: TaskInput, outputs_of: Mapping[str, type[Output]]) -> Output:
        """Binds a task's input and calls the function. outputs_of: output classes of the ops of needed stages, by op name.

        Raises InvalidError if the task lacks a required input.
        """
        bound = [_bind(input_, task, outputs_of) for input_ in self.inputs]
        parameters = self.parameters.model_validate(task.parameters)
        keywords = {name: getattr(parameters, name) for name in type(parameters).model_fields}
        return self.function(context, *bound, **keywords)


def op(
    *, version: str, name: str | None = None, publishes: bool = False, network: bool = False, renditions: bool = False
) -> Callable[[Callable[..., Output]], Op]:
    """Makes an op from a function. publishes: it stores tracks, pictures or sidecars for viewers. network: it needs the network.

    renditions: it makes the renditions that its parameters `rungs` and `codec` choose; if it fails permanently, they are dropped.

    Raises DagError if the signature cannot be bound.
    """

    def make(function: Callable[..., Output]) -> Op:
        return replace(
            _make_op(function, version, name or function.__name__, publishes=publishes), needs_network=network, renditions=renditions
        )

    return make


def _make_op(function: Callable[..., Output], version: str, name: str, *, publishes: bool) -> Op:
    hints = get_type_hints(function)
    output = hints.get("return")
    if not (isinstance(output, type) and issubclass(output, Output)):
        raise DagError(f"op {name}: annotate the return type with `Output` or a class derived from it", op=name)
    inputs: list[Input] = []
    keywords: dict[str, Any] = {}
    for position, parameter in enumerate(inspect.signature(function).parameters.values()):
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            keywords[parameter.name] = (hints.get(parameter.name, Any), default)
        elif parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            raise DagError(f"op {name}: parameter {parameter.name} must not be positional-only, *args or **kwargs", op=name)
        elif position > 0:  # the first one is the context
            inputs.append(_read_input(name, parameter.name, hints.get(parameter.name)))
    model = create_model(f"{name}_parameters", __config__=ConfigDict(extra="forbid", strict=False, allow_inf_nan=False), **keywords)
    return Op(name, version, function, tuple(inputs), output, model, publishes)


def _read_input(op_name: str, name: str, hint: Any) -> Input:
    kind, many, optional = hint, False, False
    if get_origin(kind) is list:
        many, kind = True, get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        if len(options) != 1:
            raise DagError(f"op {op_name}: parameter {name} must have one type, or one type and None", op=op_name)
        optional, kind = True, options[0]
    if not (isinstance(kind, type) and issubclass(kind, Source | Ladder | Rung | LandedPiece | LandedSound | Part | Output | TaskInput)):
        raise DagError(
            f"op {op_name}: parameter {name} has no type that can be bound; put `*` before parameters of `with`", op=op_name, parameter=name
        )
    return Input(name, kind, many, optional)


def _name_kind(input_: Input) -> str:
    if issubclass(input_.kind, LandedPiece):
        return "pieces" if input_.is_list else "piece"
    names: dict[type[Any], str] = {Source: "source", Ladder: "ladder", Rung: "rung", LandedSound: "sound", Part: "parts"}
    return next((name for kind, name in names.items() if issubclass(input_.kind, kind)), "task")


def _bind(input_: Input, task: TaskInput, outputs_of: Mapping[str, type[Output]]) -> Any:
    value = _find_value(input_, task, outputs_of)
    if value is None and not input_.is_optional:
        raise InvalidError(f"the op needs {input_.name} ({input_.kind.__name__}), which this task does not have", parameter=input_.name)
    return value


def _find_value(input_: Input, task: TaskInput, outputs_of: Mapping[str, type[Output]]) -> Any:
    if input_.is_edge:
        values = list(_edge_values(input_.kind, task.needs, outputs_of))
        return values if input_.is_list else next(iter(values), None)
    if issubclass(input_.kind, TaskInput):
        return task
    if issubclass(input_.kind, LandedPiece):
        return list(task.pieces) if input_.is_list else task.piece
    if issubclass(input_.kind, LandedSound):
        return task.sound
    if issubclass(input_.kind, Part):
        return list(task.parts)
    if issubclass(input_.kind, Rung):
        return task.rung
    if issubclass(input_.kind, Ladder):
        return Ladder(rungs=task.ladder, dropped=task.dropped) if task.ladder else None
    return task.source


def _edge_values(kind: type[Output], needs: tuple[NeedOutput, ...], outputs_of: Mapping[str, type[Output]]) -> Iterator[Output | None]:
    for need in needs:
        if issubclass(outputs_of[need.op], kind):
            yield None if need.outputs is None else outputs_of[need.op].model_validate(need.outputs)
