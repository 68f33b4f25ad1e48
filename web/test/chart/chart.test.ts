import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { makeMarks, spreadIndexes } from "../../src/chart/scale.ts";
import { fetchThumbnails, readThumbnails, thumbnailAt } from "../../src/chart/storyboard.ts";
import { fakeFetch, problem } from "../harness/http.ts";
import { forAll } from "../harness/random.ts";

describe("makeMarks", () => {
  test("gives whole round numbers", () => {
    assert.deepEqual(makeMarks(7), [0, 2, 4, 6, 8]);
    assert.deepEqual(makeMarks(1), [0, 1]);
    assert.deepEqual(makeMarks(930), [0, 250, 500, 750, 1000]);
    assert.deepEqual(makeMarks(0), [0, 1]);
  });

  test("gives round multiples of a unit", () => {
    assert.deepEqual(makeMarks(7200, 3600), [0, 1800, 3600, 5400, 7200]);
    assert.deepEqual(makeMarks(1, 0.25), [0, 0.25, 0.5, 0.75, 1]);
  });

  test("covers every maximum with few even steps", () => {
    forAll(300, (random) => {
      const max = random.next() * 10 ** random.int(0, 9);
      const marks = makeMarks(max, random.pick([1, 60, 3600]));
      const step = marks[1] ?? 0;
      assert.ok((marks.at(-1) ?? 0) >= max * (1 - 1e-9) && marks.length <= 6, `${max}: ${marks}`);
      for (const [i, mark] of marks.entries()) assert.ok(Math.abs(mark - i * step) <= 1e-6 * mark);
    });
  });
});

describe("spreadIndexes", () => {
  test("ends with the last index and has no more than there is room for", () => {
    assert.deepEqual(spreadIndexes(10, 4), [0, 3, 6, 9]);
    assert.deepEqual(spreadIndexes(28, 5), [6, 13, 20, 27]);
    assert.deepEqual(spreadIndexes(3, 100), [0, 1, 2]);
    assert.deepEqual(spreadIndexes(0, 5), []);
    forAll(200, (random) => {
      const [count, room] = [random.int(1, 400), random.int(1, 12)];
      const indexes = spreadIndexes(count, room);
      assert.equal(indexes.at(-1), count - 1);
      assert.ok(indexes.length <= Math.max(2, room));
    });
  });
});

describe("storyboards", () => {
  const WEBVTT =
    "WEBVTT\n\n00:00.000 --> 00:05.000\nsheet.jpg#xywh=0,0,160,90\n\n00:05.000 --> 01:00:00.000\n/abs/sheet.jpg#xywh=160,90,160,90\n";
  const base = new URL("http://host/media/v/storyboard.vtt");

  test("are read as boxes of sheets", () => {
    assert.deepEqual(readThumbnails(WEBVTT, base), [
      { endS: 5, url: "http://host/media/v/sheet.jpg", x: 0, y: 0, width: 160, height: 90 },
      { endS: 3600, url: "http://host/abs/sheet.jpg", x: 160, y: 90, width: 160, height: 90 },
    ]);
  });

  test("have a thumbnail for each moment", () => {
    const thumbnails = readThumbnails(WEBVTT, base);
    assert.deepEqual(
      [0, 4.9, 5, 9999].map((at) => thumbnails.indexOf(thumbnailAt(thumbnails, at) as never)),
      [0, 0, 1, 1],
    );
    assert.equal(thumbnailAt([], 1), undefined);
  });

  test("that cannot be fetched are empty", async (context) => {
    fakeFetch(context, () => problem(404, "request.not_found"));
    assert.deepEqual(await fetchThumbnails("/storyboard.vtt"), []);
    fakeFetch(context, () => "offline");
    assert.deepEqual(await fetchThumbnails("/storyboard.vtt"), []);
    fakeFetch(context, () => new Response("<html>"));
    assert.deepEqual(await fetchThumbnails("/storyboard.vtt"), []);
  });
});
