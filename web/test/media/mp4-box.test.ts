import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { findBox, listBoxes, readBoxHeader } from "../../src/media/mp4-box.ts";
import { ascii, box, join, u32, wideBox } from "../harness/boxes.ts";
import { forAll } from "../harness/random.ts";

function viewOf(...parts: Uint8Array[]): DataView {
  return new DataView(join(...parts).buffer);
}

describe("listBoxes", () => {
  test("lists boxes with their offsets", () => {
    const boxes = [
      ...listBoxes(viewOf(box("ftyp", ascii("isom")), box("free"), box("mdat", [1, 2]))),
    ];
    assert.deepEqual(boxes, [
      { kind: "ftyp", start: 0, payload: 8, end: 12 },
      { kind: "free", start: 12, payload: 20, end: 20 },
      { kind: "mdat", start: 20, payload: 28, end: 30 },
    ]);
  });

  test("reads sizes of 64 bits", () => {
    const [wide, next] = [...listBoxes(viewOf(wideBox("mdat", [1, 2, 3]), box("free")))];
    assert.deepEqual(wide, { kind: "mdat", start: 0, payload: 16, end: 19 });
    assert.equal(next?.start, 19);
  });

  test("takes a size of 0 as all the rest", () => {
    const [last] = [...listBoxes(viewOf(join(u32(0), ascii("mdat"), [1, 2, 3, 4])))];
    assert.equal(last?.end, 12);
  });

  test("stops at a box that is larger than its container, or smaller than its header", () => {
    const tooLarge = join(u32(100), ascii("mdat"), [1]);
    assert.deepEqual(
      [...listBoxes(viewOf(box("free"), tooLarge))].map(({ kind }) => kind),
      ["free"],
    );
    const tooSmall = join(u32(4), ascii("mdat"));
    assert.deepEqual([...listBoxes(viewOf(tooSmall, box("free")))], []);
  });

  test("terminates and stays inside for any bytes", () => {
    forAll(300, (random) => {
      const data = random.bytes(random.int(0, 200));
      let end = 0;
      for (const found of listBoxes(new DataView(data.buffer))) {
        assert.ok(found.start === end && found.end > found.start && found.end <= data.length);
        end = found.end;
      }
    });
  });
});

describe("findBox", () => {
  const file = viewOf(box("free"), box("moov", box("mvhd", [7]), box("trak", box("tkhd", [8]))));

  test("follows a path into nested boxes", () => {
    const found = findBox(file, ["moov", "trak", "tkhd"]);
    assert.equal(found === null ? null : file.getUint8(found.payload), 8);
  });

  test("returns null if a part of the path is missing", () => {
    assert.equal(findBox(file, ["moov", "mdia"]), null);
    assert.equal(findBox(file, ["trak"]), null);
  });
});

test("readBoxHeader reads a short header at the end of a file", () => {
  const view = viewOf(box("free"));
  assert.deepEqual(readBoxHeader(view, 0, 8), { kind: "free", headerBytes: 8, sizeBytes: 8 });
});
