import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { Bar, StageSum, Timeline as TimelineView } from "../../api/schema.d.ts";
import { Segments } from "../../part/Segments.tsx";
import { Trouble } from "../../part/state.tsx";
import { TableHead } from "../../part/TableHead.tsx";
import { useWidth } from "../../part/use-width.ts";
import { isLightTheme } from "../../preference/theme.ts";
import { formatNumber, formatSeconds } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { nameTask } from "./stage-words.ts";
import { colourOf, drawTimeline } from "./timeline-drawing.ts";
import { findBar, planTimeline } from "./timeline-plan.ts";

/**
 * Poll interval while the run is open. After a slow answer the pause is this many times its
 * duration.
 */
const POLL_MS = 2000;
const PAUSE_PER_ANSWER = 5;
const ZOOMS = [1, 2, 4, 8];
const MIN_WIDTH = 300;
const COLUMNS = ["stage", "tasks", "attempts", "waited", "ran", "cpu"] as const;

interface TimelineProps {
  videoId: string;
  ended: boolean;
  onChoose: (bar: { id: string; stage: string }) => void;
  /** Shown below the chart. */
  children: ComponentChildren;
}

function useTimeline(
  videoId: string,
  ended: boolean,
): { timeline: TimelineView | null; error: unknown; load: () => void } {
  const [timeline, setTimeline] = useState<TimelineView | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let timer = 0;
    let left = false;
    const poll = async (): Promise<void> => {
      const startedMs = performance.now();
      try {
        const answer = await call("GET /videos/{video_id}/dag/timeline", {
          path: { video_id: videoId },
        });
        if (left) return;
        setTimeline(answer);
        setError(null);
      } catch (problem) {
        if (!left) setError(problem);
      }
      if (!left && !ended)
        timer = window.setTimeout(
          () => void poll(),
          Math.max(POLL_MS, PAUSE_PER_ANSWER * (performance.now() - startedMs)),
        );
    };
    void poll();
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [videoId, ended, turn]);
  return { timeline, error, load: () => setTurn(turn + 1) };
}

/** When each attempt ran and on which worker, with the totals of each stage. */
export function Timeline({ videoId, ended, onChoose, children }: TimelineProps) {
  const { timeline, error, load } = useTimeline(videoId, ended);
  const [zoom, setZoom] = useState(1);
  if (timeline === null)
    return error === null ? (
      <div key="skeleton" class="run-bone skeleton" role="status" aria-label={text.state.loading} />
    ) : (
      <Trouble error={error} onRetry={load} />
    );
  return (
    <div key="timeline" class="timeline">
      <div class="timeline-head">
        <p class="field-hint">
          {text.run.critical(
            timeline.critical.length,
            formatSeconds(timeline.critical_wait_s),
            formatSeconds(timeline.critical_run_s),
          )}
        </p>
        <Segments
          label={text.run.zoom}
          choices={ZOOMS.map((factor) => [factor, `${factor}×`] as const)}
          value={zoom}
          onChange={setZoom}
        />
      </div>
      <Chart
        timeline={timeline}
        zoom={zoom}
        onChoose={(bar) => onChoose({ id: bar.task, stage: bar.stage })}
      />
      <StageSums stages={timeline.stages} />
      {children}
    </div>
  );
}

function Chart({
  timeline,
  zoom,
  onChoose,
}: {
  timeline: TimelineView;
  zoom: number;
  onChoose: (bar: Bar) => void;
}) {
  const [frame, frameWidth] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [over, setOver] = useState<{ bar: Bar; x: number; y: number } | null>(null);
  const plan = planTimeline(timeline, Math.max(MIN_WIDTH, frameWidth) * zoom);
  const stages = timeline.stages.map((sum) => sum.stage);
  useEffect(() => {
    if (canvas.current !== null && frameWidth > 0)
      drawTimeline(canvas.current, plan, stages, formatSeconds);
  });
  const find = (event: MouseEvent): Bar | undefined => findBar(plan, event.offsetX, event.offsetY);
  return (
    <div
      class="timeline-frame"
      ref={frame}
      role="region"
      aria-label={text.run.viewNames.timeline}
      tabIndex={0}
    >
      <div class="timeline-inner">
        <canvas
          ref={canvas}
          role="img"
          aria-label={text.run.timelineSays(
            timeline.bars.length,
            formatSeconds(timeline.ended_s - timeline.began_s),
          )}
          class={over === null ? "" : "timeline-over"}
          style={{ width: `${plan.width}px`, height: `${plan.height}px` }}
          onMouseMove={(event) => {
            const bar = find(event);
            setOver(bar === undefined ? null : { bar, x: event.offsetX, y: event.offsetY });
          }}
          onMouseLeave={() => setOver(null)}
          onClick={(event) => {
            const bar = find(event);
            if (bar !== undefined) onChoose(bar);
          }}
        />
        {over !== null && (
          <p
            class="timeline-tip"
            aria-hidden="true"
            style={{
              left: `${Math.min(over.x + 14, Math.max(0, plan.width - 240))}px`,
              top: `${over.y + 16}px`,
            }}
          >
            <strong>{nameTask(over.bar)}</strong>
            <span>
              {text.run.attemptOf(
                over.bar.attempt,
                text.run.outcomes[
                  (over.bar.outcome ?? "running") as keyof typeof text.run.outcomes
                ],
              )}
            </span>
            <span>
              {text.run.waitedRan(formatSeconds(over.bar.wait_s), formatSeconds(over.bar.run_s))}
            </span>
          </p>
        )}
      </div>
    </div>
  );
}

function StageSums({ stages }: { stages: readonly StageSum[] }) {
  const isLight = isLightTheme();
  return (
    <div class="scroll" role="region" aria-label={text.run.stages} tabIndex={0}>
      <table class="attempts">
        <caption class="hidden-words">{text.run.stages}</caption>
        <TableHead columns={COLUMNS.map((column) => text.run.columns[column])} />
        <tbody>
          {stages.map((sum, index) => (
            <SumRow key={sum.stage} sum={sum} colour={colourOf(index, isLight)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SumRow({ sum, colour }: { sum: StageSum; colour: string }) {
  return (
    <tr>
      <th scope="row">
        <span class="swatch" style={{ background: colour }} aria-hidden="true" />
        {sum.stage}
        {sum.critical && <span class="field-hint"> {text.run.onPath}</span>}
      </th>
      <td>{text.run.of(sum.done, sum.tasks)}</td>
      <td>{formatNumber(sum.attempts)}</td>
      <td>{formatSeconds(sum.wait_s)}</td>
      <td>{formatSeconds(sum.run_s)}</td>
      <td>{formatSeconds(sum.cpu_s)}</td>
    </tr>
  );
}
