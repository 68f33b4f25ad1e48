/**
 * Moves an edit list into the times of CMAF segments. Pure.
 *
 * Decode times must not become negative. If they would, samples are decoded one tick apart, each in
 * a fragment of its own, since the duration of a sample is the time for which it is shown.
 *
 * GStreamer also takes the frame rate of H.264 headers as the duration of each frame. Frames that
 * are shown for longer leave gaps in the buffer, and what follows is dropped until the next
 * keyframe. The server makes such frames keyframes; here they are repeated.
 */

import { type Box, findBox, listBoxes, TRUN } from "../../media/mp4-box.ts";

const NOT_SYNC = 0x10000; // sample_is_non_sync_sample (ISO/IEC 14496-12, 8.8.3.1)
const MAX_COPIES = 2000;
/** Flags of `tfhd` (ISO/IEC 14496-12, 8.8.7). */
const TFHD = { baseDataOffset: 0x1, descriptionIndex: 0x2, duration: 0x8, size: 0x10, flags: 0x20 };

interface Sample {
  dts: number;
  pts: number;
  duration: number;
  flags: number;
  bytes: Uint8Array;
}

/**
 * Sets the media time of an init segment's edit list to 0. Returns the changed segment and the
 * media time in ticks of its track. GStreamer ignores edit lists for times, but drops audio samples
 * before the edit.
 */
export function clearMediaTime(init: Uint8Array): [Uint8Array, number] {
  const edits = findBox(viewOf(init), ["moov", "trak", "edts", "elst"]);
  if (edits === null) return [init, 0];
  const cleared = init.slice();
  const view = viewOf(cleared);
  if (view.getUint8(edits.payload) === 1) {
    const mediaTime = Number(view.getBigInt64(edits.payload + 16));
    view.setBigInt64(edits.payload + 16, 0n);
    return [cleared, mediaTime];
  }
  const mediaTime = view.getInt32(edits.payload + 12);
  view.setInt32(edits.payload + 12, 0);
  return [cleared, mediaTime];
}

/**
 * Shifts the samples of a media segment to earlier times. Samples that end before 0 are dropped,
 * and long keyframes are repeated.
 */
export function shiftSegment(media: Uint8Array, ticks: number): Uint8Array {
  if (ticks === 0) return media;
  const parts: Uint8Array[] = [];
  let moof: Box | null = null;
  let earliestDts = 0;
  for (const box of listBoxes(viewOf(media))) {
    if (box.kind === "moof") {
      moof = box;
    } else if (box.kind === "mdat" && moof !== null) {
      for (const fragment of shiftFragment(media, moof, box, ticks, earliestDts)) {
        parts.push(fragment.bytes);
        earliestDts = fragment.nextDts;
      }
      moof = null;
    } else {
      parts.push(media.subarray(box.start, box.end));
    }
  }
  return concatenate(parts);
}

function* shiftFragment(
  media: Uint8Array,
  moof: Box,
  mdat: Box,
  ticks: number,
  earliestDts: number,
): Generator<{ bytes: Uint8Array; nextDts: number }> {
  const view = viewOf(media);
  const tfdt = findBox(view, ["traf", "tfdt"], moof.payload, moof.end);
  if (tfdt === null) return;
  const isWide = view.getUint8(tfdt.payload) === 1;
  const startDts = isWide
    ? Number(view.getBigUint64(tfdt.payload + 4))
    : view.getUint32(tfdt.payload + 4);
  const samples = [...readSamples(media, moof, startDts)];
  if (startDts >= ticks + earliestDts && !samples.some((sample) => isLongKeyframe(sample, ticks))) {
    const bytes = media.slice(moof.start, mdat.end);
    const at = tfdt.payload + 4 - moof.start;
    if (isWide) viewOf(bytes).setBigUint64(at, BigInt(startDts - ticks));
    else viewOf(bytes).setUint32(at, startDts - ticks);
    yield { bytes, nextDts: 0 };
    return;
  }
  let nextDts = earliestDts;
  for (const sample of samples.flatMap((sample) =>
    isLongKeyframe(sample, ticks) ? [...repeatSample(sample, ticks)] : [sample],
  )) {
    const pts = sample.pts - ticks;
    if (pts + sample.duration <= 0) continue;
    const dts = Math.max(nextDts, sample.dts - ticks);
    nextDts = dts + 1;
    yield { bytes: writeFragment({ ...sample, dts, pts }), nextDts };
  }
}

