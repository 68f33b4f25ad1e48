"""Running an op by name: the worker's side of the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from yeoul.base.errors import InvalidError
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Output, TaskInput
from yeoul.pipeline.task.op import Op


class OpRunner:
    """The ops of this worker."""

    def __init__(self, ops: Mapping[str, Op]) -> None:
        self._ops = ops
        self._outputs = {name: found.output for name, found in ops.items()}

    def run(self, name: str, context: Context, task: TaskInput) -> Output:
        """What an op gives, with the sidecars that it put. Raises InvalidError when there is no such op, and what the op raises."""
        made = self._find(name).run(context, task, self._outputs)
        return made.model_copy(update={"sidecars": {**made.sidecars, **context.sidecars}})

    def read(self, name: str, outputs: bytes) -> Output:
        """Returns what an op gave in another process, as JSON, in the type that it declares. Raises InvalidError when it does not fit."""
        try:
            return self._find(name).output.model_validate_json(outputs)
        except ValidationError as error:
            raise InvalidError(f"op {name} gave what it does not declare", op=name, errors=error.error_count()) from error

    def uses_network(self, name: str, members: Iterable[str]) -> bool:
        """Returns whether an op needs the network and may use it, or one of the ops that it runs."""
        return any(self._ops[one].network and self._ops[one].granted for one in (name, *members) if one in self._ops)

    def _find(self, name: str) -> Op:
        if name not in self._ops:
            raise InvalidError(f"this worker has no op {name}", op=name)
        return self._ops[name]
