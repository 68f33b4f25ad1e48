"""Conditions of stages: small typed expressions over facts of the source, like `has_audio and short_side >= 1080`. Pure."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Literal

from yeoul.base.errors import ConditionError
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

Kind = Literal["boolean", "number", "text"]
Fact = bool | float | str

# Names that a condition can use. width, height: pixels as displayed, after rotation and SAR.
FACTS: Mapping[str, Kind] = {
    "has_video": "boolean",
    "has_audio": "boolean",
    "hdr": "boolean",
    "interlaced": "boolean",
    "width": "number",
    "height": "number",
    "short_side": "number",
    "duration_s": "number",
    "frame_rate": "number",
    "bit_depth": "number",
    "channels": "number",
    "rungs": "number",
    "codec": "text",
    "container": "text",
}
_LITERALS = {"true": True, "false": False}
_ORDER: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_EQUAL: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {ast.Eq: operator.eq, ast.NotEq: operator.ne}
_MEMBER: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_COMPARE = {**_ORDER, **_EQUAL, **_MEMBER}


def make_facts(source: Source, ladder: Sequence[Rung]) -> dict[str, Fact]:
    """Returns the facts of a probed source and its ladder, one for each name in `FACTS`."""
    video, audio = source.video, source.audio
    width, height = video.display_size
    return {
        "has_video": not source.cover,
        "has_audio": audio is not None,
        "hdr": video.is_hdr,
        "interlaced": video.interlaced,
        "width": width,
        "height": height,
        "short_side": min(width, height),
        "duration_s": source.duration_s,
        "frame_rate": video.frame_rate,
        "bit_depth": video.bit_depth,
        "channels": 0 if audio is None else audio.channels,
        "rungs": len(ladder),
        "codec": video.codec,
        "container": source.container,
    }


_MAX_LENGTH = 500  # characters


@cache
def parse_condition(text: str) -> ast.expr:
    """Returns the syntax tree of a checked condition. Raises ConditionError with the column of the mistake (from 1)."""
    if len(text) > _MAX_LENGTH:
        raise ConditionError(f"a condition can have at most {_MAX_LENGTH} characters", column=_MAX_LENGTH + 1)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ConditionError(f"not a condition: {error.msg}", column=error.offset or len(text.strip()) + 1) from error
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL, or too many nested brackets
        raise ConditionError(f"not a condition: {error}", column=1) from error
    if _infer_kind(tree) != "boolean":
        raise ConditionError(f"{ast.unparse(tree)} is not a boolean; compare it with a value", column=tree.col_offset + 1)
    return tree


def evaluate_condition(text: str, facts: Mapping[str, Fact]) -> bool:
    """True if the condition holds for the facts. Raises ConditionError."""
    return bool(_evaluate(parse_condition(text), facts))


def _infer_kind(node: ast.expr) -> Kind:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _require(value, "boolean")
            return "boolean"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _require(operand, "boolean")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _require(operand, "number")
        case ast.Compare():
            return _check_comparison(node)
        case ast.Name(id=name):
            return _infer_name_kind(node, name)
        case ast.Constant(value=bool()):
            return "boolean"
        case ast.Constant(value=int() | float()):
            return "number"
        case ast.Constant(value=str()):
            return "text"
        case _:
            raise ConditionError(
                f"{ast.unparse(node)}: use only facts, numbers, texts, `and`, `or`, `not` and comparisons", column=node.col_offset + 1
            )


def _require(node: ast.expr, expected: Kind) -> Kind:
    kind = _infer_kind(node)
    if kind != expected:
        raise ConditionError(f"{ast.unparse(node)} is a {kind}, but a {expected} is needed", column=node.col_offset + 1)
    return expected


def _infer_name_kind(node: ast.expr, name: str) -> Kind:
    if name in _LITERALS:
        return "boolean"
    if name not in FACTS:
        raise ConditionError(f"there is no fact {name}; available facts: {', '.join(sorted(FACTS))}", column=node.col_offset + 1)
    return FACTS[name]


def _check_comparison(node: ast.Compare) -> Kind:
    for (left, right), sign in zip(pairwise([node.left, *node.comparators]), node.ops, strict=True):
        if type(sign) in _MEMBER:
            if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
                raise ConditionError(f"{ast.unparse(right)}: `in` needs a list like [1, 2]", column=right.col_offset + 1)
            for item in right.elts:
                _require(item, _infer_kind(left))
        elif type(sign) in _ORDER:
            _require(left, "number")
            _require(right, "number")
        elif type(sign) in _EQUAL:
            _require(right, _infer_kind(left))
        else:
            raise ConditionError(f"{ast.unparse(node)}: compare with == != < <= > >= or in", column=node.col_offset + 1)
    return "boolean"


def _evaluate(node: ast.expr, facts: Mapping[str, Fact]) -> Any:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_evaluate(value, facts) for value in values)
        case ast.BoolOp(values=values):
            return any(_evaluate(value, facts) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _evaluate(operand, facts)
        case ast.UnaryOp(operand=operand):
            return -_evaluate(operand, facts)
        case ast.Compare(left=first, ops=signs, comparators=others):
            values = [_evaluate(value, facts) for value in (first, *others)]
            return all(_COMPARE[type(sign)](left, right) for (left, right), sign in zip(pairwise(values), signs, strict=True))
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [_evaluate(item, facts) for item in items]
        case ast.Name(id=name):
            return _LITERALS.get(name, facts.get(name))
        case ast.Constant(value=value):
            return value
        case _:
            raise ConditionError("the condition was not checked", column=node.col_offset + 1)
