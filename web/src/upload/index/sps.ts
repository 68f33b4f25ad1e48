/**
 * Reads picture properties from an H.264 sequence parameter set (ITU-T H.264, 7.3.2.1.1 and E.1.1).
 */

import { BitReader } from "./bit-reader.ts";

export interface Sps {
  /** chroma_format_idc: 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  chroma: number;
  bitDepth: number;
  /** False if the stream may be interlaced. */
  frameMbsOnly: boolean;
  /** Null if the stream does not signal it. */
  fullRange: boolean | null;
  primaries: number;
  transfer: number;
  matrix: number;
}

/** Profiles whose parameter sets carry chroma format and bit depth. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const EXTENDED_SAR = 255;
const NAL_SPS = 7;
/** num_ref_frames_in_pic_order_cnt_cycle is at most 255; a damaged file may claim four billion. */
const MAX_ORDER_CYCLE = 255;

/**
 * Returns the first SPS of an AVC configuration record (ISO/IEC 14496-15, 5.3.3.1) or of Annex B
 * data.
 */
export function findSps(data: Uint8Array): Sps | null {
  const isRecord = data[0] === 1;
  const start = isRecord ? 8 : findSpsStart(data);
  if (start === null || ((data[start] ?? 0) & 31) !== NAL_SPS) return null;
  const stop = isRecord ? start + (data[6] ?? 0) * 256 + (data[7] ?? 0) : data.length;
  return readSps(data.subarray(start + 1, stop));
}

function findSpsStart(data: Uint8Array): number | null {
  for (let i = 0; i + 3 < data.length; i++) {
    const isStartCode = data[i] === 0 && data[i + 1] === 0 && data[i + 2] === 1;
    if (isStartCode && ((data[i + 3] ?? 0) & 31) === NAL_SPS) return i + 3;
  }
  return null;
}

function readSps(escaped: Uint8Array): Sps {
  const bits = new BitReader(removeEmulationPrevention(escaped));
  const sps: Sps = {
    chroma: 1,
    bitDepth: 8,
    frameMbsOnly: true,
    fullRange: null,
    primaries: 2,
    transfer: 2,
    matrix: 2,
  };
  const profile = bits.bits(8);
  bits.bits(16); // constraint flags, level_idc
  bits.unsigned(); // seq_parameter_set_id
  if (HIGH_PROFILES.has(profile)) readHighProfile(bits, sps);
  bits.unsigned(); // log2_max_frame_num_minus4
  skipPictureOrder(bits);
  bits.unsigned(); // max_num_ref_frames
  bits.bit(); // gaps_in_frame_num_value_allowed_flag
  bits.unsigned(); // pic_width_in_mbs_minus1
  bits.unsigned(); // pic_height_in_map_units_minus1
  sps.frameMbsOnly = bits.bit() === 1;
  if (!sps.frameMbsOnly) bits.bit(); // mb_adaptive_frame_field_flag
  bits.bit(); // direct_8x8_inference_flag
  if (bits.bit() === 1) for (let i = 0; i < 4; i++) bits.unsigned(); // cropping
  if (bits.bit() === 1) readVui(bits, sps);
  return sps;
}

function removeEmulationPrevention(escaped: Uint8Array): Uint8Array {
  return escaped.filter(
    (byte, i) => !(byte === 3 && i >= 2 && escaped[i - 1] === 0 && escaped[i - 2] === 0),
  );
}

function readHighProfile(bits: BitReader, sps: Sps): void {
  sps.chroma = bits.unsigned();
  if (sps.chroma === 3) bits.bit(); // separate_colour_plane_flag
  sps.bitDepth = 8 + bits.unsigned();
  bits.unsigned(); // bit_depth_chroma_minus8
  bits.bit(); // qpprime_y_zero_transform_bypass_flag
  if (bits.bit() === 0) return;
  for (let i = 0; i < (sps.chroma === 3 ? 12 : 8); i++) {
    if (bits.bit() === 1) skipScalingList(bits, i < 6 ? 16 : 64);
  }
}

function skipScalingList(bits: BitReader, size: number): void {
  let [last, next] = [8, 8];
  for (let i = 0; i < size && next !== 0; i++) {
    next = (last + bits.signed() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipPictureOrder(bits: BitReader): void {
  const type = bits.unsigned();
  if (type === 0) bits.unsigned();
  if (type !== 1) return;
  bits.bit();
  bits.signed();
  bits.signed();
  for (let left = Math.min(MAX_ORDER_CYCLE, bits.unsigned()); left > 0; left--) bits.signed();
}

function readVui(bits: BitReader, sps: Sps): void {
  if (bits.bit() === 1 && bits.bits(8) === EXTENDED_SAR) bits.bits(32);
  if (bits.bit() === 1) bits.bit(); // overscan
  if (bits.bit() === 0) return;
  bits.bits(3); // video_format
  sps.fullRange = bits.bit() === 1;
  if (bits.bit() === 1)
    [sps.primaries, sps.transfer, sps.matrix] = [bits.bits(8), bits.bits(8), bits.bits(8)];
}
