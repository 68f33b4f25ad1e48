import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { openItems } from "../../src/upload/items.ts";
import { makeClip } from "../harness/clips.ts";
import { FakeWorker } from "../harness/fake-worker.ts";
import { replaceGlobal } from "../harness/globals.ts";
import { readNut } from "../harness/nut-reader.ts";
import { Random } from "../harness/random.ts";

const PART_BYTES = 1000;

type Context = Parameters<typeof replaceGlobal>[0];

async function open(context: Context, blob: Blob, whole = false) {
  replaceGlobal(context, "Worker", FakeWorker);
  return openItems(new File([blob], "a.mp4"), 2, PART_BYTES, whole);
}

describe("openItems", () => {
  test("opens a video as pieces with hash and size", async (context) => {
    const items = await open(context, await makeClip());
    assert.deepEqual(
      [items.mode, items.count, items.reason, items.extraAudioCount],
      ["pieces", 2, null, 0],
    );
    assert.equal(items.source?.video.frames, 100);
    const { declared, body } = await items.make(1);
    assert.deepEqual(
      [declared.index, declared.piece?.index, declared.size_bytes],
      [1, 1, body.length],
    );
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    assert.equal(
      declared.sha256,
      Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    );
    assert.equal(readNut(body).frames.length, 50);
    items.close();
  });

  test("opens additional audio tracks", async (context) => {
    const items = await open(context, await makeClip({ audioS: [4, 2] }));
    assert.equal(items.extraAudioCount, 1);
    const { track, body } = await items.makeExtraAudio(0);
    assert.deepEqual([track.role, track.size_bytes], ["dub", body.length]);
  });

  test("opens anything else as parts, with the reason", async (context) => {
    const bytes = new Random(1).bytes(2500);
    const items = await open(context, new Blob([bytes]));
    assert.deepEqual(
      [items.mode, items.count, items.reason, items.source, items.sizeBytes],
      ["whole", 3, "container", null, 2500],
    );
    const bodies = await Promise.all(
      [0, 1, 2].map(async (index) => (await items.make(index)).body),
    );
    assert.deepEqual(
      bodies.flatMap((body) => [...body]),
      [...bytes],
    );
    assert.equal((await items.make(2)).declared.piece, undefined);
  });

  test("opens a video as parts if the pipeline wants it whole", async (context) => {
    const items = await open(context, await makeClip(), true);
    assert.deepEqual([items.mode, items.reason], ["whole", "pipeline"]);
  });

  test("rejects what is pending when it is closed", async (context) => {
    const items = await open(context, await makeClip());
    const pending = items.make(0);
    items.close();
    await assert.rejects(pending, /closed/);
  });

  test("reports a piece that does not exist as an error", async (context) => {
    const items = await open(context, await makeClip());
    await assert.rejects(items.make(99), /no piece 99/);
  });
});
