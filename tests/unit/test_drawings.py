"""Drawings of DAGs and timelines: well-formed, readable, and nothing lies on anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from typing import cast
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.pipeline_world import DEFINITIONS
from yeoul.catalog.schema.row.pipeline import AttemptRow, RunRow, TaskStateRow
from yeoul.pipeline.dag.definition import Definition, Stage
from yeoul.pipeline.dag.diff import compare, draw_diff, write_diff
from yeoul.pipeline.story.dag_drawing import draw_definition, draw_run
from yeoul.pipeline.story.layered_layout import lay_out
from yeoul.pipeline.story.stage_graph import make_stage_graph
from yeoul.pipeline.story.timeline import Timeline, make_timeline
from yeoul.pipeline.story.timeline_drawing import draw_timeline

SVG = "{http://www.w3.org/2000/svg}"
GROUPED = Definition(
    name="grouped",
    description="<script>alert(1)</script> & more",
    stages=(
        Stage(name="low", op="encode", scope="piece", group="first"),
        Stage(name="sound", op="audio", scope="piece", group="first", when='has_audio and codec != "<b>"'),
        Stage(name="tiles", op="tiles", scope="piece", needs=("low",), group="first", optional=True),
        Stage(name="all", op="encode", scope="rung"),
        Stage(name="sheets", op="storyboard", scope="video", needs=("tiles",)),
        Stage(name="package", op="package", scope="video", needs=("low", "sound", "all", "sheets")),
    ),
)


def read(drawing: str) -> ET.Element:
    root = ET.fromstring(drawing)
    assert root.tag == f"{SVG}svg"
    assert {element.tag for element in root.iter()} <= {
        SVG + name for name in ("svg", "title", "style", "rect", "text", "path", "g", "line")
    }
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))
    for rect in root.iter(f"{SVG}rect"):
        assert float(rect.get("x", "0")) + float(rect.get("width", "0")) <= width
        assert float(rect.get("y", "0")) + float(rect.get("height", "0")) <= height
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x", "0")) <= width and 0 < float(text.get("y", "0")) <= height
    return root


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def boxes(root: ET.Element, kind: str) -> list[tuple[float, float, float, float]]:
    found = [rect for rect in root.iter(f"{SVG}rect") if kind in (rect.get("class") or "").split()]
    return [tuple(float(rect.get(name, "0")) for name in ("x", "y", "width", "height")) for rect in found]  # pyright: ignore[reportReturnType]


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes share more than what rounding to tenths may give them."""
    return all(one[axis] + 0.11 < other[axis] + other[axis + 2] and other[axis] + 0.11 < one[axis] + one[axis + 2] for axis in (0, 1))


# --- definitions ---


@pytest.mark.parametrize("definition", [*DEFINITIONS.values(), GROUPED], ids=lambda definition: definition.name)
def test_every_stage_and_edge_is_drawn(definition: Definition):
    root = read(draw_definition(definition))
    assert {stage.name for stage in definition.stages} <= set(texts(root))
    faces = boxes(root, "face")
    assert len(faces) == len(definition.stages)
    assert not any(overlap(one, other) for one, other in combinations(faces, 2))
    told = [title.text for title in root.iter(f"{SVG}title")]
    assert all(f"{stage.name} needs {need}" in told for stage in definition.stages for need in stage.needs)


def test_groups_are_framed_and_what_users_wrote_stays_text():
    root = read(draw_definition(GROUPED))
    (frame,) = boxes(root, "frame")
    inside = [face for face in boxes(root, "face") if overlap(face, frame)]
    assert len(inside) == 3
    assert GROUPED.description in texts(root)
    assert "when has_audio and codec !=" in texts(root) and '   "<b>"' in texts(root)  # long ones are broken


def test_scope_is_told():
    assert {"each piece", "each rung", "once"} <= set(texts(read(draw_definition(GROUPED))))


def test_colours_follow_the_viewer():
    assert "prefers-color-scheme: light" in draw_definition(GROUPED)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, float], list[tuple[str, str]]]:
    names = [f"n{index}" for index in range(draw(st.integers(1, 12)))]
    pairs = [(one, other) for at, other in enumerate(names) for one in names[:at]]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []
    return {name: draw(st.floats(20, 200)) for name in names}, edges


