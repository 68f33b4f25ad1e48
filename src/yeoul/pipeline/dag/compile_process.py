"""`python -m yeoul.pipeline.dag.compile_process`: compiles DAG definitions in a separate process, which can load users' ops.

Standard input: {"ops": [Python files], "network_ops": [names], "definitions": {name: YAML text}}. Standard output: {name: compiled
definition}. If a definition or an op is invalid, each problem is a line on standard error, and the exit code is 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from yeoul.base.errors import DagError
from yeoul.pipeline.dag.compile import compile_definition
from yeoul.pipeline.ops.registry import load_ops


def main() -> int:
    """Compiles the definitions read from standard input. Returns the exit code."""
    request = json.load(sys.stdin)
    try:
        ops = load_ops([Path(path) for path in request["ops"]], request["network_ops"])
    except DagError as error:
        print(error.message, file=sys.stderr)
        return 1
    compiled: dict[str, object] = {}
    errors: list[str] = []
    for name, text in request["definitions"].items():
        definition, problems = compile_definition(text, f"{name}.yaml", ops)
        errors += [str(problem) for problem in problems]
        if definition is not None:
            compiled[name] = definition.model_dump(mode="json", by_alias=True)
    print("\n".join(errors), file=sys.stderr)
    json.dump(compiled, sys.stdout)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
