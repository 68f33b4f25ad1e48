import assert from "node:assert/strict";
import { test } from "node:test";

import { findFileError } from "../../../src/upload/view/file-kind.ts";

const file = (
  name: string,
  type: string,
  size = 1,
): { name: string; type: string; size: number } => ({ name, type, size });

test("videos are accepted by type or name", () => {
  for (const [name, type] of [
    ["a.mp4", "video/mp4"],
    ["a.mkv", ""],
    ["a.ts", "text/vnd.trolltech.linguist"],
    ["a.MTS", "application/octet-stream"],
    ["unknown", ""],
    ["a.mxf", "application/mxf"],
  ] as const) {
    assert.equal(findFileError(file(name, type)), null, name);
  }
});

test("other files are refused", () => {
  for (const [name, type] of [
    ["a.jpg", "image/jpeg"],
    ["a.mp3", "audio/mpeg"],
    ["a.txt", "text/plain"],
    ["a.pdf", "application/pdf"],
    ["a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
  ] as const) {
    assert.equal(findFileError(file(name, type)), "no_video", name);
  }
});

test("empty files are refused, whatever they are called", () => {
  assert.equal(findFileError(file("a.mp4", "video/mp4", 0)), "empty");
});
