/** Colour and pixel format of a video track, with the names that the server and ffmpeg use. */

import type { ColourField, VideoTrack } from "../model.ts";
import { CannotSplit } from "../split-reason.ts";
import { findSps } from "./sps.ts";

type Colour = Pick<VideoTrack, ColourField>;

type Names<Field extends keyof Colour> = Record<number, NonNullable<Colour[Field]>>;

/** ffmpeg's names by code point (ITU-T H.273). */
const PRIMARIES: Names<"colour_primaries"> = {
  1: "bt709",
  4: "bt470m",
  5: "bt470bg",
  6: "smpte170m",
  7: "smpte240m",
  8: "film",
  9: "bt2020",
  10: "smpte428",
  11: "smpte431",
  12: "smpte432",
  22: "ebu3213",
};
const TRANSFERS: Names<"colour_transfer"> = {
  1: "bt709",
  4: "bt470m",
  5: "bt470bg",
  6: "smpte170m",
  7: "smpte240m",
  8: "linear",
  9: "log100",
  10: "log316",
  11: "iec61966-2-4",
  12: "bt1361e",
  13: "iec61966-2-1",
  14: "bt2020-10",
  15: "bt2020-12",
  16: "smpte2084",
  17: "smpte428",
  18: "arib-std-b67",
};
const MATRICES: Names<"colour_matrix"> = {
  0: "gbr",
  1: "bt709",
  4: "fcc",
  5: "bt470bg",
  6: "smpte170m",
  7: "smpte240m",
  8: "ycgco",
  9: "bt2020nc",
  10: "bt2020c",
  11: "smpte2085",
  12: "chroma-derived-nc",
  13: "chroma-derived-c",
  14: "ictcp",
};
/** Browser names (WebCodecs) that differ from ffmpeg's. */
const FROM_WEB: Record<string, string> = {
  pq: "smpte2084",
  hlg: "arib-std-b67",
  "bt2020-ncl": "bt2020nc",
  rgb: "gbr",
};
const CHROMA = ["gray", "yuv420p", "yuv422p", "yuv444p"];

/**
 * Describes H.264: its parameter sets take precedence over the container. Raises CannotSplit for
 * interlaced streams.
 */
export function avcColour(parameters: Uint8Array, web: VideoColorSpaceInit): Colour {
  const sps = findSps(parameters);
  if (sps === null) throw new CannotSplit("video_codec", "no parameter sets");
  if (!sps.frameMbsOnly) throw new CannotSplit("interlaced");
  return {
    ...pixels(sps.chroma, sps.bitDepth, sps.fullRange === true),
    colour_primaries: PRIMARIES[sps.primaries] ?? nameOf(web.primaries, PRIMARIES),
    colour_transfer: TRANSFERS[sps.transfer] ?? nameOf(web.transfer, TRANSFERS),
    colour_matrix: MATRICES[sps.matrix] ?? nameOf(web.matrix, MATRICES),
    colour_range:
      sps.fullRange !== null || web.primaries ? (sps.fullRange === true ? "pc" : "tv") : null,
  };
}

/**
 * Describes HEVC by its configuration record (ISO/IEC 14496-15, 8.3.3.1). Raises CannotSplit for
 * interlaced streams.
 */
export function hevcColour(record: Uint8Array, web: VideoColorSpaceInit): Colour {
  if (((record[6] ?? 0) & 0xc0) === 0x40) throw new CannotSplit("interlaced");
  const named = web.fullRange === true || [web.primaries, web.transfer, web.matrix].some(Boolean);
  return {
    ...pixels((record[16] ?? 1) & 3, 8 + ((record[17] ?? 0) & 7), web.fullRange === true),
    colour_primaries: nameOf(web.primaries, PRIMARIES),
    colour_transfer: nameOf(web.transfer, TRANSFERS),
    colour_matrix: nameOf(web.matrix, MATRICES),
    colour_range: named ? (web.fullRange === true ? "pc" : "tv") : null,
  };
}

/**
 * Describes VP8, VP9 and AV1. codec: the codec string, which names profile and bit depth. Raises
 * CannotSplit unless it is 4:2:0.
 */
export function webColour(codec: string, web: VideoColorSpaceInit): Colour {
  const words = codec.split(".");
  if (codec.startsWith("vp8")) {
    return {
      ...pixels(1, 8, false),
      colour_primaries: null,
      colour_transfer: null,
      colour_matrix: "bt470bg",
      colour_range: "tv",
    };
  }
  if (words[1] !== "0" && words[1] !== "00" && words[1] !== "02")
    throw new CannotSplit("video_codec", codec); // other than 4:2:0
  return {
    ...pixels(1, Number(words[3]), false),
    colour_primaries: nameOf(web.primaries, PRIMARIES),
    colour_transfer: nameOf(web.transfer, TRANSFERS),
    colour_matrix: nameOf(web.matrix, MATRICES),
    colour_range: web.fullRange === true ? "pc" : "tv",
  };
}

/** Converts a browser name to ffmpeg's. Returns null if ffmpeg has none. */
function nameOf<Name extends string>(
  web: string | null | undefined,
  names: Record<number, Name>,
): Name | null {
  const name = FROM_WEB[web ?? ""] ?? web ?? "";
  return Object.values(names).find((known) => known === name) ?? null;
}

function pixels(
  chroma: number,
  depth: number,
  full: boolean,
): Pick<Colour, "pix_fmt" | "bit_depth"> {
  const base = CHROMA[chroma] ?? "yuv420p";
  if (depth > 8) return { pix_fmt: `${base}${depth}le`, bit_depth: depth };
  return { pix_fmt: full && chroma > 0 ? base.replace("yuv", "yuvj") : base, bit_depth: 8 };
}