@given(graphs())
def test_boxes_of_a_layer_never_overlap_and_edges_go_to_the_right(graph: tuple[dict[str, float], list[tuple[str, str]]]):
    heights, edges = graph
    layout = lay_out(heights, edges, 10.0)
    assert all(layout.layers[one] < layout.layers[other] for one, other in edges)
    for one, other in combinations(heights, 2):
        if layout.layers[one] == layout.layers[other]:
            apart = abs(layout.middles[one] - layout.middles[other])
            assert apart >= (heights[one] + heights[other]) / 2 + 10 - 1e-6
    for edge in edges:
        assert [layer for layer, _ in layout.bends[edge]] == list(range(layout.layers[edge[0]] + 1, layout.layers[edge[1]]))
    assert all(layout.middles[name] - height / 2 + 1e-6 >= 0 for name, height in heights.items())
    assert all(layout.middles[name] + height / 2 <= layout.height + 1e-6 for name, height in heights.items())


def test_a_graph_for_pages_has_groups_as_one_box_after_what_found_the_pieces():
    facts = {"has_audio": False, "codec": "h264"}
    graph = make_stage_graph(GROUPED, facts, ["inspect"])
    assert {node.name: (node.layer, node.stages) for node in graph.nodes} == {
        "inspect": (0, ("inspect",)),
        "first": (1, ("low", "tiles")),  # without sound
        "all": (1, ("all",)),
        "sheets": (2, ("sheets",)),
        "package": (3, ("package",)),
    }
    edges = {(edge.source, edge.target): [layer for layer, _ in edge.bends] for edge in graph.edges}
    assert edges == {
        ("inspect", "first"): [],
        ("inspect", "all"): [],
        ("first", "sheets"): [],
        ("first", "package"): [2],
        ("all", "package"): [2],
        ("sheets", "package"): [],
    }
    assert all(0.5 <= node.middle <= graph.height - 0.5 for node in graph.nodes)
    assert "sound" in make_stage_graph(GROUPED, None, []).nodes[0].stages  # it may still take part


# --- differences ---


def change(definition: Definition, **stages: dict[str, object] | None) -> Definition:
    """A definition with stages changed, or (None) without them."""
    kept = [stage for stage in definition.stages if stages.get(stage.name, ()) is not None]
    return definition.model_copy(update={"stages": tuple(stage.model_copy(update=dict(stages.get(stage.name) or {})) for stage in kept)})


def test_a_definition_does_not_differ_from_itself():
    assert compare(GROUPED, GROUPED).is_empty
    assert "no differences" in texts(read(draw_diff(GROUPED, GROUPED)))


def test_every_difference_is_told_and_drawn():
    new = change(GROUPED, sheets=None, all={"parameters": {"codec": "av1"}, "timeout_s": 60.0}, package={"needs": ("low", "all")})
    new = new.model_copy(update={"stages": (*new.stages, Stage(name="report", op="report", scope="video", needs=("all",)))})
    assert write_diff(compare(GROUPED, new)) == [
        "+ stage report",
        "- stage sheets",
        "~ stage all: timeout_s: 1800.0 -> 60.0",
        "~ stage all: with.codec: nothing -> av1",
        "- package needs sound",
        "- package needs sheets",
    ]
    root = read(draw_diff(GROUPED, new))
    classes = {next(iter(group.iter(f"{SVG}text"))).text: group.get("class") for group in root.iter(f"{SVG}g")}
    assert {name: classes[name] for name in ("report", "sheets", "all", "package", "low")} == {
        "report": "added",
        "sheets": "removed",
        "all": "changed",
        "package": "changed",
        "low": "stage",
    }
    edges = {title: path.get("class") for path in root.iter(f"{SVG}path") if (title := path.findtext(f"{SVG}title"))}
    assert edges["report needs all"] == "edge added"
    assert edges["package needs sheets"] == edges["sheets needs tiles"] == edges["package needs sound"] == "edge removed"
    assert edges["package needs low"] == "edge"


def test_an_edge_that_turned_round_can_be_drawn():
    one = Definition(name="one", stages=(Stage(name="a", op="x", scope="video"), Stage(name="b", op="x", scope="video", needs=("a",))))
    other = Definition(name="two", stages=(Stage(name="b", op="x", scope="video"), Stage(name="a", op="x", scope="video", needs=("b",))))
    assert write_diff(compare(one, other)) == ["+ a needs b", "- b needs a"]
    assert len(boxes(read(draw_diff(one, other)), "face")) == 2


# --- runs and timelines ---


