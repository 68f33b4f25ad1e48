/** The tasks of a stage as cells, one row for each rung; of many pieces only a block is drawn, and blocks stand for the others. */

import { useState } from "preact/hooks";

import type { TaskView } from "../api/schema";
import { text } from "../text/text";
import { moodOf, sumUp, worstOf } from "./run";
import { StateBar } from "./StateBar";
import { nameTask } from "./stageWords";

/** So many pieces are drawn at once; a thousand are 17 blocks. */
const BLOCK = 60;
/** Up to here no blocks are needed. */
const FEW = 120;

interface CellsProps {
  tasks: readonly TaskView[];
  chosen: string | null;
  onChoose: (task: TaskView) => void;
}

export function Cells({ tasks, chosen, onChoose }: CellsProps) {
  const blocks = makeBlocks(tasks);
  const [opened, setOpened] = useState<number | null>(null);
  const index = opened ?? Math.max(0, findBlock(blocks, chosen));
  const block = blocks[index] ?? blocks[0] ?? [];
  return (
    <div class="cells">
      {blocks.length > 1 && (
        <ul class="blocks" aria-label={text.run.blocks}>
          {blocks.map((one, at) => (
            <li key={at}>
              <button type="button" class={`block mood-${worstOf(sumUp(one))}`} aria-pressed={at === index} onClick={() => setOpened(at)}>
                <span>{text.run.range(firstPiece(one) + 1, lastPiece(one) + 1)}</span>
                <span class="hidden-words">{text.run.moods[moodIn(one)]}</span>
                <StateBar sum={sumUp(one)} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {rowsOf(block).map(([rung, row]) => (
        <div key={rung} class="cell-row">
          {rung !== "" && <span class="cell-rung">{rung}</span>}
          <div class="cell-line" role="group" aria-label={rung === "" ? text.run.tasks : rung} onKeyDown={moveFocus}>
            {row.map((task, at) => (
              <button
                key={task.id}
                type="button"
                class={`cell mood-${moodOf(task)}`}
                title={`${nameTask(task)}: ${text.run.moods[moodOf(task)]}`}
                aria-label={`${nameTask(task)}: ${text.run.moods[moodOf(task)]}`}
                aria-pressed={task.id === chosen}
                tabIndex={at === 0 || task.id === chosen ? 0 : -1}
                onClick={() => onChoose(task)}
              >
                {task.piece === null ? "" : task.piece + 1}
              </button>
            ))}
          </div>
        </div>
      ))}
    </div>
  );
}

/** Arrow keys go from cell to cell. */
function moveFocus(event: KeyboardEvent): void {
  const cells = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>(".cell")];
  const now = cells.indexOf(event.target as HTMLElement);
  const to: Record<string, number> = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: cells.length - 1 };
  const next = cells[to[event.key] ?? -1];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

/** Tasks come in the order of their pieces. */
function makeBlocks(tasks: readonly TaskView[]): TaskView[][] {
  const size = lastPiece(tasks) < FEW ? FEW : BLOCK;
  const blocks: TaskView[][] = [];
  for (const task of tasks) (blocks[Math.floor((task.piece ?? 0) / size)] ??= []).push(task);
  return blocks.filter((block) => block !== undefined);
}

function findBlock(blocks: readonly TaskView[][], chosen: string | null): number {
  const holds = (wanted: (task: TaskView) => boolean): number => blocks.findIndex((block) => block.some(wanted));
  const own = holds((task) => task.id === chosen);
  return own >= 0 ? own : holds((task) => task.state === "running");
}

function firstPiece(tasks: readonly TaskView[]): number {
  return tasks[0]?.piece ?? 0;
}

function lastPiece(tasks: readonly TaskView[]): number {
  return tasks.at(-1)?.piece ?? 0;
}

function moodIn(tasks: readonly TaskView[]): "done" | "running" | "waiting" | "failed" | "cancelled" {
  const mood = worstOf(sumUp(tasks));
  return mood === "none" ? "waiting" : mood;
}

function rowsOf(tasks: readonly TaskView[]): [string, TaskView[]][] {
  const rows = new Map<string, TaskView[]>();
  for (const task of tasks) {
    const row = rows.get(task.rung ?? "") ?? [];
    row.push(task);
    rows.set(task.rung ?? "", row);
  }
  return [...rows].sort(([one], [other]) => other.localeCompare(one, undefined, { numeric: true }));
}