/**
 * True for a keyframe that is shown for longer than the edit list removes; no frame of constant
 * rate is.
 */
function isLongKeyframe(sample: Sample, ticks: number): boolean {
  return (sample.flags & NOT_SYNC) === 0 && sample.duration > ticks;
}

/** Repeats a sample until its end. */
function* repeatSample(sample: Sample, ticks: number): Generator<Sample> {
  const step = Math.max(Math.ceil(ticks / 2), Math.ceil(sample.duration / MAX_COPIES));
  for (let at = 0; at < sample.duration; at += step) {
    yield {
      ...sample,
      dts: sample.dts + at,
      pts: sample.pts + at,
      duration: Math.min(step, sample.duration - at),
    };
  }
}

/** Reads the samples of a fragment with one track run (ISO/IEC 14496-12, 8.8.7 and 8.8.8). */
function* readSamples(media: Uint8Array, moof: Box, startDts: number): Generator<Sample> {
  const view = viewOf(media);
  const tfhd = findBox(view, ["traf", "tfhd"], moof.payload, moof.end);
  const trun = findBox(view, ["traf", "trun"], moof.payload, moof.end);
  if (tfhd === null || trun === null) return;
  const defaults = readDefaults(view, tfhd.payload);
  const fields = view.getUint32(trun.payload) & 0xffffff;
  const count = view.getUint32(trun.payload + 4);
  let at = trun.payload + 8;
  const next = (): number => {
    at += 4;
    return at - 4;
  };
  let data = moof.start + (fields & TRUN.dataOffset ? view.getInt32(next()) : 0);
  const firstFlags = fields & TRUN.firstFlags ? view.getUint32(next()) : null;
  let dts = startDts;
  for (let index = 0; index < count; index += 1) {
    const duration = fields & TRUN.duration ? view.getUint32(next()) : defaults.duration;
    const size = fields & TRUN.size ? view.getUint32(next()) : defaults.size;
    const flags = fields & TRUN.flags ? view.getUint32(next()) : defaults.flags;
    const offset = fields & TRUN.offset ? view.getInt32(next()) : 0;
    yield {
      dts,
      pts: dts + offset,
      duration,
      flags: index === 0 && firstFlags !== null ? firstFlags : flags,
      bytes: media.subarray(data, data + size),
    };
    dts += duration;
    data += size;
  }
}

function readDefaults(
  view: DataView,
  tfhd: number,
): { duration: number; size: number; flags: number } {
  const given = view.getUint32(tfhd) & 0xffffff;
  let at =
    tfhd + 8 + (given & TFHD.baseDataOffset ? 8 : 0) + (given & TFHD.descriptionIndex ? 4 : 0);
  const read = (flag: number): number => {
    if ((given & flag) === 0) return 0;
    at += 4;
    return view.getUint32(at - 4);
  };
  return { duration: read(TFHD.duration), size: read(TFHD.size), flags: read(TFHD.flags) };
}

/**
 * Writes a `moof` and an `mdat` with one sample. Box sizes and types are 32-bit words, like all
 * fields here.
 */
function writeFragment({ dts, pts, duration, flags, bytes }: Sample): Uint8Array {
  const head = [
    0x68,
    "moof",
    0x10,
    "mfhd",
    0,
    1,
    0x50,
    "traf",
    0x1c,
    "tfhd",
    0x020038,
    1,
    duration,
    bytes.length,
    flags,
  ];
  head.push(
    0x14,
    "tfdt",
    0x01000000,
    Math.floor(dts / 2 ** 32),
    dts % 2 ** 32,
    0x18,
    "trun",
    0x801,
    1,
    0x70,
    pts - dts,
    8 + bytes.length,
    "mdat",
  );
  const fragment = new Uint8Array(head.length * 4 + bytes.length);
  const view = viewOf(fragment);
  for (const [index, word] of head.entries()) {
    const number =
      typeof word === "number"
        ? word
        : [...word].reduce((sum, letter) => sum * 256 + letter.charCodeAt(0), 0);
    view.setUint32(index * 4, number);
  }
  fragment.set(bytes, head.length * 4);
  return fragment;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