def rows() -> Iterator[tuple[str, str, int | None, float, float, float, str]]:
    """(task, stage, piece, ready, started, ended, outcome): two workers' worth of work."""
    yield "r.inspect", "inspect", None, 0.0, 0.1, 1.0, "done"
    for piece in range(30):
        yield f"r.encode.{piece:05d}", "encode", piece, 1.0, 1.0 + piece // 2, 2.0 + piece // 2, "failed" if piece == 4 else "done"
    yield "r.package", "package", None, 16.0, 16.5, 17.0, "done"


def make() -> Timeline:
    usage = {"cpu_s": 0.5, "max_rss_bytes": 1 << 20, "read_bytes": 1500, "written_bytes": 2_500_000, "reused": False}
    tasks = [
        {"id": task, "stage": stage, "piece": piece, "rung": None, "op": stage, "state": outcome, "created_at": ready,
         "started_at": started, "ended_at": ended}
        for task, stage, piece, ready, started, ended, outcome in rows()
    ]  # fmt: skip
    attempts = [
        {"task_id": task, "number": 1, "worker": "w", "ready_at": ready, "started_at": started, "ended_at": ended, "outcome": outcome,
         "error": {"code": "media.tool_failed"} if outcome == "failed" else None, **usage}
        for task, _, _, ready, started, ended, outcome in sorted(rows(), key=lambda row: row[4])
    ]  # fmt: skip
    needs = {"r.package": [task["id"] for task in tasks if task["stage"] == "encode"]}
    run = cast("RunRow", {"id": "r", "state": "done", "created_at": 0.0, "ended_at": 17.0})
    return make_timeline(run, cast("list[TaskStateRow]", tasks), cast("list[AttemptRow]", attempts), needs, 99.0)


def test_the_critical_path_is_what_ended_last_before_each():
    timeline = make()
    assert timeline.critical == ("r.inspect", "r.encode.00029", "r.package")
    assert (timeline.critical_wait_s, timeline.critical_run_s) == (pytest.approx(0.1 + 14 + 0.5), pytest.approx(0.9 + 1 + 0.5))
    assert {bar.lane for bar in timeline.bars} == {0, 1}


def test_a_timeline_shows_every_attempt_twice_by_stage_and_by_worker():
    timeline = make()
    root = read(draw_timeline(timeline))
    bars = boxes(root, "run")
    assert len(bars) == 2 * len(timeline.bars)
    assert not any(overlap(one, other) for one, other in combinations(bars, 2))
    critical = [group for group in root.iter(f"{SVG}g") if group.get("class") == "critical"]
    assert len(critical) == 2 * 3
    told = [title.text or "" for title in root.iter(f"{SVG}title")]
    failed = next(text for text in told if text.startswith("encode 4:"))
    assert failed == (
        "encode 4: failed (media.tool_failed); waited 2.00 s, ran 1.00 s, CPU 0.50 s, 1 MiB; read 1.5 kB, wrote 2.5 MB; w, lane 0"
    )
    widest = max(width for _, _, width, _ in bars)
    assert widest == pytest.approx(960 / 17, abs=0.2)
    assert {"inspect", "encode", "package", "Workers"} <= set(texts(root))


def test_a_timeline_of_nothing_can_be_drawn():
    run = cast("RunRow", {"id": "r", "state": "open", "created_at": 5.0, "ended_at": None})
    empty = make_timeline(run, [], [], {}, 7.0)
    assert (empty.critical, empty.bars) == ((), ())
    read(draw_timeline(empty))


def test_a_run_is_drawn_with_states_times_and_its_critical_path():
    stages = (Stage(name="encode", op="encode", scope="piece"), Stage(name="package", op="package", scope="video", needs=("encode",)))
    more = (*stages, Stage(name="report", op="report", scope="video", when="hdr"))
    root = read(draw_run(Definition(name="made", stages=more), make()))
    said = texts(root)
    assert "29 of 30 done, 1 failed" in said and "not in this run" in said
    classes = {next(iter(group.iter(f"{SVG}text"))).text: group.get("class") for group in root.iter(f"{SVG}g")}
    assert classes == {"encode": "failed critical", "package": "done critical", "report": "stage"}
    assert [path.get("class") for path in root.iter(f"{SVG}path")] == ["edge critical"]
    assert any(
        re.fullmatch(r"run r: done after 17\.0 s, 16\.0 s CPU; critical path 14\.6 s waiting \+ 2\.4 s running", text) for text in said
    )
