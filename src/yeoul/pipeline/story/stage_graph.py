"""The stages of a run as a graph that pages draw: boxes in layers, and the edges between them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from yeoul.model.noun import Noun
from yeoul.pipeline.dag.condition import Fact
from yeoul.pipeline.dag.definition import Definition, Scope, Unit, make_units, unit_needs
from yeoul.pipeline.story.layered_layout import lay_out

_BOX = 64.0  # in pixels, as the layout's bends are
_GAP = 24.0


class StageNode(Noun):
    """One stage, or the stages of a group, which run as one task. layer: 0 first; middle: of its box from the top, in heights of a box.

    optional: its failure does not fail the video. pieces: which of them it has tasks for.
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
    """`target` needs `source`. bends: (layer, middle) where it passes the layers between them."""

    source: str
    target: str
    bends: tuple[tuple[int, float], ...]


class StageGraph(Noun):
    """Nodes come after those that they need. height: of all, in heights of a box."""

    nodes: tuple[StageNode, ...]
    edges: tuple[StageEdge, ...]
    height: float


def make_stage_graph(definition: Definition, facts: Mapping[str, Fact] | None, first: Collection[str]) -> StageGraph:
    """The graph of the stages that take part; of all of them while the facts of the source are not known.

    first: the preprocessor's own stages, whose tasks made all others.
    """
    units = make_units(definition.stages if facts is None else definition.active(facts))
    needs = {name: unit_needs(unit, units) or tuple(first) for name, unit in units.items()}
    edges = [(need, name) for name, above in needs.items() for need in above]
    layout = lay_out(dict.fromkeys([*first, *units], _BOX), edges, _GAP)

    def at(name: str) -> dict[str, Any]:
        return {"name": name, "layer": layout.layers[name], "middle": round(layout.middles[name] / _BOX, 4)}

    own = [StageNode(**at(name), stages=(name,), op=name, scope="video", pieces="all", optional=False) for name in first]
    return StageGraph(
        nodes=(*own, *(_node(unit, at(name)) for name, unit in units.items())),
        edges=tuple(_edge(*edge, layout.bends[edge]) for edge in edges),
        height=round(layout.height / _BOX, 4),
    )


def _node(unit: Unit, at: Mapping[str, Any]) -> StageNode:
    stages = tuple(stage.name for stage in unit.stages)
    return StageNode(**at, stages=stages, op=unit.op, scope=unit.scope, pieces=unit.pieces, optional=unit.optional)


def _edge(source: str, target: str, bends: Sequence[tuple[int, float]]) -> StageEdge:
    return StageEdge(source=source, target=target, bends=tuple((layer, round(middle / _BOX, 4)) for layer, middle in bends))
