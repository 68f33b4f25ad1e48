/** Writes MP4 boxes (ISO/IEC 14496-12). */

type Part = number[] | Uint8Array;

export const u8 = (...values: number[]): number[] => values;
export const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];
export const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];
export const u64 = (value: number): number[] => [
  ...u32(Math.floor(value / 2 ** 32)),
  ...u32(value % 2 ** 32),
];
export const i64 = (value: number): number[] =>
  value < 0 ? [...u32(-1), ...u32(value)] : u64(value);
export const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

export function join(...parts: Part[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function box(kind: string, ...parts: Part[]): Uint8Array<ArrayBuffer> {
  const body = join(...parts);
  return join(u32(8 + body.length), ascii(kind), body);
}

/** A box with a size of 64 bits. */
export function wideBox(kind: string, ...parts: Part[]): Uint8Array<ArrayBuffer> {
  const body = join(...parts);
  return join(u32(1), ascii(kind), u64(16 + body.length), body);
}

export function fullBox(
  kind: string,
  version: number,
  flags: number,
  ...parts: Part[]
): Uint8Array<ArrayBuffer> {
  return box(kind, u32((version << 24) | flags), ...parts);
}

/** duration: in ticks of the movie. mediaTime: -1 for an empty edit. */
export interface EditEntry {
  duration: number;
  mediaTime: number;
  rate?: number;
}

export function elst(entries: readonly EditEntry[], version = 0): Uint8Array<ArrayBuffer> {
  const body = entries.flatMap(({ duration, mediaTime, rate = 0x10000 }) =>
    version === 1
      ? [...u64(duration), ...i64(mediaTime), ...u32(rate)]
      : [...u32(duration), ...u32(mediaTime), ...u32(rate)],
  );
  return fullBox("elst", version, 0, u32(entries.length), body);
}

export function mvhd(ticksPerS: number, version = 0): Uint8Array<ArrayBuffer> {
  const times = version === 1 ? [...u64(0), ...u64(0)] : [...u32(0), ...u32(0)];
  return fullBox("mvhd", version, 0, times, u32(ticksPerS), u32(0));
}

export function tkhd(id: number, version = 0): Uint8Array<ArrayBuffer> {
  const times = version === 1 ? [...u64(0), ...u64(0)] : [...u32(0), ...u32(0)];
  return fullBox("tkhd", version, 7, times, u32(id), u32(0), u32(0));
}

export function hdlr(kind: string): Uint8Array<ArrayBuffer> {
  return fullBox("hdlr", 0, 0, u32(0), ascii(kind), u32(0), u32(0), u32(0));
}

export function stts(
  runs: readonly (readonly [count: number, ticks: number])[],
): Uint8Array<ArrayBuffer> {
  return fullBox(
    "stts",
    0,
    0,
    u32(runs.length),
    runs.flatMap(([count, ticks]) => [...u32(count), ...u32(ticks)]),
  );
}

export interface SampleSpec {
  duration: number;
  bytes: number[];
  offset?: number;
  isKey?: boolean;
}

export const SYNC = 0x02000000;
export const NOT_SYNC = 0x01010000;

/** A `moof` and its `mdat`: one track run with all fields written out. */
export function fragment(
  startDts: number,
  samples: readonly SampleSpec[],
  version = 1,
): Uint8Array<ArrayBuffer> {
  const run = samples.flatMap(({ duration, bytes, offset = 0, isKey = false }) => [
    ...u32(duration),
    ...u32(bytes.length),
    ...u32(isKey ? SYNC : NOT_SYNC),
    ...u32(offset),
  ]);
  const tfdt = fullBox("tfdt", version, 0, version === 1 ? u64(startDts) : u32(startDts));
  const make = (dataOffset: number): Uint8Array<ArrayBuffer> => {
    const trun = fullBox("trun", 1, 0xf01, u32(samples.length), u32(dataOffset), run);
    return box(
      "moof",
      fullBox("mfhd", 0, 0, u32(1)),
      box("traf", fullBox("tfhd", 0, 0x020000, u32(1)), tfdt, trun),
    );
  };
  const moof = make(make(0).length + 8);
  return join(moof, box("mdat", ...samples.map(({ bytes }) => bytes)));
}
