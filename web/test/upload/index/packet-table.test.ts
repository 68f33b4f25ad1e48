import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { lowerBound, upperBound } from "../../../src/upload/index/packet-table.ts";
import { assertAscending } from "../../harness/order.ts";
import { randomFrames, tableOf } from "../../harness/packets.ts";
import { forAll } from "../../harness/random.ts";

describe("lowerBound and upperBound", () => {
  const values = [1, 3, 3, 5];

  test("find the places before and after equal values", () => {
    assert.deepEqual([lowerBound(values, 3), upperBound(values, 3)], [1, 3]);
    assert.deepEqual([lowerBound(values, 4), upperBound(values, 4)], [3, 3]);
    assert.deepEqual([lowerBound(values, 0), upperBound(values, 9)], [0, 4]);
    assert.deepEqual([lowerBound([], 1), upperBound([], 1)], [0, 0]);
  });

  test("agree with a linear search", () => {
    forAll(100, (random) => {
      const sorted = Array.from({ length: random.int(0, 20) }, () => random.int(0, 9)).sort(
        (a, b) => a - b,
      );
      const value = random.int(-1, 10);
      assert.equal(lowerBound(sorted, value), sorted.filter((other) => other < value).length);
      assert.equal(upperBound(sorted, value), sorted.filter((other) => other <= value).length);
    });
  });
});

describe("decode times", () => {
  test("of frames without reordering are the pts", () => {
    const table = tableOf(25, [{ pts: 0, key: true }, { pts: 1 }, { pts: 2 }]);
    assert.deepEqual([...table.dts], [0, 1, 2]);
  });

  test("of B-frames start before the first pts, by the reorder delay", () => {
    const table = tableOf(25, [{ pts: 0, key: true }, { pts: 3 }, { pts: 1 }, { pts: 2 }]);
    assert.deepEqual([...table.dts], [-1, 0, 1, 2]);
  });

  test("increase strictly even if two frames have the same pts", () => {
    const table = tableOf(25, [{ pts: 0, key: true }, { pts: 0 }, { pts: 5 }]);
    assert.deepEqual([...table.dts], [-1, 0, 4]);
  });

  test("increase strictly and never exceed the pts", () => {
    forAll(100, (random) => {
      const table = tableOf(25, randomFrames(random, random.int(1, 80), 20));
      assertAscending(table.dts, true);
      for (const [i, dts] of table.dts.entries()) assert.ok(dts <= (table.pts[i] as number));
    });
  });
});

describe("durations", () => {
  test("that are unknown become the distance to the next frame in presentation order", () => {
    const table = tableOf(90, [
      { pts: 0, key: true, duration: 0 },
      { pts: 30, duration: 0 },
      { pts: 10, duration: 0 },
    ]);
    assert.deepEqual([...table.duration], [10, 20, 20]);
  });

  test("that are known stay", () => {
    const table = tableOf(90, [
      { pts: 0, key: true, duration: 7 },
      { pts: 10, duration: 0 },
    ]);
    assert.deepEqual([...table.duration], [7, 10]);
  });

  test("are at least one tick", () => {
    assert.deepEqual([...tableOf(90, [{ pts: 0, key: true, duration: 0 }]).duration], [1]);
    const twice = tableOf(90, [
      { pts: 0, key: true, duration: 0 },
      { pts: 0, duration: 0 },
    ]);
    assert.deepEqual([...twice.duration], [1, 1]);
  });
});

describe("shown frames", () => {
  test("begin with the first keyframe and leave out hidden ones", () => {
    const table = tableOf(25, [
      { pts: 0 },
      { pts: 1, key: true },
      { pts: 2, hidden: true },
      { pts: 3, yieldsFrame: false },
      { pts: 4, duration: 2 },
    ]);
    assert.deepEqual([...table.shown], [0, 1, 0, 0, 1]);
    assert.deepEqual([table.startPts, table.endPts, table.stopPts, table.frames], [1, 6, 6, 2]);
  });

  test("end where a hidden frame after them starts", () => {
    const table = tableOf(25, [
      { pts: 0, key: true, duration: 3 },
      { pts: 2, hidden: true },
    ]);
    assert.deepEqual([table.endPts, table.stopPts], [2, 3]);
  });

  test("may be none", () => {
    const table = tableOf(25, [{ pts: 0, key: true, hidden: true }]);
    assert.equal(table.frames, 0);
  });
});
