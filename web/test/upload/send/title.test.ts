import assert from "node:assert/strict";
import { test } from "node:test";

import { titleOf } from "../../../src/upload/send/title.ts";

test("a title is the file name without extension and underscores", () => {
  assert.equal(titleOf("my_summer__trip.mp4"), "my summer trip");
  assert.equal(titleOf("Vortrag 3.2 (final).m2ts"), "Vortrag 3.2 (final)");
  assert.equal(titleOf("여울_소개.webm"), "여울 소개");
  assert.equal(titleOf("no extension"), "no extension");
});

test("a name that is nothing but extension stays", () => {
  assert.equal(titleOf(".mp4"), ".mp4");
  assert.equal(titleOf("___.mp4"), "___.mp4");
});

test("a long name is cut to what the server accepts", () => {
  assert.equal(titleOf(`${"x".repeat(500)}.mp4`).length, 200);
});
