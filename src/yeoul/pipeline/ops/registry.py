"""The registry of ops: built-in ops, and ops of users."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from yeoul.base.errors import DagError
from yeoul.pipeline.ops.audio import audio, audio_track
from yeoul.pipeline.ops.encode import encode
from yeoul.pipeline.ops.group import group
from yeoul.pipeline.ops.inspect import inspect
from yeoul.pipeline.ops.loudness import choose_gain, loudness
from yeoul.pipeline.ops.package import package
from yeoul.pipeline.ops.per_title import choose_ladder, sample
from yeoul.pipeline.ops.poster import better_poster, poster
from yeoul.pipeline.ops.split import split
from yeoul.pipeline.ops.storyboard import storyboard, tiles
from yeoul.pipeline.task.op import Op

ENTRY_POINTS = "yeoul.ops"
BUILT_IN: Mapping[str, Op] = {
    built_in.name: built_in
    for built_in in (
        *(split, inspect, encode, audio, audio_track, poster, better_poster, tiles, storyboard, package, group),
        *(sample, choose_ladder, loudness, choose_gain),
    )
}


def load_ops(files: Sequence[Path] = (), network: Collection[str] = ()) -> Mapping[str, Op]:
    """Returns built-in ops, ops of installed packages (entry points of the group `yeoul.ops`), and ops of Python files, by name.

    network: names of ops that the operator allows to use the network. Raises DagError if a file cannot be loaded, or if two ops have the
    same name.
    """
    ops = dict(BUILT_IN)
    for origin, op in [*_load_installed(), *(pair for file in files for pair in _load_file(file))]:
        if op.name in ops:
            raise DagError(f"{origin}: an op named {op.name} already exists", op=op.name)
        ops[op.name] = replace(op, is_granted=op.name in network)
    return ops


def _load_installed() -> Iterator[tuple[str, Op]]:
    for point in entry_points(group=ENTRY_POINTS):
        loaded = point.load()
        yield from _find_ops(loaded, point.value) if isinstance(loaded, ModuleType) else [(point.value, loaded)]


def _load_file(file: Path) -> Iterator[tuple[str, Op]]:
    name = f"yeoul_ops_{file.stem}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise DagError(f"{file}: not a Python file", file=str(file))
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise DagError(f"{file}: cannot be loaded: {type(error).__name__}: {error}", file=str(file)) from error
    yield from _find_ops(module, str(file))


def _find_ops(module: ModuleType, origin: str) -> Iterator[tuple[str, Op]]:
    """Yields (origin, op) for the ops that a module defines, without those that it imports."""
    for value in vars(module).values():
        if isinstance(value, Op) and value.function.__module__ == module.__name__:
            yield origin, value
