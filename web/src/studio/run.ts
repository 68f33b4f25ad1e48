/** What became of the stages of a run, from its tasks. */

import type { StageNode, TaskView } from "../api/schema";

export const MOODS = ["done", "running", "waiting", "failed", "cancelled"] as const;
/** A task's state as it is shown: what waits for others and what could start both wait. */
export type Mood = (typeof MOODS)[number];

/** How many tasks are in each state; share: of all work, with what running ones have told. */
export type Sum = Record<Mood, number> & { total: number; share: number };

export interface StageRun {
  node: StageNode;
  tasks: readonly TaskView[];
  sum: Sum;
  /** none: it has no tasks yet, or none at all. */
  mood: Mood | "none";
}

export function moodOf(task: TaskView): Mood {
  return MOODS.find((mood) => mood === task.state) ?? "waiting";
}

export function sumUp(tasks: readonly TaskView[]): Sum {
  const sum: Sum = { done: 0, running: 0, waiting: 0, failed: 0, cancelled: 0, total: tasks.length, share: 0 };
  let worth = 0;
  for (const task of tasks) {
    const mood = moodOf(task);
    sum[mood] += 1;
    worth += mood === "running" ? task.progress : mood === "waiting" ? 0 : 1;
  }
  sum.share = tasks.length === 0 ? 0 : worth / tasks.length;
  return sum;
}

/** The one that matters most among many: a failure, then work, then waiting. */
export function worstOf(sum: Sum): Mood | "none" {
  return (["failed", "running", "waiting", "cancelled", "done"] as const).find((mood) => sum[mood] > 0) ?? "none";
}

export function makeStages(nodes: readonly StageNode[], tasks: readonly TaskView[]): StageRun[] {
  const byStage = new Map<string, TaskView[]>(nodes.map((node) => [node.name, []]));
  for (const task of tasks) byStage.get(task.stage)?.push(task);
  return nodes.map((node) => {
    const own = (byStage.get(node.name) ?? []).sort(byPlace);
    const sum = sumUp(own);
    return { node, tasks: own, sum, mood: worstOf(sum) };
  });
}

function byPlace(one: TaskView, other: TaskView): number {
  return (one.piece ?? 0) - (other.piece ?? 0) || (one.rung ?? "").localeCompare(other.rung ?? "", undefined, { numeric: true });
}

/** The stage that one wants to see first: where it failed, else where work is done, else where most was done. */
export function pickStage(stages: readonly StageRun[]): StageRun | undefined {
  const most = [...stages].sort((one, other) => other.sum.total - one.sum.total)[0];
  return stages.find((stage) => stage.mood === "failed") ?? stages.find((stage) => stage.mood === "running") ?? most;
}

/** The task that one wants to see first of a stage; none where there are many and all went well. */
export function pickTask(stage: StageRun): TaskView | undefined {
  return stage.tasks.find((task) => task.state === "failed") ?? (stage.tasks.length === 1 ? stage.tasks[0] : undefined);
}
