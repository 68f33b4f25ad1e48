import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type NutStream, NutWriter } from "../../../src/upload/piece/nut.ts";
import { readNut } from "../../harness/nut-reader.ts";
import { forAll, Random } from "../../harness/random.ts";

const VIDEO: NutStream = {
  kind: "video",
  fourcc: Uint8Array.of(72, 50, 54, 52),
  timeBase: { num: 1, den: 90_000 },
  extradata: Uint8Array.of(1, 2, 3),
  reorderDepth: 2,
  width: 320,
  height: 180,
  sar: { num: 4, den: 3 },
};
const AUDIO: NutStream = {
  kind: "audio",
  fourcc: Uint8Array.of(255, 0, 0, 0),
  timeBase: { num: 1, den: 48_000 },
  extradata: Uint8Array.of(9),
  sampleRate: 48_000,
  channels: 2,
};

describe("NutWriter", () => {
  test("writes the streams", () => {
    const file = readNut(new NutWriter([VIDEO, AUDIO], 100).finish());
    assert.deepEqual(file.timeBases, [VIDEO.timeBase, AUDIO.timeBase]);
    assert.deepEqual(file.streams, [
      {
        kind: 0,
        fourcc: [72, 50, 54, 52],
        reorderDepth: 2,
        extradata: [1, 2, 3],
        format: [320, 180, 4, 3, 0],
      },
      { kind: 1, fourcc: [255, 0, 0, 0], reorderDepth: 0, extradata: [9], format: [48_000, 1, 2] },
    ]);
    assert.deepEqual(file.frames, []);
  });

  test("writes frames with their times and bytes", () => {
    const writer = new NutWriter([VIDEO, AUDIO], 100);
    writer.write(0, 0, true, Uint8Array.of(1, 2));
    writer.write(1, 2 ** 40, true, Uint8Array.of(3));
    writer.write(0, 7200, false, new Uint8Array(0));
    assert.deepEqual(readNut(writer.finish()).frames, [
      { stream: 0, pts: 0, key: true, data: [1, 2] },
      { stream: 1, pts: 2 ** 40, key: true, data: [3] },
      { stream: 0, pts: 7200, key: false, data: [] },
    ]);
  });

  test("writes a header of its own for extradata of more than 4096 bytes", () => {
    const extradata = new Random(1).bytes(5000);
    const file = readNut(new NutWriter([{ ...VIDEO, extradata }], 100).finish());
    assert.deepEqual(file.streams[0]?.extradata, [...extradata]);
  });

  test("gives the same bytes for the same packets", () => {
    const make = (expectedBytes: number): Uint8Array => {
      const writer = new NutWriter([VIDEO], expectedBytes);
      for (let i = 0; i < 50; i++)
        writer.write(0, i * 3600, i % 25 === 0, new Random(i + 1).bytes(900));
      return writer.finish();
    };
    assert.deepEqual(make(1), make(1_000_000));
  });

  test("writes back what is written, with a syncpoint in every maximal distance", () => {
    forAll(15, (random) => {
      const writer = new NutWriter([VIDEO, AUDIO], 10);
      const frames = Array.from({ length: random.int(1, 60) }, (_, i) => ({
        stream: random.int(0, 1),
        pts: random.int(0, 2 ** 30),
        key: i === 0 || random.next() < 0.2,
        data: [...random.bytes(random.int(0, 4000))],
      }));
      for (const { stream, pts, key, data } of frames)
        writer.write(stream, pts, key, Uint8Array.from(data));
      const bytes = writer.finish();
      const file = readNut(bytes);
      assert.deepEqual(file.frames, frames);
      assert.deepEqual(
        [file.syncpoints[0]?.pts, file.syncpoints[0]?.stream],
        [frames[0]?.pts, frames[0]?.stream],
      );
      const places = [...file.syncpoints.map(({ at }) => at), bytes.length];
      places.forEach((place, i) => {
        if (i > 0) assert.ok(place - (places[i - 1] as number) <= file.maxDistance + 64);
      });
    });
  });
});
