import type { TaskView } from "../../api/schema.d.ts";

/** Returns the indexes of the pieces that are encoded to all rungs. Pure. */
export function findEncodedPieces(
  tasks: readonly Pick<TaskView, "op" | "piece" | "state">[],
): Set<number> {
  const encoded = new Map<number, boolean>();
  for (const task of tasks) {
    if (task.piece !== null && task.op === "encode")
      encoded.set(task.piece, (encoded.get(task.piece) ?? true) && task.state === "done");
  }
  return new Set([...encoded].filter(([, isComplete]) => isComplete).map(([piece]) => piece));
}
