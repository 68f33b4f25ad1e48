import assert from "node:assert/strict";

/** Fails unless each value is at least the one before it; with `strictly`, greater. */
export function assertAscending(values: ArrayLike<number>, strictly = false): void {
  for (let i = 1; i < values.length; i++) {
    const [before, value] = [values[i - 1] as number, values[i] as number];
    assert.ok(strictly ? value > before : value >= before, `${value} follows ${before}`);
  }
}
