/** Sums up the tasks of a run by stage. Pure. */

import type { StageNode, TaskView } from "../../api/schema.d.ts";

export const MOODS = ["done", "running", "waiting", "failed", "cancelled"] as const;
/**
 * The state of a task as it is shown. "waiting" covers ready tasks and tasks that wait for others.
 */
export type Mood = (typeof MOODS)[number];

/**
 * The number of tasks in each state. share: the completed part of the work, including the progress
 * of running tasks.
 */
export type Sum = Record<Mood, number> & { total: number; share: number };

export interface StageRun {
  node: StageNode;
  tasks: readonly TaskView[];
  sum: Sum;
  /** none: the stage has no tasks, or none yet. */
  mood: Mood | "none";
}

export function moodOf(task: TaskView): Mood {
  return MOODS.find((mood) => mood === task.state) ?? "waiting";
}

export function sumUp(tasks: readonly TaskView[]): Sum {
  const sum: Sum = {
    done: 0,
    running: 0,
    waiting: 0,
    failed: 0,
    cancelled: 0,
    total: tasks.length,
    share: 0,
  };
  let done = 0;
  for (const task of tasks) {
    const mood = moodOf(task);
    sum[mood] += 1;
    done += mood === "running" ? task.progress : mood === "waiting" ? 0 : 1;
  }
  sum.share = tasks.length === 0 ? 0 : done / tasks.length;
  return sum;
}

/** Returns the state that matters most: failed, then running, then waiting. */
export function worstOf(sum: Sum): Mood | "none" {
  return (
    (["failed", "running", "waiting", "cancelled", "done"] as const).find(
      (mood) => sum[mood] > 0,
    ) ?? "none"
  );
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

function byPlace(a: TaskView, b: TaskView): number {
  return (
    (a.piece ?? 0) - (b.piece ?? 0) ||
    (a.rung ?? "").localeCompare(b.rung ?? "", undefined, { numeric: true })
  );
}

/**
 * Returns the stage to show first: a failed stage, a running stage, or the one with the most tasks.
 */
export function pickStage(stages: readonly StageRun[]): StageRun | undefined {
  const most = [...stages].sort((a, b) => b.sum.total - a.sum.total)[0];
  return (
    stages.find((stage) => stage.mood === "failed") ??
    stages.find((stage) => stage.mood === "running") ??
    most
  );
}

/** Returns the task to show first: a failed task, or the only task of the stage. */
export function pickTask(stage: StageRun): TaskView | undefined {
  return (
    stage.tasks.find((task) => task.state === "failed") ??
    (stage.tasks.length === 1 ? stage.tasks[0] : undefined)
  );
}
