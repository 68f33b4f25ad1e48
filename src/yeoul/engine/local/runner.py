"""The runner: the function that an engine calls for every attempt, named by "module:function" so that any process can load it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from yeoul.engine.local import process
from yeoul.model.work import Work

Progress = Callable[[float], None]
# A runner may add the attempt's traffic, by the name TRAFFIC, to the mapping that it returns, or as an attribute to the error it raises.
Run = Callable[[Work, Path, Progress], dict[str, Any]]
RunnerFactory = Callable[[dict[str, Any]], Run]


def load_runner(name: str, config: dict[str, Any]) -> Run:
    """Imports "module:function" and calls it with `config`. Raises RuntimeError if that leaves a second thread, which a fork would lose."""
    module, _, function = name.partition(":")
    factory: RunnerFactory = getattr(import_module(module), function)
    run = factory(config)
    threads = process.thread_count()
    if threads > 1:
        raise RuntimeError(f"{name} left {threads - 1} threads running; open clients inside the run function, not in the factory")
    return run
