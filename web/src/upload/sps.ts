/** What an H.264 sequence parameter set says of the picture (ITU-T H.264, 7.3.2.1.1 and E.1.1). */

import { BitReader } from "./bytes";

export interface Sps {
  chroma: number;
  bitDepth: number;
  frameMbsOnly: boolean;
  /** Null where the stream says nothing. */
  fullRange: boolean | null;
  primaries: number;
  transfer: number;
  matrix: number;
}

const HIGH = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const EXTENDED_SAR = 255;

/** The first set in an AVC configuration record (ISO/IEC 14496-15, 5.3.3.1) or in Annex B data. */
export function findSps(data: Uint8Array): Sps | null {
  const record = data[0] === 1;
  const start = record ? 8 : startOfSps(data);
  if (start === null || ((data[start] ?? 0) & 31) !== 7) return null;
  const stop = record ? start + (data[6] ?? 0) * 256 + (data[7] ?? 0) : data.length;
  return readSps(data.subarray(start + 1, stop));
}

function startOfSps(data: Uint8Array): number | null {
  for (let i = 0; i + 3 < data.length; i++) {
    if (data[i] === 0 && data[i + 1] === 0 && data[i + 2] === 1 && ((data[i + 3] ?? 0) & 31) === 7) return i + 3;
  }
  return null;
}

function readSps(escaped: Uint8Array): Sps {
  const bits = new BitReader(escaped.filter((byte, i) => !(byte === 3 && i >= 2 && escaped[i - 1] === 0 && escaped[i - 2] === 0)));
  const sps: Sps = { chroma: 1, bitDepth: 8, frameMbsOnly: true, fullRange: null, primaries: 2, transfer: 2, matrix: 2 };
  const profile = bits.bits(8);
  bits.bits(16);
  bits.count();
  if (HIGH.has(profile)) readHigh(bits, sps);
  bits.count();
  skipOrder(bits);
  bits.count();
  bits.bit();
  bits.count();
  bits.count();
  sps.frameMbsOnly = bits.bit() === 1;
  if (!sps.frameMbsOnly) bits.bit();
  bits.bit();
  if (bits.bit() === 1) for (let i = 0; i < 4; i++) bits.count();
  if (bits.bit() === 1) readVui(bits, sps);
  return sps;
}

function readHigh(bits: BitReader, sps: Sps): void {
  sps.chroma = bits.count();
  if (sps.chroma === 3) bits.bit();
  sps.bitDepth = 8 + bits.count();
  bits.count();
  bits.bit();
  if (bits.bit() === 0) return;
  for (let i = 0; i < (sps.chroma === 3 ? 12 : 8); i++) if (bits.bit() === 1) skipScaling(bits, i < 6 ? 16 : 64);
}

function skipScaling(bits: BitReader, size: number): void {
  let [last, next] = [8, 8];
  for (let i = 0; i < size && next !== 0; i++) {
    next = (last + bits.signed() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipOrder(bits: BitReader): void {
  const type = bits.count();
  if (type === 0) bits.count();
  if (type !== 1) return;
  bits.bit();
  bits.signed();
  bits.signed();
  for (let left = bits.count(); left > 0; left--) bits.signed();
}

function readVui(bits: BitReader, sps: Sps): void {
  if (bits.bit() === 1 && bits.bits(8) === EXTENDED_SAR) bits.bits(32);
  if (bits.bit() === 1) bits.bit();
  if (bits.bit() === 0) return;
  bits.bits(3);
  sps.fullRange = bits.bit() === 1;
  if (bits.bit() === 1) [sps.primaries, sps.transfer, sps.matrix] = [bits.bits(8), bits.bits(8), bits.bits(8)];
}
