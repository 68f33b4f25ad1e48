import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ByteWriter } from "../../../src/upload/piece/byte-writer.ts";
import { crc32 } from "../../../src/upload/piece/crc32.ts";
import { forAll } from "../../harness/random.ts";

function written(write: (out: ByteWriter) => void, expectedBytes = 4): number[] {
  const out = new ByteWriter(expectedBytes);
  write(out);
  return [...out.finish()];
}

describe("ByteWriter", () => {
  test("writes integers most significant byte first", () => {
    assert.deepEqual(
      written((out) => out.u8(7)),
      [7],
    );
    assert.deepEqual(
      written((out) => out.u32(0xfedcba98)),
      [0xfe, 0xdc, 0xba, 0x98],
    );
  });

  test("writes varints as the NUT specification shows them", () => {
    for (const [value, bytes] of [
      [0, [0]],
      [127, [127]],
      [128, [0x81, 0]],
      [16_383, [0xff, 0x7f]],
      [2 ** 32, [0x90, 0x80, 0x80, 0x80, 0]],
    ] as const) {
      assert.deepEqual(
        written((out) => out.varint(value)),
        [...bytes],
      );
    }
  });

  test("writes varints up to 2^53 without loss", () => {
    forAll(200, (random) => {
      const value = Math.floor(random.next() * 2 ** random.int(0, 53));
      const bytes = written((out) => out.varint(value));
      assert.equal(
        bytes.reduce((sum, byte) => sum * 128 + (byte & 127), 0),
        value,
      );
      assert.ok(bytes.every((byte, i) => byte >= 128 === i < bytes.length - 1));
    });
  });

  test("writes blobs with their length, and text", () => {
    assert.deepEqual(
      written((out) => out.blob(Uint8Array.of(5, 6))),
      [2, 5, 6],
    );
    assert.deepEqual(
      written((out) => out.ascii("nut\0")),
      [110, 117, 116, 0],
    );
  });

  test("grows beyond what was expected", () => {
    const data = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
    const bytes = written((out) => {
      out.u8(1);
      out.bytes(data);
      out.u32(2);
    }, 0);
    assert.deepEqual(bytes, [1, ...data, 0, 0, 0, 2]);
  });

  test("returns what was written since a position", () => {
    const out = new ByteWriter(1);
    out.ascii("head");
    const begin = out.length;
    out.ascii("body");
    assert.deepEqual([...out.since(begin)], [...new TextEncoder().encode("body")]);
  });
});

describe("crc32", () => {
  test("has NUT's parameters", () => {
    // CRC-32/MPEG-2 with initial value 0: the check value of "123456789".
    assert.equal(crc32(new TextEncoder().encode("123456789")), 0x89a1897f);
    assert.equal(crc32(new Uint8Array(0)), 0);
  });

  test("of data followed by its own checksum is 0", () => {
    forAll(100, (random) => {
      const data = random.bytes(random.int(1, 50));
      const sum = crc32(data);
      assert.equal(
        crc32(Uint8Array.of(...data, sum >>> 24, (sum >>> 16) & 255, (sum >>> 8) & 255, sum & 255)),
        0,
      );
    });
  });
});
