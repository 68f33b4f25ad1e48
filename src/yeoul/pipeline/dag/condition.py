"""Conditions of stages: small typed expressions over the facts of a source, like `has_audio and short_side >= 1080`. Pure."""

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

Kind = Literal["truth", "number", "text"]
Fact = bool | float | str

# What a condition may ask for. width, height: pixels as displayed, after rotation and SAR.
FACTS: Mapping[str, Kind] = {
    "has_video": "truth",
    "has_audio": "truth",
    "hdr": "truth",
    "interlaced": "truth",
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
    """The facts of a probed source and its ladder; one for each name in `FACTS`."""
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


_LONGEST = 500  # characters


@cache
def parse_condition(text: str) -> ast.expr:
    """A checked condition. Raises ConditionError saying what is wrong, with the column (from 1)."""
    if len(text) > _LONGEST:
        raise ConditionError(f"a condition has at most {_LONGEST} characters", column=_LONGEST + 1)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ConditionError(f"not a condition: {error.msg}", column=error.offset or len(text.strip()) + 1) from error
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL; brackets within brackets
        raise ConditionError(f"not a condition: {error}", column=1) from error
    if _kind(tree) != "truth":
        raise ConditionError(f"{ast.unparse(tree)} is no yes or no; compare it with something", column=tree.col_offset + 1)
    return tree


def holds(text: str, facts: Mapping[str, Fact]) -> bool:
    """Whether a condition holds. Raises ConditionError."""
    return bool(_value(parse_condition(text), facts))


def _kind(node: ast.expr) -> Kind:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _want(value, "truth")
            return "truth"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _want(operand, "truth")
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _want(operand, "number")
        case ast.Compare():
            return _comparison(node)
        case ast.Name(id=name):
            return _name_kind(node, name)
        case ast.Constant(value=bool()):
            return "truth"
        case ast.Constant(value=int() | float()):
            return "number"
        case ast.Constant(value=str()):
            return "text"
        case _:
            raise ConditionError(
                f"{ast.unparse(node)}: only facts, numbers, texts, and, or, not and comparisons", column=node.col_offset + 1
            )


def _want(node: ast.expr, wanted: Kind) -> Kind:
    found = _kind(node)
    if found != wanted:
        raise ConditionError(f"{ast.unparse(node)} is a {found}, where a {wanted} is needed", column=node.col_offset + 1)
    return wanted


def _name_kind(node: ast.expr, name: str) -> Kind:
    if name in _LITERALS:
        return "truth"
    if name not in FACTS:
        raise ConditionError(f"there is no fact {name}; there are {', '.join(sorted(FACTS))}", column=node.col_offset + 1)
    return FACTS[name]


def _comparison(node: ast.Compare) -> Kind:
    for (left, right), sign in zip(pairwise([node.left, *node.comparators]), node.ops, strict=True):
        if type(sign) in _MEMBER:
            if not isinstance(right, ast.Tuple | ast.List) or not right.elts:
                raise ConditionError(f"{ast.unparse(right)}: `in` takes a list like [1, 2]", column=right.col_offset + 1)
            for item in right.elts:
                _want(item, _kind(left))
        elif type(sign) in _ORDER:
            _want(left, "number")
            _want(right, "number")
        elif type(sign) in _EQUAL:
            _want(right, _kind(left))
        else:
            raise ConditionError(f"{ast.unparse(node)}: compare with == != < <= > >= or in", column=node.col_offset + 1)
    return "truth"


def _value(node: ast.expr, facts: Mapping[str, Fact]) -> Any:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(value, facts) for value in values)
        case ast.BoolOp(values=values):
            return any(_value(value, facts) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, facts)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, facts)
        case ast.Compare(left=left, ops=signs, comparators=others):
            values = [_value(value, facts) for value in (left, *others)]
            return all(_COMPARE[type(sign)](one, other) for (one, other), sign in zip(pairwise(values), signs, strict=True))
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return [_value(item, facts) for item in items]
        case ast.Name(id=name):
            return _LITERALS.get(name, facts.get(name))
        case ast.Constant(value=value):
            return value
        case _:
            raise ConditionError("not a checked condition", column=node.col_offset + 1)
