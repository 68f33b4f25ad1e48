import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { BitReader } from "../../../src/upload/index/bit-reader.ts";
import { BitWriter } from "../../harness/bit-writer.ts";
import { forAll } from "../../harness/random.ts";

describe("BitReader", () => {
  test("reads the most significant bit first", () => {
    const bits = new BitReader(Uint8Array.of(0b1010_0110, 0b1100_0000));
    assert.equal(bits.bit(), 1);
    assert.equal(bits.bits(3), 0b010);
    assert.equal(bits.bits(6), 0b0110_11);
  });

  test("reads 32 bits without a sign", () => {
    assert.equal(new BitReader(Uint8Array.of(255, 255, 255, 255)).bits(32), 2 ** 32 - 1);
  });

  test("reads zeros past the end", () => {
    const bits = new BitReader(Uint8Array.of(255));
    assert.equal(bits.bits(12), 0b1111_1111_0000);
    assert.equal(new BitReader(new Uint8Array(0)).bits(5), 0);
  });

  test("reads the Exp-Golomb codes of the standard's table 9-2", () => {
    for (const [code, value] of [
      ["1", 0],
      ["010", 1],
      ["011", 2],
      ["00100", 3],
      ["00111", 6],
      ["0001000", 7],
    ] as const) {
      assert.equal(new BitReader(new BitWriter().code(code).bytes()).unsigned(), value);
    }
  });

  test("reads signed Exp-Golomb codes in the order 0, 1, -1, 2, -2", () => {
    const codes = new BitWriter().code("1").code("010").code("011").code("00100").code("00101");
    const bits = new BitReader(codes.bytes());
    assert.deepEqual(
      Array.from({ length: 5 }, () => bits.signed()),
      [0, 1, -1, 2, -2],
    );
  });

  test("ends on a code of zeros only", () => {
    assert.equal(new BitReader(new Uint8Array(3)).unsigned(), 2 ** 32 - 1);
  });

  test("reads back every unsigned and signed number", () => {
    forAll(200, (random) => {
      const [unsigned, signed] = [random.int(0, 2 ** 31), random.int(-(2 ** 20), 2 ** 20)];
      const bits = new BitReader(new BitWriter().unsigned(unsigned).signed(signed).bytes());
      assert.equal(bits.unsigned(), unsigned);
      assert.equal(bits.signed(), signed);
    });
  });
});
