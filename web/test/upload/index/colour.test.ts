import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { avcColour, hevcColour, webColour } from "../../../src/upload/index/colour.ts";
import { CannotSplit, type Reason } from "../../../src/upload/split-reason.ts";
import { type SpsOptions, writeAvcRecord, writeSps } from "../../harness/sps.ts";

const BT709 = { primaries: "bt709", transfer: "bt709", matrix: "bt709", fullRange: false } as const;

function assertCannotSplit(act: () => unknown, reason: Reason): void {
  assert.throws(act, (error) => error instanceof CannotSplit && error.reason === reason);
}

describe("H.264", () => {
  const describeAvc = (options: SpsOptions, web: VideoColorSpaceInit = {}) =>
    avcColour(writeAvcRecord(writeSps(options)), web);

  test("is described by its parameter sets", () => {
    const colour = { fullRange: true, codes: [9, 18, 9] as [number, number, number] };
    assert.deepEqual(describeAvc({ profile: 110, bitDepth: 10, colour }, BT709), {
      pix_fmt: "yuv420p10le",
      bit_depth: 10,
      colour_primaries: "bt2020",
      colour_transfer: "arib-std-b67",
      colour_matrix: "bt2020nc",
      colour_range: "pc",
    });
  });

  test("takes from the container what its parameter sets leave open", () => {
    const described = describeAvc({}, BT709);
    assert.deepEqual([described.colour_primaries, described.colour_range], ["bt709", "tv"]);
    const unknown = describeAvc({});
    assert.deepEqual(
      [unknown.colour_primaries, unknown.colour_transfer, unknown.colour_range],
      [null, null, null],
    );
  });

  test("has ffmpeg's pixel formats", () => {
    const pixels = (options: SpsOptions): string | null => describeAvc(options).pix_fmt;
    const fullRange = { fullRange: true, codes: null };
    assert.equal(pixels({}), "yuv420p");
    assert.equal(pixels({ colour: fullRange }), "yuvj420p");
    assert.equal(pixels({ profile: 122, chroma: 2 }), "yuv422p");
    assert.equal(pixels({ profile: 244, chroma: 3, bitDepth: 12 }), "yuv444p12le");
    assert.equal(pixels({ chroma: 0, colour: fullRange }), "gray");
  });

  test("is left to the server if it is interlaced or has no parameter sets", () => {
    assertCannotSplit(() => describeAvc({ interlaced: true }), "interlaced");
    assertCannotSplit(() => avcColour(new Uint8Array(0), {}), "video_codec");
  });
});

describe("HEVC", () => {
  /** A configuration record; progressive and interlaced flags are the upper bits of byte 6. */
  function record(chroma: number, depth: number, flags = 0x80): Uint8Array {
    const bytes = new Uint8Array(23);
    bytes[6] = flags;
    bytes[16] = 0xfc | chroma;
    bytes[17] = 0xf8 | (depth - 8);
    return bytes;
  }

  test("is described by its configuration record and the container", () => {
    const hdr = {
      primaries: "bt2020",
      transfer: "pq",
      matrix: "bt2020-ncl",
      fullRange: false,
    } as unknown as VideoColorSpaceInit;
    assert.deepEqual(hevcColour(record(1, 10), hdr), {
      pix_fmt: "yuv420p10le",
      bit_depth: 10,
      colour_primaries: "bt2020",
      colour_transfer: "smpte2084",
      colour_matrix: "bt2020nc",
      colour_range: "tv",
    });
  });

  test("without a colour description has none", () => {
    const described = hevcColour(record(1, 8), {});
    assert.deepEqual(
      [described.pix_fmt, described.colour_primaries, described.colour_range],
      ["yuv420p", null, null],
    );
  });

  test("is left to the server if only its interlaced flag is set", () => {
    assertCannotSplit(() => hevcColour(record(1, 8, 0x40), {}), "interlaced");
    hevcColour(record(1, 8, 0xc0), {});
  });
});

describe("codecs of the web", () => {
  test("have the depth of their codec string", () => {
    assert.deepEqual(
      [
        webColour("vp09.02.10.10", BT709).pix_fmt,
        webColour("av01.0.04M.10", BT709).bit_depth,
        webColour("vp09.00.10.08", {}).pix_fmt,
      ],
      ["yuv420p10le", 10, "yuv420p"],
    );
  });

  test("VP8 always has the matrix of BT.601", () => {
    assert.equal(webColour("vp8", BT709).colour_matrix, "bt470bg");
  });

  test("other than 4:2:0 are left to the server", () => {
    assertCannotSplit(() => webColour("vp09.01.10.08", {}), "video_codec");
    assertCannotSplit(() => webColour("av01.1.04M.08", {}), "video_codec");
  });

  test("names that ffmpeg does not have become null", () => {
    const odd = {
      primaries: "no-such-name",
      transfer: "bt709",
      matrix: null,
    } as unknown as VideoColorSpaceInit;
    const described = webColour("vp09.00.10.08", odd);
    assert.deepEqual(
      [described.colour_primaries, described.colour_transfer, described.colour_matrix],
      [null, "bt709", null],
    );
  });
});
