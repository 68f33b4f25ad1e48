"""The DAG scheduler: grows a run's graph as pieces land and knows when it has ended. Pure: events in, instructions out.

Stages are cut into tasks: a piece-scoped stage has one for each landed piece, a video-scoped stage one, added at once when it
needs no piece-scoped stage and else when the upload is closed. Adding a task twice is harmless (its place names it), so a
scheduler is rebuilt after a crash by handling the past events again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yeoul.pipeline.dag import Definition, Stage


@dataclass(frozen=True)
class PieceLanded:
    """A piece is in the store."""

    index: int


@dataclass(frozen=True)
class UploadClosed:
    """No piece follows; there are `pieces` of them."""

    pieces: int


@dataclass(frozen=True)
class TaskEnded:
    """A task ended; ok is False when it failed for good."""

    stage: str
    piece: int | None
    ok: bool


Event = PieceLanded | UploadClosed | TaskEnded


@dataclass(frozen=True)
class AddTask:
    """Put a task into the resource manager's queue, to wait for its needs (places of other tasks)."""

    stage: Stage
    piece: int | None
    needs: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True)
class EndRun:
    """The run has ended; `failed` names the stage whose failure ended it, None when all went well."""

    failed: str | None = None


Instruction = AddTask | EndRun


class DagScheduler:
    """The graph of one run."""

    def __init__(self, definition: Definition, facts: Mapping[str, bool]) -> None:
        self._stages: dict[str, Stage] = {stage.name: stage for stage in definition.active(facts)}
        self._after_close = self._closing_stages()
        self._landed: set[int] = set()
        self._ended: set[tuple[str, int | None]] = set()
        self._pieces: int | None = None
        self._closed = False
        self._expected = 0  # tasks of a closed upload
        self._over = False

    def _closing_stages(self) -> frozenset[str]:
        """Video-scoped stages that have a piece-scoped stage above them."""
        found: set[str] = set()
        for stage in self._stages.values():  # in topological order
            above = [self._stages[need] for need in stage.needs]
            if stage.scope == "video" and any(need.scope == "piece" or need.name in found for need in above):
                found.add(stage.name)
        return frozenset(found)

    def start(self) -> Sequence[Instruction]:
        """What can be added before any piece is known."""
        at_once = [stage for stage in self._stages.values() if stage.scope == "video" and stage.name not in self._after_close]
        return [self._video_task(stage) for stage in at_once]

    def handle(self, event: Event) -> Sequence[Instruction]:
        """Apply one event; repeated events change nothing."""
        match event:
            case PieceLanded(index):
                return self._land(index)
            case UploadClosed(pieces):
                return self._close(pieces)
            case TaskEnded():
                return self._end_task(event)

    def _land(self, index: int) -> Sequence[Instruction]:
        if self._over or index in self._landed:
            return []
        self._landed.add(index)
        taking = [stage for stage in self._stages.values() if stage.scope == "piece" and stage.takes(index)]
        added: list[Instruction] = [self._piece_task(stage, index) for stage in taking]
        return added + list(self._close_if_all_landed())

    def _close(self, pieces: int) -> Sequence[Instruction]:
        if self._pieces is None:
            self._pieces = pieces
        return self._close_if_all_landed()

    def _close_if_all_landed(self) -> Sequence[Instruction]:
        """The closing stages need tasks of every piece, so that they wait for the last one, even when it is heard of late."""
        if self._over or self._closed or self._pieces is None or len(self._landed) < self._pieces:
            return []
        self._closed = True
        self._expected = sum(len(self._taken(stage)) if stage.scope == "piece" else 1 for stage in self._stages.values())
        added: list[Instruction] = [self._video_task(stage) for stage in self._stages.values() if stage.name in self._after_close]
        return added + list(self._end_if_complete())

    def _end_task(self, event: TaskEnded) -> Sequence[Instruction]:
        if self._over or (event.stage, event.piece) in self._ended or event.stage not in self._stages:
            return []
        self._ended.add((event.stage, event.piece))
        if not event.ok and not self._stages[event.stage].optional:
            self._over = True
            return [EndRun(failed=event.stage)]
        return self._end_if_complete()

    def _end_if_complete(self) -> Sequence[Instruction]:
        if self._over or self._pieces is None or not self._closed:
            return []
        if len(self._ended) < self._expected:
            return []
        self._over = True
        return [EndRun()]

    def _taken(self, stage: Stage) -> list[int]:
        """The pieces of a closed upload for which a piece-scoped stage has a task."""
        return [index for index in range(self._pieces or 0) if stage.takes(index)]

    def _piece_task(self, stage: Stage, index: int) -> AddTask:
        return AddTask(stage, index, tuple((need, index) for need in stage.needs if self._stages[need].takes(index)))

    def _video_task(self, stage: Stage) -> AddTask:
        needs: list[tuple[str, int | None]] = []
        for need in stage.needs:
            above = self._stages[need]
            needs += [(need, index) for index in self._taken(above)] if above.scope == "piece" else [(need, None)]
        return AddTask(stage, None, tuple(needs))
