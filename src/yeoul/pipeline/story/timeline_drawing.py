"""Draws timelines as SVG text: first the attempts of each stage, with waiting times, then the attempts of each worker, by lane. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from yeoul.pipeline.story import svg
from yeoul.pipeline.story.timeline import Bar, StageSum, Timeline

_LEFT = 190.0
_PLOT = 960.0
_RIGHT = 28.0
_MARGIN = 28.0
_HEAD = 118.0
_BAND_GAP = 14.0
_LABEL_HEIGHT = 30.0
_MAX_TICKS = 10
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
_HUES = (172, 215, 262, 322, 20, 46, 96, 140)
_STYLE = (
    """
.grid { stroke: var(--line); stroke-width: 1; opacity: 0.7; }
.band { fill: var(--raised); }
.wait { fill: none; stroke: var(--muted); stroke-width: 1.4; opacity: 0.75; stroke-dasharray: 1.5 3.5; }
.run { stroke: var(--ground); stroke-width: 0.6; }
.bad { fill: var(--bad); } .again { fill: var(--bad); opacity: 0.55; } .open { opacity: 0.55; }
.critical .run { stroke: var(--text); stroke-width: 1.8; }
.critical .wait { stroke: var(--text); opacity: 1; stroke-width: 2; }
"""
    + "\n".join(f".hue{index} {{ fill: hsl({hue} 52% var(--light)); }}" for index, hue in enumerate(_HUES))
    + "\n"
)


def draw_timeline(timeline: Timeline) -> str:
    """Draws the attempts of a run as bars over time. The tooltip of a bar shows its waiting, running and CPU time, and its bytes."""
    shown_s = max(timeline.ended_s - timeline.began_s, 1e-3)

    def to_x(at_s: float) -> float:
        return _LEFT + _PLOT * (at_s - timeline.began_s) / shown_s

    hues = {stage.stage: f"hue{index % len(_HUES)}" for index, stage in enumerate(timeline.stages)}
    parts, y = _stage_bands(timeline, to_x, hues, _HEAD + 26)
    lower, bottom = _worker_bands(timeline, to_x, hues, y + 34.0)
    grid = _grid(shown_s, bottom)
    width = _LEFT + _PLOT + _RIGHT
    label = f"Timeline of run {timeline.run}: {len(timeline.bars)} attempts in {shown_s:.1f} s"
    return svg.document(width, bottom + _MARGIN, label, _STYLE, [_head(timeline, shown_s), *grid, *parts, *lower])


def _head(timeline: Timeline, shown_s: float) -> str:
    workers = len({(bar.worker, bar.lane) for bar in timeline.bars})
    busy = sum(bar.run_s for bar in timeline.bars) / (shown_s * max(1, workers))
    subtitle = f"{timeline.state} after {shown_s:.1f} s; {len(timeline.bars)} attempts, {timeline.cpu_s:.1f} s CPU, lanes {busy:.0%} busy"
    path = (
        f"critical path: {len(timeline.critical)} tasks, {timeline.critical_wait_s:.1f} s waiting + {timeline.critical_run_s:.1f} s running"
    )
    return "\n".join(
        [
            svg.text(_MARGIN, 36.0, f"Run {timeline.run}", "title"),
            svg.text(_MARGIN, 60.0, subtitle, "muted"),
            svg.text(_MARGIN, 80.0, f"{path}; outlined below", "muted"),
            svg.text(_MARGIN, 100.0, "dotted: ready, waiting for a slot; solid: running; red: failed, lost or released", "small muted"),
        ]
    )


def _grid(shown_s: float, bottom: float) -> list[str]:
    step_s = next((step for step in _STEPS_S if shown_s / step <= _MAX_TICKS), shown_s / _MAX_TICKS)
    parts: list[str] = []
    for index in range(int(shown_s / step_s) + 1):
        x = _LEFT + _PLOT * index * step_s / shown_s
        parts.append(svg.tag("line", class_="grid", x1=x, x2=x, y1=_HEAD + 6, y2=bottom))
        parts.append(svg.text(x, _HEAD, _clock(index * step_s, step_s), "small muted middle"))
    return parts


def _clock(at_s: float, step_s: float) -> str:
    if at_s >= 60 or step_s >= 60:
        return f"{int(at_s // 60)}:{at_s % 60:02.0f}"
    return f"{at_s:.1f} s" if step_s < 1 else f"{at_s:.0f} s"


# --- stages ---


def _stage_bands(timeline: Timeline, to_x: Callable[[float], float], hues: Mapping[str, str], y: float) -> tuple[list[str], float]:
    parts: list[str] = []
    for stage in timeline.stages:
        rows = _pack([bar for bar in timeline.bars if bar.stage == stage.stage])
        row_height = _row_height(len(rows))
        height = max(_LABEL_HEIGHT, row_height * len(rows))
        parts += [_band(y, height), *_stage_label(stage, y)]
        for index, row in enumerate(rows):
            top = y + (height - row_height * len(rows)) / 2 + row_height * index
            parts += [_draw_bar(bar, to_x, hues[bar.stage], top, row_height - 2) for bar in row]
        y += height + _BAND_GAP
    return parts, y - _BAND_GAP


def _row_height(rows: int) -> float:
    """Returns the height of a row, which is smaller if the stage has many rows."""
    return 16.0 if rows <= 8 else 11.0 if rows <= 24 else 7.0


def _pack(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Distributes bars to rows in which they do not overlap, including their waiting times."""
    rows: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda bar: (bar.ready_s, bar.started_s)):
        row = next((row for row in rows if _bar_end(row[-1]) <= bar.ready_s), None)
        if row is None:
            rows.append([bar])
        else:
            row.append(bar)
    return rows


