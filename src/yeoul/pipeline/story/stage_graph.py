"""Makes the stage graph of a run for pages: boxes in layers, and the edges between them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from yeoul.model.noun import Noun
from yeoul.pipeline.dag.condition import Fact
from yeoul.pipeline.dag.definition import Definition, Scope, Unit, make_units, unit_needs
from yeoul.pipeline.story.layered_layout import lay_out

_BOX = 64.0  # height of a box in pixels, the unit of the layout
_GAP = 24.0


class StageNode(Noun):
    """One stage, or the stages of a group, which run as one task.

    layer: counts from 0. middle: y of the middle of its box, in heights of a box. optional: its failure does not fail the video.
    pieces: the pieces that it has tasks for.
    """

    name: str
    stages: tuple[str, ...]
    op: str
    scope: Scope
    pieces: str
    optional: bool
    layer: int
    middle: float


class StageEdge(Noun):
    """A need: `target` needs `source`. bends: (layer, middle) in each layer between them."""

    source: str
    target: str
    bends: tuple[tuple[int, float], ...]


class StageGraph(Noun):
    """The graph of a run. Each node comes after the nodes that it needs. height: total height, in heights of a box."""

    nodes: tuple[StageNode, ...]
    edges: tuple[StageEdge, ...]
    height: float


def make_stage_graph(definition: Definition, facts: Mapping[str, Fact] | None, first: Collection[str]) -> StageGraph:
    """Returns the graph of the stages that take part in a run, or of all stages if the facts of the source are not known yet.

    first: the stages of the preprocessor, which create all other tasks.
    """
    units = make_units(definition.stages if facts is None else definition.active_stages(facts))
    needs = {name: unit_needs(unit, units) or tuple(first) for name, unit in units.items()}
    edges = [(need, name) for name, names in needs.items() for need in names]
    layout = lay_out(dict.fromkeys([*first, *units], _BOX), edges, _GAP)

    def at(name: str) -> dict[str, Any]:
        return {"name": name, "layer": layout.layers[name], "middle": round(layout.middles[name] / _BOX, 4)}

    preprocessor = [StageNode(**at(name), stages=(name,), op=name, scope="video", pieces="all", optional=False) for name in first]
    return StageGraph(
        nodes=(*preprocessor, *(_make_node(unit, at(name)) for name, unit in units.items())),
        edges=tuple(_make_edge(*edge, layout.bends[edge]) for edge in edges),
        height=round(layout.height / _BOX, 4),
    )


def _make_node(unit: Unit, at: Mapping[str, Any]) -> StageNode:
    stages = tuple(stage.name for stage in unit.stages)
    return StageNode(**at, stages=stages, op=unit.op, scope=unit.scope, pieces=unit.pieces, optional=unit.optional)


def _make_edge(source: str, target: str, bends: Sequence[tuple[int, float]]) -> StageEdge:
    return StageEdge(source=source, target=target, bends=tuple((layer, round(middle / _BOX, 4)) for layer, middle in bends))
