/** Stages and tasks in words. */

import type { StageNode, TaskView } from "../../api/schema.d.ts";
import type { IconName } from "../../part/Icon.tsx";
import { text } from "../../text/text.ts";
import type { Mood, StageRun } from "./stage-run.ts";

export const MOOD_ICONS: Record<Mood | "none", IconName> = {
  done: "check",
  running: "gear",
  waiting: "clock",
  failed: "warn",
  cancelled: "close",
  none: "clock",
};

/** Returns what a stage runs for, such as "each piece". */
export function scopeOf(node: StageNode): string {
  if (node.scope === "track") return text.run.scopes.track;
  if (node.scope === "rung") return text.run.scopes.rung;
  if (node.scope === "video") return text.run.scopes.video;
  return text.run.pieces[node.pieces as keyof typeof text.run.pieces];
}

/** Describes a stage's state and counts in one sentence. */
export function describeStage(stage: StageRun, ended: boolean): string {
  const { node, sum, mood } = stage;
  if (mood === "none") return `${node.name}: ${ended ? text.run.noTasks : text.run.notBegun}`;
  const counts = [
    text.run.doneOf(sum.done, sum.total),
    ...(sum.running > 0 ? [text.run.running(sum.running)] : []),
    ...(sum.failed > 0 ? [text.run.failed(sum.failed)] : []),
  ];
  return `${node.name}: ${text.run.moods[mood]}. ${counts.join(", ")}`;
}

/** Names a task: "encode, piece 4, 480p". Pieces are counted from 1. */
export function nameTask(task: Pick<TaskView, "stage" | "piece" | "rung">): string {
  return [
    task.stage,
    ...(task.piece === null ? [] : [text.run.piece(task.piece + 1)]),
    ...(task.rung === null ? [] : [task.rung]),
  ].join(", ");
}
