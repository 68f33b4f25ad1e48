"""The built-in ops by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yeoul.pipeline.ops.audio import audio
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.ops.encode import encode
from yeoul.pipeline.ops.inspect import inspect
from yeoul.pipeline.ops.package import package
from yeoul.pipeline.ops.poster import poster
from yeoul.pipeline.ops.split import split
from yeoul.pipeline.ops.storyboard import storyboard, tiles
from yeoul.pipeline.task_data import TaskInput, TaskOutput

Op = Callable[[Context, TaskInput], TaskOutput]

OPS: Mapping[str, Op] = {
    "split": split,
    "inspect": inspect,
    "encode": encode,
    "audio": audio,
    "poster": poster,
    "tiles": tiles,
    "storyboard": storyboard,
    "package": package,
}
