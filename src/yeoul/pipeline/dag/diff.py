"""The difference of two definitions: stages added, removed, or changed field by field, and edges. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yeoul.model.noun import Noun
from yeoul.pipeline.dag.definition import Definition, Stage
from yeoul.pipeline.story.dag_drawing import Marks, draw_graph


class FieldChange(Noun):
    """One field of a stage, or of the definition (stage is None), that has another value."""

    stage: str | None
    field: str
    old: Any
    new: Any


class DagDiff(Noun):
    """What leads from one definition to another. Edges are (need, stage), into stages that both have."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[FieldChange, ...]
    added_edges: tuple[tuple[str, str], ...]
    removed_edges: tuple[tuple[str, str], ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.added_edges or self.removed_edges)


def compare(old: Definition, new: Definition) -> DagDiff:
    """How two definitions differ; name and description do not count."""
    before = {stage.name: stage for stage in old.stages}
    after = {stage.name: stage for stage in new.stages}
    both = [name for name in before if name in after]
    ladder = FieldChange(stage=None, field="ladder.max_height", old=old.ladder.max_height, new=new.ladder.max_height)
    fields = [change for name in both for change in _changes(before[name], after[name])]
    old_edges, new_edges = ([(need, name) for name in both for need in stages[name].needs] for stages in (before, after))
    return DagDiff(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=(*([ladder] if ladder.old != ladder.new else []), *fields),
        added_edges=tuple(edge for edge in new_edges if edge not in old_edges),
        removed_edges=tuple(edge for edge in old_edges if edge not in new_edges),
    )


def _changes(old: Stage, new: Stage) -> Iterator[FieldChange]:
    before, after = (_flatten(stage) for stage in (old, new))
    for field in dict.fromkeys([*before, *after]):
        if before.get(field) != after.get(field):
            yield FieldChange(stage=old.name, field=field, old=before.get(field), new=after.get(field))


def _flatten(stage: Stage) -> dict[str, Any]:
    """A stage's fields but its needs; parameters and slots one by one."""
    plain = stage.model_dump(mode="json", by_alias=True, exclude={"name", "needs"})
    parts = {f"{field}.{name}": value for field in ("with", "slots") for name, value in plain.pop(field).items()}
    return {**plain, **parts}


def write_diff(diff: DagDiff) -> list[str]:
    """Lines to read: `+` added, `-` removed, `~` changed."""
    lines = [f"+ stage {name}" for name in diff.added] + [f"- stage {name}" for name in diff.removed]
    for change in diff.changed:
        where = "" if change.stage is None else f"stage {change.stage}: "
        lines.append(f"~ {where}{change.field}: {_say(change.old)} -> {_say(change.new)}")
    lines += [f"+ {stage} needs {need}" for need, stage in diff.added_edges]
    return lines + [f"- {stage} needs {need}" for need, stage in diff.removed_edges]


def _say(value: Any) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def draw_diff(old: Definition, new: Definition) -> str:
    """The new definition, with what is gone put back in and everything that differs marked."""
    diff = compare(old, new)
    merged = _merge(old, new, diff)
    touched = {change.stage for change in diff.changed} | {stage for _, stage in (*diff.added_edges, *diff.removed_edges)}
    classes = {name: "changed" for name in touched if name is not None}
    classes |= dict.fromkeys(diff.added, "added") | dict.fromkeys(diff.removed, "removed")
    edges = dict.fromkeys(diff.added_edges, "added") | dict.fromkeys(diff.removed_edges, "removed")
    for stage in merged.stages:
        for need in stage.needs:
            found = {classes.get(stage.name), classes.get(need)} & {"added", "removed"}
            edges.setdefault((need, stage.name), "removed" if "removed" in found else "added" if found else "")
    notes = {
        stage.name: [
            ("hot", f"{change.field}: {_say(change.old)} → {_say(change.new)}") for change in diff.changed if change.stage == stage.name
        ]
        for stage in merged.stages
    }
    said = "the same stages" if diff.is_empty else f"from {old.name} to {new.name}"
    legend = [("add", "added"), ("drop", "removed"), ("hot", "changed")]
    return draw_graph(merged, Marks(notes, classes, edges), said, legend)


def _merge(old: Definition, new: Definition, diff: DagDiff) -> Definition:
    """All stages of both. Edges that are gone come back where that makes no circle; removed stages leave their group."""
    back = {(need, stage) for need, stage in diff.removed_edges}
    stages = [stage.model_copy(update={"group": None}) for stage in old.stages if stage.name in diff.removed]
    everything = [*new.stages, *stages]
    given = {stage.name: [*stage.needs, *(need for need, name in back if name == stage.name)] for stage in everything}
    for stage in stages:
        for user in old.stages:
            if stage.name in user.needs and user.name not in diff.removed:
                given[user.name].append(stage.name)
    ordered = _order(given)
    known = {stage.name: stage for stage in everything}
    kept: list[Stage] = []
    for name in ordered:
        past = {stage.name for stage in kept}
        kept.append(known[name].model_copy(update={"needs": tuple(need for need in dict.fromkeys(given[name]) if need in past)}))
    return new.model_copy(update={"stages": tuple(kept)})


def _order(given: dict[str, list[str]]) -> list[str]:
    """Names, each after what it is given as far as there is no circle."""
    done: list[str] = []
    waiting = dict(given)
    while waiting:
        free = next((name for name, needs in waiting.items() if not any(need in waiting for need in needs)), next(iter(waiting)))
        done.append(free)
        del waiting[free]
    return done
