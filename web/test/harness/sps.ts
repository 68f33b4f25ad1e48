import { BitWriter } from "./bit-writer.ts";

export interface SpsOptions {
  profile?: number;
  chroma?: number;
  bitDepth?: number;
  interlaced?: boolean;
  pictureOrder?: 0 | 1 | 2;
  scalingLists?: boolean;
  cropped?: boolean;
  /** Colour of the VUI; null: VUI without a colour description. Undefined: no VUI. */
  colour?: { fullRange: boolean; codes: [number, number, number] | null } | null;
  /** Writes an extended sample aspect ratio. */
  sar?: [number, number];
  widthMbs?: number;
  heightMbs?: number;
}

/** Writes an H.264 sequence parameter set (ITU-T H.264, 7.3.2.1.1), with its NAL header. */
export function writeSps(options: SpsOptions = {}): Uint8Array<ArrayBuffer> {
  const { profile = 100, chroma = 1, bitDepth = 8, pictureOrder = 0, colour } = options;
  const bits = new BitWriter().bits(profile, 8).bits(0, 8).bits(31, 8).unsigned(0);
  if (profile >= 100) {
    bits.unsigned(chroma);
    if (chroma === 3) bits.flag(false);
    bits
      .unsigned(bitDepth - 8)
      .unsigned(bitDepth - 8)
      .flag(false)
      .flag(options.scalingLists === true);
    if (options.scalingLists) writeScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  bits.unsigned(0).unsigned(pictureOrder);
  if (pictureOrder === 0) bits.unsigned(2);
  if (pictureOrder === 1) bits.flag(false).signed(-1).signed(2).unsigned(2).signed(3).signed(-4);
  bits
    .unsigned(1)
    .flag(false)
    .unsigned((options.widthMbs ?? 20) - 1)
    .unsigned((options.heightMbs ?? 15) - 1);
  bits.flag(options.interlaced !== true);
  if (options.interlaced) bits.flag(true);
  bits.flag(true).flag(options.cropped === true);
  if (options.cropped) bits.unsigned(0).unsigned(1).unsigned(0).unsigned(2);
  bits.flag(colour !== undefined);
  if (colour !== undefined) writeVui(bits, options);
  return Uint8Array.of(0x67, ...addEmulationPrevention(bits.flag(true).bytes()));
}

/** The first list is written out, the second falls back, and the others are missing. */
function writeScalingLists(bits: BitWriter, count: number): void {
  bits.flag(true);
  for (let i = 0; i < 16; i++) bits.signed(i === 0 ? 8 : 0);
  bits.flag(true).signed(-8);
  for (let i = 2; i < count; i++) bits.flag(false);
}

function writeVui(bits: BitWriter, { colour, sar }: SpsOptions): void {
  bits.flag(true);
  if (sar) bits.bits(255, 8).bits(sar[0], 16).bits(sar[1], 16);
  else bits.bits(1, 8);
  bits.flag(false).flag(colour != null);
  if (colour == null) return;
  bits
    .bits(5, 3)
    .flag(colour.fullRange)
    .flag(colour.codes !== null);
  for (const code of colour.codes ?? []) bits.bits(code, 8);
}

/** Inserts emulation prevention bytes (7.4.1). */
function addEmulationPrevention(bytes: Uint8Array): number[] {
  const escaped: number[] = [];
  for (const byte of bytes) {
    if (byte <= 3 && escaped.at(-1) === 0 && escaped.at(-2) === 0) escaped.push(3);
    escaped.push(byte);
  }
  return escaped;
}

/** Wraps a parameter set in an AVC configuration record (ISO/IEC 14496-15, 5.3.3.1). */
export function writeAvcRecord(sps: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = [
    1,
    sps[1] ?? 0,
    sps[2] ?? 0,
    sps[3] ?? 0,
    0xff,
    0xe1,
    sps.length >> 8,
    sps.length & 255,
  ];
  const pps = [0x68, 0xce, 0x38, 0x80];
  return Uint8Array.of(...head, ...sps, 1, 0, pps.length, ...pps);
}
