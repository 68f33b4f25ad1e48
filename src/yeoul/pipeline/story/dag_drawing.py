"""Draws definitions and runs as SVG text: stages as boxes in layers, needs as edges, groups as frames. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

from yeoul.pipeline.dag.definition import Definition, Stage, Unit, make_units, unit_needs
from yeoul.pipeline.story import svg
from yeoul.pipeline.story.layered_layout import Layout, lay_out
from yeoul.pipeline.story.timeline import StageSum, Timeline

_WIDTH = 224.0
_LINE = 17.0
_LINE_LETTERS = 32
_PAD = 12.0
_GROUP_PAD = 14.0
_GROUP_HEAD = 22.0
_COLUMN = _WIDTH + 2 * _GROUP_PAD + 64.0
_MARGIN = 28.0
_HEAD = 76.0
_DEPTH = {"video": 0, "track": 2, "piece": 2, "rung": 4}  # cards behind a box
_SCOPES = {
    ("piece", "all"): "each piece",
    ("piece", "opening"): "opening pieces",
    ("piece", "rest"): "other pieces",
    ("rung", "all"): "each rung",
    ("track", "all"): "each audio track",
    ("video", "opening"): "opening pieces",
}
_STYLE = """
.card { fill: var(--raised); stroke: var(--line); stroke-width: 1.5; }
.optional { stroke-dasharray: 5 4; }
.mark { fill: var(--line); }
.done .mark { fill: var(--accent); } .failed .mark { fill: var(--bad); } .running .mark { fill: var(--warn); }
.critical .face { stroke: var(--warn); stroke-width: 2.5; }
.added .face { stroke: var(--accent); stroke-width: 2.5; } .removed .face { stroke: var(--bad); stroke-width: 2.5; stroke-dasharray: 2 4; }
.changed .face { stroke: var(--warn); stroke-width: 2.5; } .removed text { opacity: 0.6; }
.edge { fill: none; stroke: var(--muted); stroke-width: 1.5; opacity: 0.75; }
.edge.critical { stroke: var(--warn); stroke-width: 3; opacity: 1; }
.edge.added { stroke: var(--accent); stroke-width: 2.5; opacity: 1; }
.edge.removed { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 3 5; opacity: 1; }
.frame { fill: none; stroke: var(--muted); stroke-width: 1.5; stroke-dasharray: 2 5; stroke-linecap: round; }
.add { fill: var(--accent); } .drop { fill: var(--bad); } .hot { fill: var(--warn); }
"""


@dataclass(frozen=True)
class Marks:
    """Marks on a drawn graph. notes: (class, text) lines of each stage. stages, edges: CSS classes of stages and of edges (need, stage)."""

    notes: Mapping[str, Sequence[tuple[str, str]]]
    stages: Mapping[str, str]
    edges: Mapping[tuple[str, str], str]


_PLAIN = Marks({}, {}, {})


def draw_definition(definition: Definition) -> str:
    """Draws a definition."""
    legend = [("", "stacked cards: one task for each piece, rung or audio track; dashed: optional")]
    return draw_graph(definition, _PLAIN, definition.description or f"highest rung {definition.ladder.max_height}p", legend)


def draw_run(definition: Definition, timeline: Timeline) -> str:
    """Draws a definition with the results of one run."""
    sums = {stage_sum.stage: stage_sum for stage_sum in timeline.stages}
    units = make_units(definition.stages)
    member_of = {stage.name: unit.name for unit in units.values() for stage in unit.stages}
    notes: dict[str, Sequence[tuple[str, str]]] = {}
    classes: dict[str, str] = {}
    for stage in definition.stages:
        stage_sum = sums.get(member_of[stage.name])
        notes[stage.name] = [("muted", "not in this run")] if stage_sum is None else _describe(stage_sum)
        classes[stage.name] = "" if stage_sum is None else _class_of(stage_sum)
    critical = {(_unit_of(earlier), _unit_of(later)) for earlier, later in pairwise(timeline.critical)}
    edges = {
        (need, stage.name): "critical"
        for stage in definition.stages
        for need in stage.needs
        if (member_of[need], member_of[stage.name]) in critical
    }
    wall_s = timeline.ended_s - timeline.began_s
    path_s = f"{timeline.critical_wait_s:.1f} s waiting + {timeline.critical_run_s:.1f} s running"
    subtitle = f"run {timeline.run}: {timeline.state} after {wall_s:.1f} s, {timeline.cpu_s:.1f} s CPU; critical path {path_s}"
    legend = [("hot", "critical path"), ("add", "done"), ("drop", "failed")]
    return draw_graph(definition, Marks(notes, classes, edges), subtitle, legend)


def _unit_of(task: str) -> str:
    """Returns the unit from a task id, `run.unit.piece.rung`."""
    return task.split(".")[1]


def _class_of(stage: StageSum) -> str:
    state = "failed" if stage.failed else "running" if stage.running else "done" if stage.done == stage.tasks else ""
    return f"{state} critical" if stage.critical else state


def _describe(stage: StageSum) -> list[tuple[str, str]]:
    retries = stage.attempts - stage.tasks
    retried = f", {retries} retried" if retries > 0 else ""
    failed = f", {stage.failed} failed" if stage.failed else ""
    attempts = max(1, stage.attempts)
    return [
        ("drop" if stage.failed else "", f"{stage.done} of {stage.tasks} done{failed}{retried}"),
        ("muted", f"average wait {stage.wait_s / attempts:.1f} s, run {stage.run_s / attempts:.1f} s"),
        ("muted", f"{stage.cpu_s:.1f} s CPU in total"),
    ]


# --- the graph ---


def draw_graph(definition: Definition, marks: Marks, subtitle: str, legend: Sequence[tuple[str, str]]) -> str:
    """Draws the graph of a definition with marks. legend: (class, text) of each entry."""
    units = make_units(definition.stages)
    heights = {name: _unit_height(unit, marks) for name, unit in units.items()}
    edges = [(need, name) for name, unit in units.items() for need in unit_needs(unit, units)]
    layout = lay_out(heights, edges, 26.0)
    boxes = _place_stages(units, layout, marks)
    parts = [_head(definition.name, subtitle, legend)]
    parts += [_frame(unit, layout, heights[name]) for name, unit in units.items() if unit.stages[0].group is not None]
    parts += _draw_edges(definition, units, layout, boxes, marks)
    parts += [_box(stage, boxes[stage.name], marks) for stage in definition.stages]
    width = _MARGIN + _COLUMN * (max(layout.layers.values()) + 1) - 64.0 + 10.0 + _MARGIN
    label = f"The DAG {definition.name}: {len(definition.stages)} stages"
    return svg.document(max(width, 680.0), _HEAD + layout.height + 2 * _MARGIN, label, _STYLE, parts)


def _head(name: str, subtitle: str, legend: Sequence[tuple[str, str]]) -> str:
    parts = [svg.text(_MARGIN, 36.0, name, "title"), svg.text(_MARGIN, 58.0, subtitle, "muted")]
    x = _MARGIN
    for class_, text in legend:
        parts.append(svg.text(x, 78.0, f"{'■ ' if class_ else ''}{text}", f"small {class_ or 'muted'}"))
        x += 8.0 * len(text) + 30
    return "\n".join(parts)


def _lines(stage: Stage, marks: Marks) -> list[tuple[str, str]]:
    """Returns (class, text) of each line below the name of a stage."""
    values = ", ".join(f"{name}: {value}" for name, value in stage.parameters.items())
    lines = [f"{stage.op}({values})" if values else stage.op, *([f"when {stage.when}"] if stage.when is not None else [])]
    details = [("muted", line) for text in lines for line in wrap(text, _LINE_LETTERS, subsequent_indent="   ")]
    return [*details, *marks.notes.get(stage.name, ())]


def _stage_height(stage: Stage, marks: Marks) -> float:
    return 2 * _PAD + _LINE * (1 + len(_lines(stage, marks))) - 2


def _unit_height(unit: Unit, marks: Marks) -> float:
    inner = sum(_stage_height(stage, marks) for stage in unit.stages)
    if unit.stages[0].group is None:
        return inner
    return inner + _GROUP_HEAD + 2 * _GROUP_PAD + 20.0 * (len(unit.stages) - 1)


@dataclass(frozen=True)
class _Box:
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def _place_stages(units: Mapping[str, Unit], layout: Layout, marks: Marks) -> dict[str, _Box]:
    boxes: dict[str, _Box] = {}
    for name, unit in units.items():
        top = _HEAD + _MARGIN + layout.middles[name] - _unit_height(unit, marks) / 2
        top += 0.0 if unit.stages[0].group is None else _GROUP_HEAD + _GROUP_PAD
        for stage in unit.stages:
            boxes[stage.name] = _Box(_column(layout.layers[name]), top, _stage_height(stage, marks))
            top += boxes[stage.name].height + 20.0
    return boxes


def _column(layer: int) -> float:
    return _MARGIN + _GROUP_PAD + _COLUMN * layer


def _frame(unit: Unit, layout: Layout, height: float) -> str:
    x, y = _column(layout.layers[unit.name]) - _GROUP_PAD, _HEAD + _MARGIN + layout.middles[unit.name] - height / 2
    frame = svg.tag("rect", class_="frame", x=x, y=y, width=_WIDTH + 2 * _GROUP_PAD + 8, height=height, rx=16)
    return frame + svg.text(x + _GROUP_PAD, y + 23.0, f"{unit.name}: one task, stages in sequence", "small muted")


def _box(stage: Stage, box: _Box, marks: Marks) -> str:
    depth = _DEPTH[stage.scope]
    shape = {"width": _WIDTH, "height": box.height, "rx": 9}
    dashed = " optional" if stage.optional else ""
    cards = [svg.tag("rect", class_="card", x=box.x + shift, y=box.y + shift, **shape) for shift in range(depth * 2, 0, -4)]
    parts = [*cards, svg.tag("rect", class_=f"card face{dashed}", x=box.x, y=box.y, **shape)]
    parts.append(svg.tag("rect", class_="mark", x=box.x, y=box.y + 9, width=4, height=box.height - 18, rx=2))
    scope = _SCOPES.get((stage.scope, stage.pieces), "once" if stage.scope == "video" else f"{stage.pieces} pieces' rungs")
    left, y = box.x + _PAD + 4, box.y + _PAD + 11
    parts.append(svg.text(left, y, svg.shorten(stage.name, _WIDTH - 34 - 6.4 * len(scope), 14), "name"))
    parts.append(svg.text(box.x + _WIDTH - _PAD, y, scope, "small muted right"))
    for number, (class_, line) in enumerate(_lines(stage, marks), 1):
        parts.append(svg.text(left, y + _LINE * number, svg.shorten(line, _WIDTH - 2 * _PAD, 11), f"small {class_}"))
    return svg.tag("g", svg.title(_describe_resources(stage)) + "".join(parts), class_=marks.stages.get(stage.name, "") or "stage")


def _describe_resources(stage: Stage) -> str:
    slots = f"{stage.slots.cpu:g} CPU, {stage.slots.memory_mb} MiB" + (f", {stage.slots.gpu:g} GPU" if stage.slots.gpu else "")
    tags = f", on {' and '.join(stage.slots.tags)}" if stage.slots.tags else ""
    latency = "; latency-sensitive" if stage.latency_sensitive else ""
    return f"{stage.name}: {slots}{tags}; {stage.retries} retries, {stage.timeout_s:g} s at most{latency}"


def _draw_edges(definition: Definition, units: Mapping[str, Unit], layout: Layout, boxes: Mapping[str, _Box], marks: Marks) -> list[str]:
    unit_of = {stage.name: name for name, unit in units.items() for stage in unit.stages}
    paths: list[tuple[bool, str]] = []
    for stage in definition.stages:
        for need in stage.needs:
            class_ = marks.edges.get((need, stage.name), "")
            start, end = boxes[need], boxes[stage.name]
            if unit_of[need] == unit_of[stage.name]:
                path = _inner_path(start, end)
            else:
                path = _outer_path(start, end, layout.bends[unit_of[need], unit_of[stage.name]], _DEPTH[_scope(definition, need)])
            paths.append((bool(class_), svg.tag("path", svg.title(f"{stage.name} needs {need}"), class_=f"edge {class_}".strip(), d=path)))
    return [path for _, path in sorted(paths, key=lambda entry: entry[0])]  # marked edges on top


def _scope(definition: Definition, name: str) -> str:
    return next(stage.scope for stage in definition.stages if stage.name == name)


def _inner_path(start: _Box, end: _Box) -> str:
    """Returns the path of an edge within a group: straight down, or along the left side if other boxes are between."""
    x, y, bottom = start.x + 26, start.y + start.height, end.y
    if bottom - y < 24:
        return f"M{x:.1f} {y:.1f}V{bottom:.1f}" + _arrow_down(x, bottom)
    side = start.x - 10
    path = f"M{start.x:.1f} {start.middle:.1f}C{side:.1f} {start.middle:.1f} {side:.1f} {end.middle:.1f} {end.x:.1f} {end.middle:.1f}"
    return path + _arrow(end.x, end.middle)


def _outer_path(start: _Box, end: _Box, bends: Sequence[tuple[int, float]], cards: int) -> str:
    x, y = start.x + _WIDTH + 2 * cards, start.middle
    path = f"M{x:.1f} {y:.1f}"
    for layer, middle in bends:
        left, level = _column(layer), _HEAD + _MARGIN + middle
        path += _curve(x, y, left, level) + f"H{left + _WIDTH:.1f}"
        x, y = left + _WIDTH, level
    return path + _curve(x, y, end.x - 1, end.middle) + _arrow(end.x - 1, end.middle)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    half = (to_x - x) / 2
    return f"C{x + half:.1f} {y:.1f} {to_x - half:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _arrow(x: float, y: float) -> str:
    return f"M{x - 7:.1f} {y - 4.5:.1f}L{x:.1f} {y:.1f}L{x - 7:.1f} {y + 4.5:.1f}"


def _arrow_down(x: float, y: float) -> str:
    return f"M{x - 4.5:.1f} {y - 7:.1f}L{x:.1f} {y:.1f}L{x + 4.5:.1f} {y - 7:.1f}"
