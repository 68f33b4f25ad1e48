"""Runs ops by name, on a worker."""

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
        self._outputs = {name: op.output for name, op in ops.items()}

    def run(self, name: str, context: Context, task: TaskInput) -> Output:
        """Runs an op. Returns its output with its sidecars. Raises InvalidError if this worker has no such op, and the errors of the op."""
        output = self._find(name).run(context, task, self._outputs)
        return output.model_copy(update={"sidecars": {**output.sidecars, **context.sidecars}})

    def parse_output(self, name: str, outputs: bytes) -> Output:
        """Parses the JSON output of an op that ran in another process. Raises InvalidError if the output does not match the op's type."""
        try:
            return self._find(name).output.model_validate_json(outputs)
        except ValidationError as error:
            raise InvalidError(f"op {name} returned an output that does not match its type", op=name, errors=error.error_count()) from error

    def has_network_access(self, name: str, members: Iterable[str]) -> bool:
        """True if an op, or one of the members of its group, needs the network and is allowed to use it."""
        return any(self._ops[op].needs_network and self._ops[op].is_granted for op in (name, *members) if op in self._ops)

    def _find(self, name: str) -> Op:
        if name not in self._ops:
            raise InvalidError(f"this worker has no op {name}", op=name)
        return self._ops[name]