def _bar_end(bar: Bar) -> float:
    return bar.started_s + bar.run_s


def _band(y: float, height: float) -> str:
    return svg.tag("rect", class_="band", x=_MARGIN - 8, y=y - 4, width=_LEFT + _PLOT - _MARGIN + 16, height=height + 8, rx=6, opacity=0.55)


def _stage_label(stage: StageSum, y: float) -> list[str]:
    count = f"{stage.done} of {stage.tasks}" if stage.done != stage.tasks else str(stage.tasks)
    return [
        svg.text(_MARGIN, y + 12, svg.shorten(stage.stage, _LEFT - _MARGIN - 16, 14), "name"),
        svg.text(_MARGIN, y + 27, f"{count} done, CPU {stage.cpu_s:.1f} s", "small muted"),
    ]


def _draw_bar(bar: Bar, to_x: Callable[[float], float], hue: str, y: float, height: float, *, waits: bool = True) -> str:
    x, end, middle = to_x(bar.started_s), to_x(_bar_end(bar)), y + height / 2
    parts = [svg.title(_describe(bar))]
    if waits and bar.wait_s > 0:
        parts.append(svg.tag("path", class_="wait", d=f"M{to_x(bar.ready_s):.1f} {middle:.1f}H{x:.1f}"))
    state = {"done": hue, None: f"{hue} open", "failed": "bad"}.get(bar.outcome, "again")
    parts.append(svg.tag("rect", class_=f"run {state}", x=x, y=y, width=max(1.5, end - x), height=height, rx=min(3.0, height / 3)))
    name = _short_name(bar)
    if height >= 9 and end - x > 7 * len(name) + 6:
        parts.append(svg.text(x + 4, middle + 4, name, "label small", style="fill:var(--ground)"))
    return svg.tag("g", "".join(parts), class_="critical" if bar.critical else "bar")


def _short_name(bar: Bar) -> str:
    return " ".join(str(part) for part in (bar.piece, bar.rung) if part is not None)


def _describe(bar: Bar) -> str:
    """Returns the tooltip of a bar."""
    name = f"{bar.stage} {_short_name(bar)}".strip() + (f", attempt {bar.attempt}" if bar.attempt > 1 else "")
    end = f"{bar.outcome or 'running'}{f' ({bar.error})' if bar.error else ''}"
    used = f"waited {bar.wait_s:.2f} s, ran {bar.run_s:.2f} s, CPU {bar.cpu_s:.2f} s, {bar.max_rss_bytes / 2**20:.0f} MiB"
    end = "reused" if bar.reused else end
    return f"{name}: {end}; {used}; read {_size(bar.read_bytes)}, wrote {_size(bar.written_bytes)}; {bar.worker}, lane {bar.lane}"


def _size(count: int) -> str:
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


# --- workers ---


def _worker_bands(timeline: Timeline, to_x: Callable[[float], float], hues: Mapping[str, str], y: float) -> tuple[list[str], float]:
    parts = [svg.text(_MARGIN, y, "Workers", "name")]
    y += 14.0
    for worker in sorted({bar.worker for bar in timeline.bars}):
        bars = [bar for bar in timeline.bars if bar.worker == worker]
        lanes = 1 + max(bar.lane for bar in bars)
        height = max(_LABEL_HEIGHT, 18.0 * lanes)
        parts += [_band(y, height), svg.text(_MARGIN, y + 12, svg.shorten(worker, _LEFT - _MARGIN - 16))]
        parts.append(svg.text(_MARGIN, y + 27, f"{lanes} lane{'s' * (lanes > 1)}", "small muted"))
        parts += [_draw_bar(bar, to_x, hues[bar.stage], y + 18.0 * bar.lane, 15.0, waits=False) for bar in bars]
        y += height + _BAND_GAP
    return parts, y - _BAND_GAP
