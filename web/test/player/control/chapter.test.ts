import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Video } from "../../../src/api/video.ts";
import { chapterAt, chaptersOf } from "../../../src/player/control/chapter.ts";

function video(description: string, more: Partial<Video> = {}): Video {
  return { description, duration_s: 300, chapters: [], ...more } as Video;
}

const titles = (description: string): string[] =>
  chaptersOf(video(description)).map(({ title }) => title);

describe("chaptersOf", () => {
  test("prefers the chapters of the source", () => {
    const chapters = [{ start_s: 0, end_s: 300, title: "All" }];
    assert.equal(chaptersOf(video("0:00 A\n1:00 B\n2:00 C", { chapters })), chapters);
  });

  test("reads the times of the description", () => {
    const description =
      "My trip\n\n0:00 Start\n1:30 - The bridge\n2:05 Home\nThanks for 3:00 minutes";
    assert.deepEqual(chaptersOf(video(description)), [
      { start_s: 0, title: "Start", end_s: 90 },
      { start_s: 90, title: "The bridge", end_s: 125 },
      { start_s: 125, title: "Home", end_s: 300 },
    ]);
  });

  test("accepts the separators that people use", () => {
    assert.deepEqual(titles("0:00 – A\n0:10 — B\n0:20) C\n0:30 | D\n0:40. E"), [
      "A",
      "B",
      "C",
      "D",
      "E",
    ]);
  });

  test("needs three times, the first of them 0:00", () => {
    assert.deepEqual(titles("0:00 A\n1:00 B"), []);
    assert.deepEqual(titles("0:05 A\n1:00 B\n2:00 C"), []);
  });

  test("needs times that ascend, within the video, each with a title", () => {
    assert.deepEqual(titles("0:00 A\n2:00 B\n1:00 C"), []);
    assert.deepEqual(titles("0:00 A\n1:00 B\n1:00 C"), []);
    assert.deepEqual(titles("0:00 A\n1:00 B\n5:00 C"), []);
    assert.deepEqual(titles("0:00 A\n1:00\n2:00 C"), []);
  });

  test("has none while the duration is unknown", () => {
    assert.deepEqual(chaptersOf(video("0:00 A\n1:00 B\n2:00 C", { duration_s: null })), []);
  });
});

test("chapterAt finds the chapter of a moment", () => {
  const chapters = chaptersOf(video("0:00 A\n1:00 B\n2:00 C"));
  assert.deepEqual(
    [0, 59.9, 60, 299].map((time) => chapterAt(chapters, time)?.title),
    ["A", "A", "B", "C"],
  );
  assert.equal(chapterAt(chapters, 300), undefined);
});
