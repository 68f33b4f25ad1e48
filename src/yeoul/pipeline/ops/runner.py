"""Running an op by name: the worker's side of the engine."""

from __future__ import annotations

from collections.abc import Mapping

from yeoul.base.errors import InvalidError
from yeoul.pipeline.op import Op
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task_data import Output, TaskInput


class OpRunner:
    """The ops of this worker."""

    def __init__(self, ops: Mapping[str, Op]) -> None:
        self._ops = ops
        self._outputs = {name: found.output for name, found in ops.items()}

    def run(self, name: str, context: Context, task: TaskInput) -> Output:
        """What an op gives, with the sidecars that it put. Raises InvalidError when there is no such op, and what the op raises."""
        if name not in self._ops:
            raise InvalidError(f"this worker has no op {name}", op=name)
        made = self._ops[name].run(context, task, self._outputs)
        return made.model_copy(update={"sidecars": {**made.sidecars, **context.sidecars}})
