"""The difference between two definitions: stages added, removed, or changed field by field, and edges. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yeoul.model.noun import Noun
from yeoul.pipeline.dag.definition import Definition, Stage
from yeoul.pipeline.story.dag_drawing import Marks, draw_graph


class FieldChange(Noun):
    """A field of a stage, or of the definition (stage is None), whose value changed."""

    stage: str | None
    field: str
    old: Any
    new: Any


class DagDiff(Noun):
    """The differences between two definitions. Edges are (need, stage), where both definitions have the stage."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[FieldChange, ...]
    added_edges: tuple[tuple[str, str], ...]
    removed_edges: tuple[tuple[str, str], ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.added_edges or self.removed_edges)


def compare(old: Definition, new: Definition) -> DagDiff:
    """Returns the differences between two definitions. Names and descriptions are not compared."""
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
    """Returns the fields of a stage except its needs, with one entry for each parameter and each slot."""
    fields = stage.model_dump(mode="json", by_alias=True, exclude={"name", "needs"})
    parts = {f"{field}.{name}": value for field in ("with", "slots") for name, value in fields.pop(field).items()}
    return {**fields, **parts}


def write_diff(diff: DagDiff) -> list[str]:
    """Returns one line of text for each difference: `+` added, `-` removed, `~` changed."""
    lines = [f"+ stage {name}" for name in diff.added] + [f"- stage {name}" for name in diff.removed]
    for change in diff.changed:
        where = "" if change.stage is None else f"stage {change.stage}: "
        lines.append(f"~ {where}{change.field}: {_format(change.old)} -> {_format(change.new)}")
    lines += [f"+ {stage} needs {need}" for need, stage in diff.added_edges]
    return lines + [f"- {stage} needs {need}" for need, stage in diff.removed_edges]


def _format(value: Any) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def draw_diff(old: Definition, new: Definition) -> str:
    """Draws the new definition together with the removed stages and edges. All differences are marked."""
    diff = compare(old, new)
    merged = _merge(old, new, diff)
    touched = {change.stage for change in diff.changed} | {stage for _, stage in (*diff.added_edges, *diff.removed_edges)}
    classes = {name: "changed" for name in touched if name is not None}
    classes |= dict.fromkeys(diff.added, "added") | dict.fromkeys(diff.removed, "removed")
    edges = dict.fromkeys(diff.added_edges, "added") | dict.fromkeys(diff.removed_edges, "removed")
    for stage in merged.stages:
        for need in stage.needs:
            changes = {classes.get(stage.name), classes.get(need)} & {"added", "removed"}
            edges.setdefault((need, stage.name), "removed" if "removed" in changes else "added" if changes else "")
    notes = {
        stage.name: [
            ("hot", f"{change.field}: {_format(change.old)} → {_format(change.new)}")
            for change in diff.changed
            if change.stage == stage.name
        ]
        for stage in merged.stages
    }
    subtitle = "no differences" if diff.is_empty else f"from {old.name} to {new.name}"
    legend = [("add", "added"), ("drop", "removed"), ("hot", "changed")]
    return draw_graph(merged, Marks(notes, classes, edges), subtitle, legend)


def _merge(old: Definition, new: Definition, diff: DagDiff) -> Definition:
    """Returns a definition with all stages of both, and with removed edges that make no cycle. Removed stages are in no group."""
    removed_edges = {(need, stage) for need, stage in diff.removed_edges}
    removed = [stage.model_copy(update={"group": None}) for stage in old.stages if stage.name in diff.removed]
    stages = [*new.stages, *removed]
    needs = {stage.name: [*stage.needs, *(need for need, name in removed_edges if name == stage.name)] for stage in stages}
    for stage in removed:
        for user in old.stages:
            if stage.name in user.needs and user.name not in diff.removed:
                needs[user.name].append(stage.name)
    by_name = {stage.name: stage for stage in stages}
    merged: list[Stage] = []
    for name in _order(needs):
        earlier = {stage.name for stage in merged}
        kept = tuple(need for need in dict.fromkeys(needs[name]) if need in earlier)
        merged.append(by_name[name].model_copy(update={"needs": kept}))
    return new.model_copy(update={"stages": tuple(merged)})


def _order(needs: dict[str, list[str]]) -> list[str]:
    """Returns stage names, each after its needs unless they form a cycle."""
    ordered: list[str] = []
    waiting = dict(needs)
    while waiting:
        ready = (name for name, names in waiting.items() if not any(need in waiting for need in names))
        name = next(ready, next(iter(waiting)))
        ordered.append(name)
        del waiting[name]
    return ordered
