/** Arranges the tasks of a stage in blocks and rows. Pure. */

import type { TaskView } from "../../api/schema.d.ts";
import { type Mood, sumUp, worstOf } from "./stage-run.ts";

/** Pieces of a block. */
const BLOCK = 60;
/** Up to this number of pieces there is one block. */
const MAX_SINGLE_BLOCK = 120;

/** Groups tasks, which are ordered by piece, into blocks. */
export function makeBlocks(tasks: readonly TaskView[]): TaskView[][] {
  const size = lastPiece(tasks) < MAX_SINGLE_BLOCK ? MAX_SINGLE_BLOCK : BLOCK;
  return [...Map.groupBy(tasks, (task) => Math.floor((task.piece ?? 0) / size)).values()];
}

/** Returns the index of the block with the chosen task, or else with a running task; -1 if none. */
export function findBlock(blocks: readonly (readonly TaskView[])[], chosen: string | null): number {
  const indexOf = (matches: (task: TaskView) => boolean): number =>
    blocks.findIndex((block) => block.some(matches));
  const own = indexOf((task) => task.id === chosen);
  return own >= 0 ? own : indexOf((task) => task.state === "running");
}

export function firstPiece(tasks: readonly TaskView[]): number {
  return tasks[0]?.piece ?? 0;
}

export function lastPiece(tasks: readonly TaskView[]): number {
  return tasks.at(-1)?.piece ?? 0;
}

/** Returns the state that matters most in a block. */
export function moodIn(tasks: readonly TaskView[]): Mood {
  const mood = worstOf(sumUp(tasks));
  return mood === "none" ? "waiting" : mood;
}

/** Groups tasks by rung, the largest rung first. */
export function rowsOf(tasks: readonly TaskView[]): [string, TaskView[]][] {
  const rows = new Map<string, TaskView[]>();
  for (const task of tasks) {
    const row = rows.get(task.rung ?? "") ?? [];
    row.push(task);
    rows.set(task.rung ?? "", row);
  }
  return [...rows].sort(([a], [b]) => b.localeCompare(a, undefined, { numeric: true }));
}
