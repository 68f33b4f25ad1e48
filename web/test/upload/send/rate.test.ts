import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Rate } from "../../../src/upload/send/rate.ts";

describe("Rate", () => {
  test("is the throughput since the first of the recent bytes", () => {
    const rate = new Rate();
    rate.add(1000, 0);
    rate.add(1000, 1000);
    assert.equal(rate.bytesPerS(2000), 1000);
  });

  test("forgets what is older than 8 seconds", () => {
    const rate = new Rate();
    rate.add(1_000_000, 0);
    rate.add(500, 9000);
    assert.equal(rate.bytesPerS(10_000), 500);
    assert.equal(rate.bytesPerS(20_000), 0);
  });

  test("is not wild after the first bytes", () => {
    const rate = new Rate();
    rate.add(1000, 0);
    assert.equal(rate.bytesPerS(1), 2000);
  });

  test("is never negative, though a failed attempt takes its bytes back", () => {
    const rate = new Rate();
    rate.add(100, 0);
    rate.add(-300, 100);
    assert.equal(rate.bytesPerS(1000), 0);
    assert.equal(rate.etaS(1000, 1000), null);
  });

  test("gives the remaining time, or null if nothing moves", () => {
    const rate = new Rate();
    assert.equal(rate.etaS(1000, 0), null);
    rate.add(2000, 0);
    assert.equal(rate.etaS(5000, 1000), 2.5);
    rate.clear();
    assert.equal(rate.etaS(5000, 1000), null);
  });
});
