import assert from "node:assert/strict";
import { test } from "node:test";

import { encodeBase64 } from "../../src/api/base64.ts";
import { Random } from "../harness/random.ts";

test("bytes are encoded as base64", () => {
  assert.equal(encodeBase64(new TextEncoder().encode("Yeoul")), "WWVvdWw=");
  assert.equal(encodeBase64(new Uint8Array(0)), "");
});

test("every length and a whole MiB can be decoded again", () => {
  for (const length of [1, 2, 3, 16_383, 16_384, 16_385, 2 ** 20]) {
    const bytes = new Random(length).bytes(length);
    const decoded = Uint8Array.from(atob(encodeBase64(bytes)), (letter) => letter.charCodeAt(0));
    assert.deepEqual(decoded, bytes);
  }
});
