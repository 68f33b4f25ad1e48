import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { fingerprint } from "../../../src/upload/send/fingerprint.ts";
import { digest, sha256 } from "../../../src/upload/send/sha256.ts";
import { replaceGlobal } from "../../harness/globals.ts";
import { Random } from "../../harness/random.ts";

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const ascii = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

async function native(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
}

describe("digest", () => {
  test("gives the examples of FIPS 180-4", () => {
    assert.equal(
      hex(digest(ascii(""))),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    assert.equal(
      hex(digest(ascii("abc"))),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    assert.equal(
      hex(digest(ascii("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
  });

  test("agrees with the browser's at every length around a block", async () => {
    for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 100_000]) {
      const data = new Random(length + 1).bytes(length);
      assert.equal(hex(digest(data)), await native(data), String(length));
    }
  });

  test("hashes a part of a larger buffer", async () => {
    const buffer = new Random(1).bytes(300);
    assert.equal(hex(digest(buffer.subarray(7, 207))), await native(buffer.slice(7, 207)));
  });
});

describe("sha256", () => {
  test("is the same with and without the browser's implementation", async (context) => {
    const data = new Random(2).bytes(500);
    const secure = await sha256(data);
    replaceGlobal(context, "crypto", {});
    assert.equal(await sha256(data), secure);
  });
});

describe("fingerprint", () => {
  const MIB = 2 ** 20;

  test("is the hash of size and content for small files", async () => {
    assert.equal(await fingerprint(new Blob(["abc"])), await native(ascii("3abc")));
    assert.equal(await fingerprint(new Blob()), await native(ascii("0")));
  });

  test("covers size, first MiB and last MiB of large files", async () => {
    const bytes = new Random(3).bytes(3 * MIB);
    const original = await fingerprint(new Blob([bytes]));
    const changed = async (at: number): Promise<string> => {
      const copy = bytes.slice();
      copy[at] = (copy[at] as number) ^ 1;
      return fingerprint(new Blob([copy]));
    };
    assert.notEqual(await changed(0), original);
    assert.notEqual(await changed(MIB - 1), original);
    assert.notEqual(await changed(2 * MIB), original);
    assert.notEqual(await changed(3 * MIB - 1), original);
    assert.equal(await changed(1.5 * MIB), original);
    assert.notEqual(await fingerprint(new Blob([bytes, "x"])), original);
  });

  test("does not hash the middle of a file of less than two MiB twice", async () => {
    const bytes = new Random(4).bytes(1.5 * MIB);
    const whole = new Uint8Array([...ascii(String(bytes.length)), ...bytes]);
    assert.equal(await fingerprint(new Blob([bytes])), await native(whole));
  });
});
