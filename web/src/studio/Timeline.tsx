/** When each attempt ran and on which worker; below, what each stage took. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { call } from "../api/client";
import type { Bar, StageSum, Timeline as Told } from "../api/schema";
import { Trouble } from "../part/state";
import { formatNumber, formatSeconds } from "../text/format";
import { text } from "../text/text";
import { nameTask } from "./stageWords";
import { colourOf, drawTimeline, findBar, planTimeline } from "./timelineDrawing";
import { useRoom } from "./useRoom";

/** While the run goes on it is asked for so often, and more seldom where asking takes long. */
const EVERY_MS = 2000;
const PAUSE_PER_ANSWER = 5;
const ZOOMS = [1, 2, 4, 8];

interface TimelineProps {
  videoId: string;
  ended: boolean;
  onChoose: (bar: { id: string; stage: string }) => void;
  /** Stands below. */
  children: ComponentChildren;
}

function useTimeline(videoId: string, ended: boolean): { told: Told | null; error: unknown; load: () => void } {
  const [told, setTold] = useState<Told | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let timer = 0;
    let left = false;
    const ask = async (): Promise<void> => {
      const began = performance.now();
      try {
        const found = await call("GET /videos/{video_id}/dag/timeline", { path: { video_id: videoId } });
        if (left) return;
        setTold(found);
        setError(null);
      } catch (problem) {
        if (!left) setError(problem);
      }
      if (!left && !ended) timer = window.setTimeout(() => void ask(), Math.max(EVERY_MS, PAUSE_PER_ANSWER * (performance.now() - began)));
    };
    void ask();
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [videoId, ended, turn]);
  return { told, error, load: () => setTurn(turn + 1) };
}

export function Timeline({ videoId, ended, onChoose, children }: TimelineProps) {
  const { told, error, load } = useTimeline(videoId, ended);
  const [zoom, setZoom] = useState(1);
  if (told === null) return error === null ? <div key="bone" class="run-bone skeleton" role="status" aria-label={text.state.loading} /> : <Trouble error={error} onRetry={load} />;
  return (
    <div key="told" class="timeline">
      <div class="timeline-head">
        <p class="field-hint">{text.run.critical(told.critical.length, formatSeconds(told.critical_wait_s), formatSeconds(told.critical_run_s))}</p>
        <div class="segments" role="group" aria-label={text.run.zoom}>
          {ZOOMS.map((one) => (
            <button key={one} type="button" class="segment" aria-pressed={one === zoom} onClick={() => setZoom(one)}>
              {one}×
            </button>
          ))}
        </div>
      </div>
      <Chart told={told} zoom={zoom} onChoose={(bar) => onChoose({ id: bar.task, stage: bar.stage })} />
      <Sums told={told} />
      {children}
    </div>
  );
}

function Chart({ told, zoom, onChoose }: { told: Told; zoom: number; onChoose: (bar: Bar) => void }) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const room = useRoom(frame);
  const [over, setOver] = useState<{ bar: Bar; x: number; y: number } | null>(null);
  const plan = planTimeline(told, Math.max(300, room) * zoom);
  const stages = told.stages.map((sum) => sum.stage);
  useEffect(() => {
    if (canvas.current !== null && room > 0) drawTimeline(canvas.current, plan, stages, formatSeconds);
  });
  const find = (event: MouseEvent): Bar | undefined => findBar(plan, event.offsetX, event.offsetY);
  return (
    <div class="timeline-frame" ref={frame} role="region" aria-label={text.run.viewNames.timeline} tabIndex={0}>
      <div class="timeline-inner">
        <canvas
          ref={canvas}
          role="img"
          aria-label={text.run.timelineSays(told.bars.length, formatSeconds(told.ended_s - told.began_s))}
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
          <p class="timeline-tip" aria-hidden="true" style={{ left: `${Math.min(over.x + 14, Math.max(0, plan.width - 240))}px`, top: `${over.y + 16}px` }}>
            <strong>{nameTask(over.bar)}</strong>
            <span>{text.run.attemptOf(over.bar.attempt, text.run.outcomes[(over.bar.outcome ?? "running") as keyof typeof text.run.outcomes])}</span>
            <span>{text.run.waitedRan(formatSeconds(over.bar.wait_s), formatSeconds(over.bar.run_s))}</span>
          </p>
        )}
      </div>
    </div>
  );
}

function Sums({ told }: { told: Told }) {
  const light = getComputedStyle(document.documentElement).colorScheme === "light";
  return (
    <div class="scroll" role="region" aria-label={text.run.stages} tabIndex={0}>
      <table class="attempts">
        <caption class="hidden-words">{text.run.stages}</caption>
        <thead>
          <tr>
            {(["stage", "tasks", "attempts", "waited", "ran", "cpu"] as const).map((column) => (
              <th key={column} scope="col">
                {text.run.columns[column]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {told.stages.map((sum, index) => (
            <SumRow key={sum.stage} sum={sum} colour={colourOf(index, light)} />
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
