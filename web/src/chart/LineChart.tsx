import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { TableHead } from "../part/TableHead.tsx";
import { useWidth } from "../part/use-width.ts";
import { makeMarks, spreadIndexes } from "./scale.ts";

export interface Point {
  name: string;
  value: number;
}

interface LineChartProps {
  title: string;
  points: readonly Point[];
  /** Column heads of the table: of the names and of the values. */
  heads: readonly [string, string];
  format: (value: number) => string;
  /** Formats the marks of the scale, if they differ from values. */
  formatMark?: (value: number) => string;
  /** The end of the scale; by default it follows the values. */
  top?: number;
  /** The marks of the scale are round multiples of this. */
  unit?: number;
  /** Shown beside a point's value. */
  preview?: (at: number) => ComponentChildren;
  tableTitle: string;
}

const HEIGHT = 220;
const EDGE = { top: 12, right: 14, bottom: 26, left: 52 };
const NAME_WIDTH = 80;
const INNER = HEIGHT - EDGE.top - EDGE.bottom;

/**
 * A line over evenly spaced points. Each point can be read with the pointer, with the arrow keys,
 * and in a table.
 */
export function LineChart({
  title,
  points,
  heads,
  format,
  formatMark = format,
  top,
  unit,
  preview,
  tableTitle,
}: LineChartProps) {
  const [frame, width] = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<number | null>(null);
  const marks = makeMarks(top ?? Math.max(0, ...points.map((point) => point.value)), unit);
  const end = marks.at(-1) ?? 1;
  const inner = Math.max(0, width - EDGE.left - EDGE.right);
  const x = (index: number): number =>
    EDGE.left + (points.length > 1 ? (index / (points.length - 1)) * inner : inner / 2);
  const y = (value: number): number => EDGE.top + (1 - Math.min(value, end) / end) * INNER;
  const selectAt = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
    const share =
      (event.clientX - event.currentTarget.getBoundingClientRect().left - EDGE.left) /
      Math.max(1, inner);
    setAt(Math.max(0, Math.min(points.length - 1, Math.round(share * (points.length - 1)))));
  };
  const selected = at === null ? undefined : points[at];
  return (
    <figure class="chart">
      <div
        class="chart-frame"
        ref={frame}
        onPointerMove={selectAt}
        onPointerLeave={() => setAt(null)}
      >
        {width > 0 && (
          <svg
            class="chart-drawing"
            width={width}
            height={HEIGHT}
            viewBox={`0 0 ${width} ${HEIGHT}`}
            aria-hidden="true"
          >
            <Marks marks={marks} width={width} y={y} format={formatMark} />
            <Names points={points} maxCount={Math.floor(inner / NAME_WIDTH) + 1} x={x} />
            <Line points={points} x={x} y={y} />
            {selected !== undefined && at !== null && (
              <g>
                <line
                  class="chart-here"
                  x1={x(at)}
                  x2={x(at)}
                  y1={EDGE.top}
                  y2={EDGE.top + INNER}
                />
                <circle class="chart-dot" cx={x(at)} cy={y(selected.value)} r="5" />
              </g>
            )}
          </svg>
        )}
        {/* A native slider has keys, focus and a role for screen readers. */}
        <input
          class="chart-slider"
          type="range"
          min={0}
          max={Math.max(0, points.length - 1)}
          value={at ?? points.length - 1}
          aria-label={title}
          aria-valuetext={describePoint(points[at ?? points.length - 1], format)}
          onInput={(event) => setAt(Number(event.currentTarget.value))}
          onFocus={(event) =>
            event.currentTarget.matches(":focus-visible") && setAt(at ?? points.length - 1)
          }
          onBlur={() => setAt(null)}
        />
        {selected !== undefined && at !== null && (
          <div
            class={x(at) > width / 2 ? "chart-reading chart-reading-left" : "chart-reading"}
            style={{ left: `${x(at)}px` }}
            aria-hidden="true"
          >
            {preview?.(at)}
            <span class="chart-reading-name">{selected.name}</span>
            <strong>{format(selected.value)}</strong>
          </div>
        )}
      </div>
      <Table title={tableTitle} heads={heads} points={points} format={format} />
    </figure>
  );
}

function describePoint(point: Point | undefined, format: (value: number) => string): string {
  return point === undefined ? "" : `${point.name}: ${format(point.value)}`;
}

function Marks({
  marks,
  width,
  y,
  format,
}: {
  marks: number[];
  width: number;
  y: (value: number) => number;
  format: (value: number) => string;
}) {
  return (
    <g>
      {marks.map((mark) => (
        <g key={mark}>
          <line
            class="chart-mark"
            x1={EDGE.left}
            x2={width - EDGE.right}
            y1={y(mark)}
            y2={y(mark)}
          />
          <text class="chart-word" x={EDGE.left - 8} y={y(mark) + 4} text-anchor="end">
            {format(mark)}
          </text>
        </g>
      ))}
    </g>
  );
}

function Names({
  points,
  maxCount,
  x,
}: {
  points: readonly Point[];
  maxCount: number;
  x: (index: number) => number;
}) {
  const shown = spreadIndexes(points.length, maxCount);
  const anchor = (index: number): "start" | "middle" | "end" =>
    points.length === 1
      ? "middle"
      : index === 0
        ? "start"
        : index === points.length - 1
          ? "end"
          : "middle";
  return (
    <g>
      {shown.map((index) => (
        <text
          key={index}
          class="chart-word"
          x={x(index)}
          y={HEIGHT - 6}
          text-anchor={anchor(index)}
        >
          {points[index]?.name}
        </text>
      ))}
    </g>
  );
}

function Line({
  points,
  x,
  y,
}: {
  points: readonly Point[];
  x: (index: number) => number;
  y: (value: number) => number;
}) {
  const fade = useId();
  const line = points
    .map(
      (point, index) =>
        `${index === 0 ? "M" : "L"}${x(index).toFixed(1)} ${y(point.value).toFixed(1)}`,
    )
    .join("");
  const bottom = EDGE.top + INNER;
  return (
    <g>
      <defs>
        <linearGradient id={fade} x1="0" y1="0" x2="0" y2="1">
          <stop class="chart-fade-from" offset="0" />
          <stop class="chart-fade-to" offset="1" />
        </linearGradient>
      </defs>
      <path
        d={`${line}L${x(points.length - 1).toFixed(1)} ${bottom}L${x(0).toFixed(1)} ${bottom}Z`}
        fill={`url(#${fade})`}
      />
      <path class="chart-line" d={line} />
      {points.length === 1 && points[0] !== undefined && (
        <circle class="chart-dot" cx={x(0)} cy={y(points[0].value)} r="4" />
      )}
    </g>
  );
}

function Table({
  title,
  heads,
  points,
  format,
}: {
  title: string;
  heads: readonly [string, string];
  points: readonly Point[];
  format: (value: number) => string;
}) {
  return (
    <details class="chart-table">
      <summary>{title}</summary>
      <div class="chart-rows" role="group" aria-label={title} tabIndex={0}>
        <table>
          <TableHead columns={heads} />
          <tbody>
            {points.map((point) => (
              <tr key={point.name}>
                <th scope="row">{point.name}</th>
                <td>{format(point.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
