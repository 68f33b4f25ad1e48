"""DAG definitions drawn by chance: any graph that the compiler would let pass."""

from __future__ import annotations

from hypothesis import strategies as st

from yeoul.pipeline.dag.definition import Definition, Stage, make_units


def is_late(stage: Stage, stages: dict[str, Stage]) -> bool:
    """Whether a video-scoped stage waits for the upload's end."""
    above = [stages[need] for need in stage.needs]
    return any(need.pieces != "opening" if need.scope != "video" else is_late(need, stages) for need in above)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Any graph that the compiler would let pass."""
    stages: dict[str, Stage] = {}
    for number in range(draw(st.integers(1, 7))):
        scope = draw(st.sampled_from(["piece", "video", "rung", "track"]))
        waits = scope in ("video", "track")
        allowed = [
            stage.name
            for stage in stages.values()
            if stage.scope != "track" and (waits or stage.scope != "video" or not is_late(stage, stages))
        ]
        kinds = {"video": ["all", "all", "opening"], "track": ["all"]}
        body = {
            "name": f"s{number}",
            "op": "x",
            "scope": scope,
            "pieces": draw(st.sampled_from(kinds.get(scope, ["all", "all", "opening", "rest"]))),
            "needs": draw(st.lists(st.sampled_from(allowed), unique=True, max_size=3)) if allowed else [],
            "when": draw(st.sampled_from([None, None, "has_audio", "hdr"])),
            "optional": scope == "track" or draw(st.booleans()),
        }
        stages[body["name"]] = Stage.model_validate(body)
    grouped = draw(st.sampled_from([None, *stages]))
    return Definition(name="random", stages=tuple(_grouped(stages, grouped)))


def _grouped(stages: dict[str, Stage], last: str | None) -> list[Stage]:
    """A stage and those of its kind that it needs, as a group, where that makes no circle."""
    if last is None:
        return list(stages.values())
    end = stages[last]
    alike = {need for need in end.needs if (stages[need].scope, stages[need].pieces) == (end.scope, end.pieces)}
    made = [stage.model_copy(update={"group": "g"}) if stage.name in {last, *alike} else stage for stage in stages.values()]
    try:
        make_units(tuple(made))
    except ValueError:
        return list(stages.values())
    return made
