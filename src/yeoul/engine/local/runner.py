"""The runner: what an engine calls for every attempt, named by "module:function" so that any process can load it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from yeoul.engine.local import process
from yeoul.model.work import Work

Progress = Callable[[float], None]
# It may put the attempt's traffic under the name TRAFFIC into what it returns, or into the attributes of what it raises.
Run = Callable[[Work, Path, Progress], dict[str, Any]]
RunnerFactory = Callable[[dict[str, Any]], Run]


def load_runner(name: str, config: dict[str, Any]) -> Run:
    """Import "module:function" and call it with `config`; raises RuntimeError when that leaves a second thread, which fork would lose."""
    module, _, function = name.partition(":")
    factory: RunnerFactory = getattr(import_module(module), function)
    run = factory(config)
    threads = process.thread_count()
    if threads > 1:
        raise RuntimeError(f"{name} left {threads - 1} threads running; open clients inside the run function, not in the factory")
    return run
