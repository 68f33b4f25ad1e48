import assert from "node:assert/strict";
import { test } from "node:test";

import { findEncodedPieces } from "../../../src/upload/view/encoded-pieces.ts";

test("a piece is encoded when all its encode tasks are done", () => {
  const task = (op: string, piece: number | null, state: string) => ({ op, piece, state });
  const pieces = findEncodedPieces([
    task("encode", 0, "done"),
    task("encode", 0, "done"),
    task("encode", 1, "done"),
    task("encode", 1, "running"),
    task("encode", 2, "failed"),
    task("encode", 2, "done"),
    task("audio", 3, "done"),
    task("poster", null, "done"),
  ]);
  assert.deepEqual([...pieces], [0]);
});
