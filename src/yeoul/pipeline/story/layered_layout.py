"""Where the boxes of a graph stand: in layers from left to right, with few crossings and short edges. Pure.

After K. Sugiyama, S. Tagawa and M. Toda (1981): edges over several layers get a bend in each, layers are ordered by the mean place of
their neighbours, and heights are the least squares under that order (by pooling adjacent violators).
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
    y: float = 0.0  # of its middle
    before: list[_Node] = field(default_factory=list["_Node"])
    after: list[_Node] = field(default_factory=list["_Node"])


@dataclass(frozen=True)
class Layout:
    """layer and y (of the middle) of each box; bends: (layer, y) of each edge between its ends; height over all."""

    layers: Mapping[str, int]
    middles: Mapping[str, float]
    bends: Mapping[Edge, Sequence[tuple[int, float]]]
    height: float


def lay_out(heights: Mapping[str, float], edges: Sequence[Edge], gap: float) -> Layout:
    """A layout of boxes, which come each after those before it; gap: least distance between boxes of a layer."""
    depth: dict[str, int] = {}
    for name in heights:
        depth[name] = max((depth[one] + 1 for one, other in edges if other == name), default=0)
    nodes = {name: _Node(name, height, depth[name]) for name, height in heights.items()}
    bends = {edge: _bend(nodes[edge[0]], nodes[edge[1]]) for edge in edges}
    everything = [*nodes.values(), *(bend for chain in bends.values() for bend in chain)]
    layers = [[node for node in everything if node.layer == layer] for layer in range(max(depth.values(), default=0) + 1)]
    _order(layers)
    _settle(layers, gap)
    top = min(node.y - node.height / 2 for node in everything)
    for node in everything:
        node.y -= top
    return Layout(
        layers=depth,
        middles={name: node.y for name, node in nodes.items()},
        bends={edge: [(bend.layer, bend.y) for bend in chain] for edge, chain in bends.items()},
        height=max(node.y + node.height / 2 for node in everything),
    )


def _bend(one: _Node, other: _Node) -> list[_Node]:
    """Join two nodes, by a bend in each layer between them."""
    chain = [_Node("", _BEND_HEIGHT, layer) for layer in range(one.layer + 1, other.layer)]
    whole = [one, *chain, other]
    for left, right in pairwise(whole):
        left.after.append(right)
        right.before.append(left)
    return chain


def _order(layers: Sequence[list[_Node]]) -> None:
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for layer in layers if forward else reversed(layers):
            place = {id(node): index / max(1, len(row) - 1) for row in layers for index, node in enumerate(row)}
            means = {id(node): _mean([place[id(other)] for other in (node.before if forward else node.after)]) for node in layer}
            layer.sort(key=lambda node: place[id(node)] if means[id(node)] is None else means[id(node)] or 0.0)


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _settle(layers: Sequence[list[_Node]], gap: float) -> None:
    for layer in layers:
        _place(layer, [0.0] * len(layer), gap)
    for turn in range(_ROUNDS):
        for layer in layers if turn % 2 else reversed(layers):
            wanted = [_mean([other.y for other in [*node.before, *node.after]]) for node in layer]
            _place(layer, [node.y if want is None else want for node, want in zip(layer, wanted, strict=True)], gap)


def _place(layer: Sequence[_Node], wanted: Sequence[float], gap: float) -> None:
    """Put nodes as near as can be to where they want to be, in their order and apart."""
    offsets: list[float] = []
    for index, node in enumerate(layer):
        apart = 0.0 if index == 0 else offsets[-1] + (layer[index - 1].height + node.height) / 2 + gap
        offsets.append(apart)
    pools: list[tuple[float, int]] = []  # (mean, how many)
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, more = pools.pop()
            mean, count = (mean * count + other * more) / (count + more), count + more
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    for node, mean, offset in zip(layer, means, offsets, strict=True):
        node.y = mean + offset
