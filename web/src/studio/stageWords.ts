/** Words for stages and tasks. */

import type { StageNode, TaskView } from "../api/schema";
import type { IconName } from "../part/Icon";
import { text } from "../text/text";
import type { Mood, StageRun } from "./run";

export const MOOD_ICONS: Record<Mood | "none", IconName> = { done: "check", running: "gear", waiting: "clock", failed: "warn", cancelled: "close", none: "clock" };

/** What a stage has a task for: "each piece". */
export function scopeOf(node: StageNode): string {
  if (node.scope === "track") return text.run.scopes.track;
  if (node.scope === "rung") return text.run.scopes.rung;
  if (node.scope === "video") return text.run.scopes.video;
  return text.run.pieces[node.pieces as keyof typeof text.run.pieces];
}

/** A stage with its state and counts in one sentence. */
export function sayStage(stage: StageRun, ended: boolean): string {
  const { node, sum, mood } = stage;
  if (mood === "none") return `${node.name}: ${ended ? text.run.noTasks : text.run.notBegun}`;
  const counts = [text.run.doneOf(sum.done, sum.total), ...(sum.running > 0 ? [text.run.running(sum.running)] : []), ...(sum.failed > 0 ? [text.run.failed(sum.failed)] : [])];
  return `${node.name}: ${text.run.moods[mood]}. ${counts.join(", ")}`;
}

/** A task by its place: "encode, piece 4, 480p". Pieces are counted from 1. */
export function nameTask(task: Pick<TaskView, "stage" | "piece" | "rung">): string {
  return [task.stage, ...(task.piece === null ? [] : [text.run.piece(task.piece + 1)]), ...(task.rung === null ? [] : [task.rung])].join(", ");
}
