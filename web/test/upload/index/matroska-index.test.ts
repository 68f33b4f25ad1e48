import assert from "node:assert/strict";
import { test } from "node:test";

import { checkMatroska } from "../../../src/upload/index/matroska-index.ts";
import { CannotSplit } from "../../../src/upload/split-reason.ts";

const EBML = [0x1a, 0x45, 0xdf, 0xa3, 0x84, 1, 2, 3, 4];
const CLUSTER = [0x1f, 0x43, 0xb6, 0x75, 0x81, 0];
const CHAPTERS = [0x10, 0x43, 0xa7, 0x70, 0x81, 0];
const VIDEO_TRACK = [0x83, 0x81, 0x01];
const CAPTION_TRACK = [0x83, 0x81, 0x11];

function check(...parts: number[][]): Promise<void> {
  return checkMatroska(new Blob([Uint8Array.from(parts.flat())]));
}

const isTextTracks = (error: unknown): boolean =>
  error instanceof CannotSplit && error.reason === "text_tracks";

test("files without captions and chapters pass", async () => {
  await check(EBML, VIDEO_TRACK, CLUSTER);
  await check(EBML, VIDEO_TRACK);
  await check();
});

test("a caption track before the first cluster is left to the server", async () => {
  await assert.rejects(check(EBML, VIDEO_TRACK, CAPTION_TRACK, CLUSTER), isTextTracks);
});

test("chapters before the first cluster are left to the server", async () => {
  await assert.rejects(check(EBML, CHAPTERS, CLUSTER), isTextTracks);
});

test("the same bytes in media are no captions", async () => {
  await check(EBML, VIDEO_TRACK, CLUSTER, CAPTION_TRACK, CHAPTERS);
});

test("only the first MiB is read", async () => {
  await check(EBML, Array<number>(2 ** 20).fill(0), CAPTION_TRACK);
});
