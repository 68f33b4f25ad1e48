import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Bar, Timeline } from "../../../src/api/schema.d.ts";
import { colourOf } from "../../../src/studio/run/timeline-drawing.ts";
import {
  BAR_HEIGHT,
  findBar,
  LANE_HEIGHT,
  planTimeline,
} from "../../../src/studio/run/timeline-plan.ts";
import { forAll } from "../../harness/random.ts";

const WIDTH = 1002;

function bar(fields: Partial<Bar>): Bar {
  return {
    task: "t",
    stage: "encode",
    worker: "a",
    lane: 0,
    started_s: 0,
    run_s: 1,
    wait_s: 0,
    attempt: 1,
    outcome: "done",
    critical: false,
    ...fields,
  } as Bar;
}

function timeline(bars: Bar[], ended_s = 10, began_s = 0): Timeline {
  return {
    bars,
    began_s,
    ended_s,
    stages: [],
    critical: [],
    critical_wait_s: 0,
    critical_run_s: 0,
  } as unknown as Timeline;
}

describe("planTimeline", () => {
  test("places bars in proportion to their times", () => {
    const { bars } = planTimeline(timeline([bar({ started_s: 102, run_s: 3 })], 110, 100), WIDTH);
    assert.deepEqual([bars[0]?.x, bars[0]?.width], [200, 300]);
  });

  test("puts the lanes of each worker below one another, workers by name", () => {
    const { bars, labels, height } = planTimeline(
      timeline([bar({ worker: "b" }), bar({ worker: "a", lane: 1 }), bar({ worker: "a" })]),
      WIDTH,
    );
    assert.deepEqual(
      labels.map(({ words }) => words),
      ["a", "b"],
    );
    const [ofB, second, first] = bars.map(({ y }) => y);
    assert.equal((second as number) - (first as number), LANE_HEIGHT);
    assert.ok((ofB as number) > (second as number) && height > (ofB as number));
  });

  test("draws even the shortest attempt", () => {
    const { bars } = planTimeline(timeline([bar({ run_s: 0 })], 100_000), WIDTH);
    assert.equal(bars[0]?.width, 2);
  });

  test("has round ticks, at least 90 pixels apart", () => {
    forAll(100, (random) => {
      const seconds = random.next() * 10 ** random.int(-1, 4);
      const { ticks } = planTimeline(timeline([bar({})], seconds), WIDTH);
      ticks.forEach(({ x, at_s }, i) => {
        assert.ok(x <= WIDTH && at_s <= seconds + 1e-9);
        if (i > 0 && seconds < 7200 * 10) assert.ok(x - (ticks[i - 1]?.x ?? 0) >= 89);
      });
    });
  });

  test("of a run that has just begun is a plan, too", () => {
    const plan = planTimeline(timeline([], 5, 5), WIDTH);
    assert.deepEqual([plan.bars.length, plan.labels.length], [0, 0]);
    assert.ok(plan.ticks.every(({ x }) => Number.isFinite(x)));
  });
});

describe("findBar", () => {
  const early = bar({ task: "early", run_s: 5 });
  const late = bar({ task: "late", started_s: 4, run_s: 5 });
  const plan = planTimeline(timeline([early, late]), WIDTH);
  const y = (plan.bars[0]?.y ?? 0) + BAR_HEIGHT / 2;

  test("finds the bar under the pointer; later ones lie above", () => {
    assert.equal(findBar(plan, 100, y), early);
    assert.equal(findBar(plan, 450, y), late);
    assert.equal(findBar(plan, 950, y), undefined);
    assert.equal(findBar(plan, 100, y + LANE_HEIGHT), undefined);
  });

  test("finds every bar in its middle, unless a later one covers it", () => {
    forAll(50, (random) => {
      const bars = Array.from({ length: 12 }, (_, i) =>
        bar({
          task: String(i),
          worker: random.pick(["a", "b"]),
          lane: i,
          started_s: random.next() * 9,
          run_s: random.next(),
        }),
      );
      const made = planTimeline(timeline(bars), WIDTH);
      for (const { bar: wanted, x, y: top, width } of made.bars)
        assert.equal(findBar(made, x + width / 2, top + 1), wanted);
    });
  });
});

test("neighbouring stages differ in colour, and colours in both themes", () => {
  for (let index = 0; index < 20; index++) {
    assert.notEqual(colourOf(index, true), colourOf(index + 1, true));
    assert.notEqual(colourOf(index, true), colourOf(index, false));
  }
});
