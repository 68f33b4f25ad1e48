/** Names of colours, pixels and codecs as the server has them (they are ffmpeg's). */

import type { VideoTrack } from "./nouns";
import { CannotSplit } from "./reason";
import { findSps } from "./sps";

type Colour = Pick<VideoTrack, "pix_fmt" | "bit_depth" | "colour_primaries" | "colour_transfer" | "colour_matrix" | "colour_range">;

const PRIMARIES: Record<number, string> = {
  ...{ 1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020", 10: "smpte428", 11: "smpte431" },
  ...{ 12: "smpte432", 22: "ebu3213" },
};
const TRANSFERS: Record<number, string> = {
  ...{ 1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "linear", 9: "log100", 10: "log316", 11: "iec61966-2-4" },
  ...{ 12: "bt1361e", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 17: "smpte428", 18: "arib-std-b67" },
};
const MATRICES: Record<number, string> = {
  ...{ 0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco", 9: "bt2020nc", 10: "bt2020c" },
  ...{ 11: "smpte2085", 12: "chroma-derived-nc", 13: "chroma-derived-c", 14: "ictcp" },
};
// The browser's names for what it can name.
const FROM_WEB: Record<string, string> = { pq: "smpte2084", hlg: "arib-std-b67", "bt2020-ncl": "bt2020nc", rgb: "gbr" };
const CHROMA = ["gray", "yuv420p", "yuv422p", "yuv444p"];

/** Colour and pixels of H.264, by its parameter sets over what the container says. */
export function avcColour(parameters: Uint8Array, web: VideoColorSpaceInit): Colour {
  const sps = findSps(parameters);
  if (sps === null) throw new CannotSplit("video_codec", "no parameter sets");
  if (!sps.frameMbsOnly) throw new CannotSplit("interlaced");
  const said = sps.fullRange !== null;
  return {
    ...pixels(sps.chroma, sps.bitDepth, sps.fullRange === true),
    colour_primaries: PRIMARIES[sps.primaries] ?? name(web.primaries, PRIMARIES),
    colour_transfer: TRANSFERS[sps.transfer] ?? name(web.transfer, TRANSFERS),
    colour_matrix: MATRICES[sps.matrix] ?? name(web.matrix, MATRICES),
    colour_range: said || web.primaries ? (sps.fullRange === true ? "pc" : "tv") : null,
  };
}

/** Colour and pixels of HEVC, by its configuration record (ISO/IEC 14496-15, 8.3.3.1) and what mediabunny reads. */
export function hevcColour(record: Uint8Array, web: VideoColorSpaceInit): Colour {
  if (((record[6] ?? 0) & 0xc0) === 0x40) throw new CannotSplit("interlaced");
  const named = web.fullRange === true || [web.primaries, web.transfer, web.matrix].some(Boolean);
  return {
    ...pixels((record[16] ?? 1) & 3, 8 + ((record[17] ?? 0) & 7), web.fullRange === true),
    ...{ colour_primaries: name(web.primaries, PRIMARIES), colour_transfer: name(web.transfer, TRANSFERS), colour_matrix: name(web.matrix, MATRICES) },
    colour_range: named ? (web.fullRange === true ? "pc" : "tv") : null,
  };
}

/** Colour and pixels of VP8, VP9 and AV1; codec: the string that names profile and depth. */
export function webColour(codec: string, web: VideoColorSpaceInit): Colour {
  const words = codec.split(".");
  if (codec.startsWith("vp8")) {
    const fixed = { colour_primaries: null, colour_transfer: null, colour_matrix: "bt470bg", colour_range: "tv" };
    return { ...pixels(1, 8, false), ...fixed };
  }
  const isAv1 = codec.startsWith("av01");
  if (words[1] !== "0" && words[1] !== "00" && words[1] !== "02") throw new CannotSplit("video_codec", codec); // other than 4:2:0
  const depth = Number(words[3]);
  const unnamed = !isAv1 && web.primaries === undefined ? null : undefined;
  return {
    ...pixels(1, depth, false),
    colour_primaries: unnamed ?? name(web.primaries, PRIMARIES),
    colour_transfer: unnamed ?? name(web.transfer, TRANSFERS),
    colour_matrix: unnamed ?? name(web.matrix, MATRICES),
    colour_range: web.fullRange === true ? "pc" : "tv",
  };
}

/** The server's word for a browser's; null where it has none. */
function name(web: string | null | undefined, words: Record<number, string>): string | null {
  const word = FROM_WEB[web ?? ""] ?? web ?? "";
  return Object.values(words).includes(word) ? word : null;
}

function pixels(chroma: number, depth: number, full: boolean): Pick<Colour, "pix_fmt" | "bit_depth"> {
  const base = CHROMA[chroma] ?? "yuv420p";
  if (depth > 8) return { pix_fmt: `${base}${depth}le`, bit_depth: depth };
  return { pix_fmt: full && chroma > 0 ? base.replace("yuv", "yuvj") : base, bit_depth: 8 };
}
