import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Lanes } from "../../../src/upload/send/lanes.ts";
import { forAll } from "../../harness/random.ts";

describe("Lanes", () => {
  test("send one object alone, then four at once", () => {
    const lanes = new Lanes(() => 16);
    assert.equal(lanes.allowed, 1);
    lanes.succeeded(1000);
    assert.equal(lanes.allowed, 4);
  });

  test("grow by one after each round that was at least 10 percent faster, up to eight", () => {
    const lanes = new Lanes(() => 16);
    let bytesPerS = 1000;
    const seen = new Set<number>();
    for (let landed = 0; landed < 200; landed++) {
      lanes.succeeded(bytesPerS);
      bytesPerS *= 1.2;
      seen.add(lanes.allowed);
    }
    assert.deepEqual([...seen], [4, 5, 6, 7, 8]);
  });

  test("do not grow if more lanes bring nothing", () => {
    const lanes = new Lanes(() => 16);
    for (let landed = 0; landed < 50; landed++) lanes.succeeded(1000);
    assert.equal(lanes.allowed, 5);
  });

  test("are halved by a failure, and recover", () => {
    const lanes = new Lanes(() => 16);
    lanes.succeeded(1000);
    lanes.failed();
    assert.equal(lanes.allowed, 2);
    lanes.failed();
    lanes.failed();
    assert.equal(lanes.allowed, 1);
    for (let landed = 0; landed < 10; landed++) lanes.succeeded(1000);
    assert.ok(lanes.allowed > 1);
  });

  test("never exceed what the page allows, and are never none", () => {
    let limit = 4;
    const lanes = new Lanes(() => limit);
    forAll(200, (random) => {
      limit = random.int(0, 20);
      if (random.next() < 0.8) lanes.succeeded(random.int(0, 1e9));
      else lanes.failed();
      assert.ok(lanes.allowed >= 1 && lanes.allowed <= Math.max(1, Math.min(8, limit)));
    });
  });
});
