import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { findSps } from "../../../src/upload/index/sps.ts";
import { forAll } from "../../harness/random.ts";
import { type SpsOptions, writeAvcRecord, writeSps } from "../../harness/sps.ts";

const START_CODE = [0, 0, 0, 1];
const ACCESS_UNIT_DELIMITER = [0, 0, 0, 1, 0x09, 0xf0];

function readAnnexB(options: SpsOptions) {
  return findSps(Uint8Array.of(...ACCESS_UNIT_DELIMITER, ...START_CODE, ...writeSps(options)));
}

describe("findSps", () => {
  test("reads 8-bit 4:2:0 without a colour description", () => {
    assert.deepEqual(readAnnexB({ profile: 66 }), {
      chroma: 1,
      bitDepth: 8,
      frameMbsOnly: true,
      fullRange: null,
      primaries: 2,
      transfer: 2,
      matrix: 2,
    });
  });

  test("reads chroma format and bit depth of high profiles", () => {
    for (const [profile, chroma, bitDepth] of [
      [110, 1, 10],
      [122, 2, 10],
      [244, 3, 12],
      [100, 0, 8],
    ] as const) {
      const sps = readAnnexB({ profile, chroma, bitDepth });
      assert.equal(sps?.chroma, chroma);
      assert.equal(sps?.bitDepth, bitDepth);
    }
  });

  test("reads the colour description behind every optional field", () => {
    const colour = { fullRange: true, codes: [9, 16, 9] as [number, number, number] };
    for (const options of [
      {},
      { scalingLists: true },
      { scalingLists: true, chroma: 3, profile: 244 },
      { pictureOrder: 1 as const },
      { pictureOrder: 2 as const },
      { cropped: true },
      { sar: [4, 3] as [number, number] },
      { interlaced: true },
    ]) {
      const sps = readAnnexB({ ...options, colour });
      assert.deepEqual(
        [sps?.fullRange, sps?.primaries, sps?.transfer, sps?.matrix],
        [true, 9, 16, 9],
        JSON.stringify(options),
      );
    }
  });

  test("distinguishes a range without colour codes from a VUI without either", () => {
    assert.equal(readAnnexB({ colour: { fullRange: false, codes: null } })?.fullRange, false);
    assert.equal(readAnnexB({ colour: { fullRange: false, codes: null } })?.primaries, 2);
    assert.equal(readAnnexB({ colour: null })?.fullRange, null);
  });

  test("tells interlaced streams", () => {
    assert.equal(readAnnexB({ interlaced: true })?.frameMbsOnly, false);
    assert.equal(readAnnexB({})?.frameMbsOnly, true);
  });

  test("reads a configuration record as it reads Annex B", () => {
    const options = {
      bitDepth: 10,
      profile: 110,
      colour: { fullRange: false, codes: [1, 1, 1] as [number, number, number] },
    };
    assert.deepEqual(findSps(writeAvcRecord(writeSps(options))), readAnnexB(options));
  });

  test("removes emulation prevention", () => {
    const sps = writeSps({ sar: [0, 0], colour: { fullRange: false, codes: [0, 0, 1] } });
    assert.ok(sps.some((byte, i) => byte === 3 && sps[i - 1] === 0 && sps[i - 2] === 0));
    assert.equal(findSps(writeAvcRecord(sps))?.matrix, 1);
  });

  test("returns null without a parameter set", () => {
    assert.equal(findSps(new Uint8Array(0)), null);
    assert.equal(findSps(Uint8Array.of(...START_CODE, 0x65, 1, 2, 3)), null);
    assert.equal(findSps(Uint8Array.of(1, 100, 0, 31, 0xff, 0xe0)), null);
  });

  test("returns at once for a cycle of four billion frames", () => {
    const hostile = Uint8Array.of(0x67, 66, 0, 31, 0b1100_1010, 0x40, 0, 0, 0, 0, 0, 0, 0, 0);
    const started = performance.now();
    assert.notEqual(findSps(Uint8Array.of(...START_CODE, ...hostile)), null);
    assert.ok(performance.now() - started < 1000);
  });

  test("survives truncation and garbage", () => {
    const whole = Uint8Array.of(...START_CODE, ...writeSps({ scalingLists: true, colour: null }));
    for (let length = 0; length < whole.length; length++) findSps(whole.subarray(0, length));
    forAll(300, (random) => {
      findSps(Uint8Array.of(...START_CODE, 0x67, ...random.bytes(random.int(0, 60))));
      findSps(Uint8Array.of(1, ...random.bytes(random.int(0, 60))));
    });
  });
});
