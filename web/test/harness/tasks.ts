import type { StageNode, TaskView } from "../../src/api/schema.d.ts";

/** A task of a run with the fields that a test names. */
export function makeTask(fields: Partial<TaskView>): TaskView {
  const { stage = "encode", piece = null, rung = null } = fields;
  return {
    id: `run.${stage}.${piece}.${rung}`,
    stage,
    op: stage,
    piece,
    rung,
    state: "ready",
    progress: 0,
    cpu_s: 0,
    failures: 0,
    attempt: 0,
    ready_at: null,
    error: null,
    ...fields,
  } as TaskView;
}

export function makeNode(name: string, fields: Partial<StageNode> = {}): StageNode {
  return {
    name,
    op: name,
    scope: "video",
    pieces: "each",
    optional: false,
    layer: 0,
    middle: 0,
    ...fields,
  } as StageNode;
}
