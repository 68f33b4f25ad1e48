import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { findBox, listBoxes } from "../../../src/media/mp4-box.ts";
import { clearMediaTime, shiftSegment } from "../../../src/player/stream/segment-times.ts";
import { box, elst, fragment, join, mvhd, type SampleSpec, tkhd } from "../../harness/boxes.ts";
import { assertAscending } from "../../harness/order.ts";
import { forAll } from "../../harness/random.ts";

interface ReadSample {
  dts: number;
  pts: number;
  duration: number;
  bytes: number[];
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

/** Reads the samples of a segment whose fragments have one sample, or all fields written out. */
function readSamples(segment: Uint8Array): ReadSample[] {
  const view = viewOf(segment);
  const samples: ReadSample[] = [];
  for (const moof of listBoxes(view)) {
    if (moof.kind !== "moof") continue;
    const at = (path: string[]): number =>
      findBox(view, path, moof.payload, moof.end)?.payload ?? Number.NaN;
    const [tfdt, tfhd, trun] = [at(["traf", "tfdt"]), at(["traf", "tfhd"]), at(["traf", "trun"])];
    let dts =
      view.getUint8(tfdt) === 1 ? Number(view.getBigUint64(tfdt + 4)) : view.getUint32(tfdt + 4);
    const isFull = (view.getUint32(trun) & 0xf00) === 0xf00;
    let data = moof.start + view.getInt32(trun + 8);
    for (let i = 0; i < view.getUint32(trun + 4); i++) {
      const entry = trun + 12 + i * 16;
      const duration = isFull ? view.getUint32(entry) : view.getUint32(tfhd + 8);
      const size = isFull ? view.getUint32(entry + 4) : view.getUint32(tfhd + 12);
      const offset = view.getInt32(isFull ? entry + 12 : trun + 12);
      samples.push({
        dts,
        pts: dts + offset,
        duration,
        bytes: [...segment.subarray(data, data + size)],
      });
      dts += duration;
      data += size;
    }
  }
  return samples;
}

/** Samples in decode order I P B B, with a composition offset of two frames. */
function frames(count: number, duration = 512): SampleSpec[] {
  return Array.from({ length: count }, (_, i) => ({
    duration,
    bytes: [i, i + 1],
    offset: 2 * duration,
    isKey: i === 0,
  }));
}

describe("clearMediaTime", () => {
  const init = (version: number): Uint8Array =>
    join(
      box("ftyp"),
      box(
        "moov",
        mvhd(1000),
        box("trak", tkhd(1), box("edts", elst([{ duration: 0, mediaTime: 1024 }], version))),
      ),
    );

  test("takes the media time out of the edit list", () => {
    for (const version of [0, 1]) {
      const [cleared, mediaTime] = clearMediaTime(init(version));
      assert.equal(mediaTime, 1024);
      assert.equal(clearMediaTime(cleared)[1], 0);
      assert.equal(cleared.length, init(version).length);
    }
  });

  test("does not change the original", () => {
    const original = init(0);
    clearMediaTime(original);
    assert.deepEqual(original, init(0));
  });

  test("returns a segment without an edit list as it is", () => {
    const plain = join(box("moov", mvhd(1000), box("trak", tkhd(1))));
    const [same, mediaTime] = clearMediaTime(plain);
    assert.equal(same, plain);
    assert.equal(mediaTime, 0);
  });
});

describe("shiftSegment", () => {
  test("moves later segments by their decode time alone", () => {
    for (const version of [0, 1]) {
      const segment = fragment(10_240, frames(5), version);
      const shifted = shiftSegment(segment, 1024);
      assert.equal(shifted.length, segment.length);
      const expected = readSamples(segment).map((sample) => ({
        ...sample,
        dts: sample.dts - 1024,
        pts: sample.pts - 1024,
      }));
      assert.deepEqual(readSamples(shifted), expected);
    }
  });

  test("keeps a segment if there is nothing to move", () => {
    const segment = fragment(0, frames(3));
    assert.equal(shiftSegment(segment, 0), segment);
  });

  test("writes the first samples one tick apart, so that no decode time is negative", () => {
    const shifted = readSamples(shiftSegment(fragment(0, frames(5)), 1024));
    assert.deepEqual(
      shifted.map(({ pts }) => pts),
      [0, 512, 1024, 1536, 2048],
    );
    assert.deepEqual(
      shifted.map(({ dts }) => dts),
      [0, 1, 2, 512, 1024],
    );
    assert.deepEqual(
      shifted.map(({ bytes }) => bytes),
      frames(5).map(({ bytes }) => bytes),
    );
    assert.ok(shifted.every(({ duration }) => duration === 512));
  });

  test("drops samples that end before 0", () => {
    const priming: SampleSpec[] = Array.from({ length: 4 }, (_, i) => ({
      duration: 1024,
      bytes: [i],
      isKey: true,
    }));
    const shifted = readSamples(shiftSegment(fragment(0, priming), 1024));
    assert.deepEqual(
      shifted.map(({ pts, bytes }) => [pts, bytes[0]]),
      [
        [0, 1],
        [1024, 2],
        [2048, 3],
      ],
    );
  });

  test("repeats keyframes that are shown for longer than the edit", () => {
    const still: SampleSpec[] = [
      { duration: 5000, bytes: [7], isKey: true, offset: 1024 },
      { duration: 512, bytes: [8], offset: 1024 },
    ];
    const shifted = readSamples(shiftSegment(fragment(20_000, still), 1024));
    const copies = shifted.filter(({ bytes }) => bytes[0] === 7);
    assert.equal(copies.length, Math.ceil(5000 / 512));
    assert.deepEqual(
      [copies[0]?.pts, copies.reduce((sum, { duration }) => sum + duration, 0)],
      [20_000, 5000],
    );
    assert.equal(shifted.at(-1)?.pts, 25_000);
  });

  test("repeats no more than 2000 times", () => {
    const still: SampleSpec[] = [{ duration: 10_000_000, bytes: [7], isKey: true }];
    const shifted = readSamples(shiftSegment(fragment(100_000, still), 2));
    assert.ok(shifted.length <= 2000);
    assert.equal(
      shifted.reduce((sum, { duration }) => sum + duration, 0),
      10_000_000,
    );
  });

  test("keeps other boxes", () => {
    const segment = join(box("styp", [1, 2, 3, 4]), fragment(10_240, frames(2)), box("free"));
    const kinds = [...listBoxes(viewOf(shiftSegment(segment, 1024)))].map(({ kind }) => kind);
    assert.deepEqual(kinds, ["styp", "moof", "mdat", "free"]);
  });

  test("shifts every presentation time by the same ticks", () => {
    forAll(60, (random) => {
      const duration = random.int(100, 2000);
      const samples = Array.from({ length: random.int(1, 20) }, (_, i) => ({
        duration,
        bytes: [i],
        offset: random.int(0, 3) * duration,
        isKey: random.next() < 0.3,
      }));
      const start = random.int(0, 5) * duration;
      const ticks = duration + random.int(0, duration);
      const before = readSamples(fragment(start, samples));
      const after = readSamples(shiftSegment(fragment(start, samples), ticks));
      const kept = before.filter(({ pts }) => pts + duration > ticks);
      assert.deepEqual(
        after.map(({ pts, bytes }) => [pts, bytes]),
        kept.map(({ pts, bytes }) => [pts - ticks, bytes]),
      );
      const times = after.map(({ dts }) => dts);
      assertAscending(times, true);
      assert.ok((times[0] ?? 0) >= 0);
    });
  });
});
