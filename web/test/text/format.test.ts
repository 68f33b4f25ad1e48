import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as format from "../../src/text/format.ts";
import { forAll } from "../harness/random.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const plain = (words: string): string => words.replace(/[\u00a0\u202f]/g, " ");

describe("durations", () => {
  test("are written with hours only where there are any", () => {
    assert.deepEqual([0, 59.4, 59.6, 245, 3599.5, 3727, 360_000].map(format.formatDuration), [
      "0:00",
      "0:59",
      "1:00",
      "4:05",
      "1:00:00",
      "1:02:07",
      "100:00:00",
    ]);
  });

  test("can be read back", () => {
    forAll(200, (random) => {
      const seconds = random.int(0, 100_000);
      const read = format
        .formatDuration(seconds)
        .split(":")
        .reduce((sum, part) => sum * 60 + Number(part), 0);
      assert.equal(read, seconds);
    });
  });

  test("of work have fractions below a minute", () => {
    assert.deepEqual(
      [0.4242, 12.34, 60].map((value) => plain(format.formatSeconds(value))),
      ["0.42s", "12.3s", "1:00"],
    );
  });

  test("as spans have the unit that fits", () => {
    assert.deepEqual(
      [45, 119, 120, 7199, 7200, 12_240].map((value) => plain(format.formatSpan(value))),
      ["45 sec", "119 sec", "2 min", "120 min", "2 hr", "3.4 hr"],
    );
    assert.equal(plain(format.formatSpan(1800, 3600)), "0.5 hr");
  });

  test("as wholes have the largest unit that divides them", () => {
    assert.deepEqual(
      [2_592_000, 3600, 5400, 90, 0].map((value) => plain(format.formatWhole(value))),
      ["30 days", "1 hour", "90 minutes", "90 seconds", "0 days"],
    );
  });
});

describe("ages", () => {
  const age = (seconds: number): string =>
    format.formatAge(new Date(NOW - seconds * 1000).toISOString(), NOW);

  test("have the largest unit that has passed", () => {
    assert.deepEqual([0, 30, 60, 7200, 86_400, 15 * 86_400, 400 * 86_400].map(age), [
      "now",
      "now",
      "1 minute ago",
      "2 hours ago",
      "yesterday",
      "2 weeks ago",
      "last year",
    ]);
  });

  test("of a clock that is behind are now", () => {
    assert.equal(age(-600), "now");
  });
});

describe("percent", () => {
  test("is whole, and 100 only when all is done", () => {
    assert.deepEqual([0, 0.004, 0.5, 0.999, 1, 1.5, -1].map(format.formatPercent), [
      "0%",
      "0%",
      "50%",
      "99%",
      "100%",
      "100%",
      "0%",
    ]);
  });

  test("of small shares has a fraction", () => {
    assert.equal(format.formatShare(0.0042), "0.4%");
  });
});

describe("bytes", () => {
  test("have the unit that fits", () => {
    assert.deepEqual(
      [0, 999, 1000, 999_499, 3_400_000, 34_000_000, 5e9, 7e13].map((value) =>
        plain(format.formatBytes(value)),
      ),
      ["0 byte", "999 byte", "1 kB", "999 kB", "3.4 MB", "34 MB", "5 GB", "70 TB"],
    );
  });

  test("never show a thousand of a unit that has a larger one", () => {
    forAll(300, (random) => {
      const digits =
        /[\d,.]+/.exec(format.formatBytes(random.next() * 10 ** random.int(0, 14)))?.[0] ?? "";
      assert.ok(Number(digits.replace(/,/g, "")) < 1000, digits);
    });
  });
});

test("numbers, plurals and days follow the page's language", () => {
  assert.equal(format.formatNumber(1_234_567), "1,234,567");
  assert.equal(format.formatCompact(12_345), "12.3K");
  assert.deepEqual(
    [0, 1, 2].map((n) => format.plural(n, "view", "views")),
    ["views", "view", "views"],
  );
  assert.equal(format.formatShortDay("2026-11-21"), "Nov 21");
  assert.match(format.formatDay("2026-11-21T12:00:00Z"), /Nov 21, 2026/);
  assert.match(format.formatMoment("2026-11-21T12:00:00Z"), /2026.*\d:\d\d/);
});
