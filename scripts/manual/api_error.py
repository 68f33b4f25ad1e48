"""Finds the errors that an endpoint can answer with, by reading its code and the code that it calls.

It follows calls of functions in Yeoul's modules, of methods of `Parts`, and of an object's own attributes. It does not know what a
condition excludes, so the list may be longer than what a client sees. Errors that any request can get are left to the head of the page.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, get_args, get_type_hints

from yeoul.base import errors
from yeoul.base.errors import YeoulError

Resolved = Any  # a function, class, module, or None
_RAISES = re.compile(r"\b([A-Z]\w*Error)\b")
_MAX_DEPTH = 12
# Any request can get these, or they describe a failure that no request causes.
COMMON = frozenset(
    {
        *("account.disabled", "internal.error", "request.bad_method", "request.too_many", "request.too_slow", "server.unavailable"),
        *("server.database_damaged", "storage.full", "storage.unavailable"),
    }
)


def find_errors(functions: list[Callable[..., Any]]) -> list[type[YeoulError]]:
    """Returns the error classes that these functions can raise, sorted by code."""
    seen: set[Callable[..., Any]] = set()
    found: set[type[YeoulError]] = set()
    for function in functions:
        _visit(function, None, seen, found, 0)
    return sorted((cls for cls in found if cls.code not in COMMON), key=lambda cls: cls.code)


def _visit(
    function: Callable[..., Any], owner: type | None, seen: set[Callable[..., Any]], found: set[type[YeoulError]], depth: int
) -> None:
    if function in seen or depth > _MAX_DEPTH:
        return
    seen.add(function)
    found |= _read_raises(function.__doc__)
    names = _Names(function, owner)
    for call in _list_calls(function):
        target, target_owner = names.resolve(call.func)
        if isinstance(target, type) and issubclass(target, YeoulError):
            found.add(target)
        elif isinstance(target, type) and _is_ours(target):
            initial = vars(target).get("__init__")
            if isinstance(initial, types.FunctionType):
                _visit(initial, target, seen, found, depth + 1)
        elif isinstance(target, types.FunctionType) and _is_ours(target):
            _visit(inspect.unwrap(target), target_owner, seen, found, depth + 1)


def _is_ours(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith("yeoul.")


def _read_raises(docstring: str | None) -> set[type[YeoulError]]:
    """The errors that a docstring names after "Raises"."""
    _, _, text = (docstring or "").partition("Raises ")
    named = (getattr(errors, name, None) for name in _RAISES.findall(text))
    return {cls for cls in named if isinstance(cls, type) and issubclass(cls, YeoulError)}


@cache
def _list_nodes(function: Callable[..., Any]) -> tuple[ast.AST, ...]:
    """All nodes in the body of a function; () for those without source, such as the `__init__` of a dataclass."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError, TypeError):
        return ()
    definition = tree.body[0]
    body = definition.body if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef) else [definition]
    return tuple(node for statement in body for node in ast.walk(statement))


def _list_calls(function: Callable[..., Any]) -> Iterator[ast.Call]:
    return (node for node in _list_nodes(function) if isinstance(node, ast.Call))


class _Names:
    """What the names in a function's code stand for. owner: the class of `self`."""

    def __init__(self, function: Callable[..., Any], owner: type | None) -> None:
        self._globals: Mapping[str, Any] = getattr(function, "__globals__", {})
        self._types = _read_hints(function)
        if owner is not None:
            self._types = {**self._types, "self": owner}

    def resolve(self, node: ast.expr) -> tuple[Resolved, type | None]:
        """Returns (what is called, the class whose method it is)."""
        if isinstance(node, ast.Name):
            return self._globals.get(node.id), None
        if not isinstance(node, ast.Attribute):
            return None, None
        cls = self._type_of(node.value)
        if cls is not None:
            return getattr(cls, node.attr, None), cls
        module, _ = self.resolve(node.value)
        return (getattr(module, node.attr, None), None) if isinstance(module, types.ModuleType) else (None, None)

    def _type_of(self, node: ast.expr) -> type | None:
        """The class of a value, for parameters with annotations and for fields of their classes."""
        if isinstance(node, ast.Name):
            return self._types.get(node.id)
        if isinstance(node, ast.Attribute) and (cls := self._type_of(node.value)) is not None:
            return _read_fields(cls).get(node.attr)
        return None


def _as_class(hint: Any) -> type | None:
    """The class of Yeoul that an annotation names, also in `Annotated[...]` and `... | None`; None for all others."""
    options = [hint, *get_args(hint)]
    return next((option for option in options if isinstance(option, type) and _is_ours(option)), None)


@cache
def _read_hints(function: Callable[..., Any]) -> dict[str, type]:
    try:
        hints = get_type_hints(function, localns=_read_type_imports(function.__module__))
    except (NameError, TypeError):
        return {}
    return {name: cls for name, hint in hints.items() if (cls := _as_class(hint)) is not None}


@cache
def _read_fields(cls: type) -> dict[str, type]:
    """Classes of an object's fields: annotated ones, and those that `__init__` sets to one of its parameters."""
    imports = _read_type_imports(cls.__module__)
    try:
        fields = {name: kind for name, hint in get_type_hints(cls, localns=imports).items() if (kind := _as_class(hint)) is not None}
    except (NameError, TypeError):
        fields = {}
    return fields | dict(_read_assigned(vars(cls).get("__init__")))


@cache
def _read_type_imports(module: str) -> dict[str, Any]:
    """The names that a module of Yeoul imports only for type checkers."""
    if not module.startswith("yeoul."):
        return {}
    blocks = [
        node.body
        for node in ast.parse(inspect.getsource(import_module(module))).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    imports = [node for body in blocks for node in body if isinstance(node, ast.ImportFrom) and node.module is not None]
    return {alias.name: getattr(import_module(str(node.module)), alias.name) for node in imports for alias in node.names}


def _read_assigned(initial: Any) -> Iterator[tuple[str, type]]:
    if not isinstance(initial, types.FunctionType) or not _is_ours(initial):
        return
    hints = _read_hints(initial)
    for node in _list_nodes(initial):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in hints:
            for target in node.targets:
                if isinstance(target, ast.Attribute):
                    yield target.attr, hints[node.value.id]
