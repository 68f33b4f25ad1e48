"""Layered layout of a graph: boxes in layers from left to right, with few crossings and short edges. Pure.

The method is that of K. Sugiyama, S. Tagawa and M. Toda (1981). Edges that cross several layers get a bend in each of them. Boxes of a
layer are ordered by the mean position of their neighbours. Vertical positions are the least squares solution for that order, found by
pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_SWEEPS = 8
_ROUNDS = 12
_BEND_HEIGHT = 14.0

Edge = tuple[str, str]


@dataclass
class _Node:
    name: str
    height: float
    layer: int
    y: float = 0.0  # of the middle
    before: list[_Node] = field(default_factory=list["_Node"])
    after: list[_Node] = field(default_factory=list["_Node"])


@dataclass(frozen=True)
class Layout:
    """Positions of boxes and edges. middles: y of the middle of each box. bends: (layer, y) of each bend of an edge. height: in total."""

    layers: Mapping[str, int]
    middles: Mapping[str, float]
    bends: Mapping[Edge, Sequence[tuple[int, float]]]
    height: float


def lay_out(heights: Mapping[str, float], edges: Sequence[Edge], gap: float) -> Layout:
    """Returns the layout of boxes. heights: by name, each after the boxes with edges to it. gap: minimum distance of boxes in a layer."""
    depth: dict[str, int] = {}
    for name in heights:
        depth[name] = max((depth[source] + 1 for source, target in edges if target == name), default=0)
    nodes = {name: _Node(name, height, depth[name]) for name, height in heights.items()}
    bends = {edge: _connect(nodes[edge[0]], nodes[edge[1]]) for edge in edges}
    all_nodes = [*nodes.values(), *(bend for chain in bends.values() for bend in chain)]
    layers = [[node for node in all_nodes if node.layer == layer] for layer in range(max(depth.values(), default=0) + 1)]
    _order(layers)
    _assign_positions(layers, gap)
    top = min(node.y - node.height / 2 for node in all_nodes)
    for node in all_nodes:
        node.y -= top
    return Layout(
        layers=depth,
        middles={name: node.y for name, node in nodes.items()},
        bends={edge: [(bend.layer, bend.y) for bend in chain] for edge, chain in bends.items()},
        height=max(node.y + node.height / 2 for node in all_nodes),
    )


def _connect(source: _Node, target: _Node) -> list[_Node]:
    """Connects two nodes through a bend in each layer between them. Returns the bends."""
    chain = [_Node("", _BEND_HEIGHT, layer) for layer in range(source.layer + 1, target.layer)]
    for left, right in pairwise([source, *chain, target]):
        left.after.append(right)
        right.before.append(left)
    return chain


def _order(layers: Sequence[list[_Node]]) -> None:
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            position = {id(node): index / max(1, len(row) - 1) for row in layers for index, node in enumerate(row)}
            means = {id(node): _mean([position[id(other)] for other in (node.before if forward else node.after)]) for node in layer}
            layer.sort(key=lambda node: position[id(node)] if means[id(node)] is None else means[id(node)] or 0.0)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _assign_positions(layers: Sequence[list[_Node]], gap: float) -> None:
    for layer in layers:
        _place(layer, [0.0] * len(layer), gap)
    for turn in range(_ROUNDS):
        for layer in layers if turn % 2 else reversed(layers):
            means = [_mean([other.y for other in [*node.before, *node.after]]) for node in layer]
            _place(layer, [node.y if mean is None else mean for node, mean in zip(layer, means, strict=True)], gap)


def _place(layer: Sequence[_Node], wanted: Sequence[float], gap: float) -> None:
    """Moves nodes as close as possible to the wanted positions, without changing their order and with the gap between them."""
    offsets: list[float] = []
    for index, node in enumerate(layer):
        offset = 0.0 if index == 0 else offsets[-1] + (layer[index - 1].height + node.height) / 2 + gap
        offsets.append(offset)
    pools: list[tuple[float, int]] = []  # (mean, count)
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    for node, mean, offset in zip(layer, means, offsets, strict=True):
        node.y = mean + offset
