/**
 * Makes segments fit for engines whose Media Source Extensions ignore edit lists: WebKit on GStreamer, as in GNOME Web and in many
 * television sets. Without it pictures are shown late by the time that they wait between decoding and showing.
 *
 * Times are moved in the segments themselves. Decoding times must not become negative there: where they would, samples are decoded a
 * tick apart, each in a fragment of its own, since its duration is the time that it is shown for.
 *
 * GStreamer also takes the rate in H.264 headers for how long each picture is shown, so that pictures that stand for longer leave holes
 * in the buffer, and what follows is dropped until the next keyframe. Such pictures are keyframes (the server sees to it), and are
 * repeated.
 */

import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

const NOT_SYNC = 0x10000; // ISO/IEC 14496-12, 8.8.3.1
const MOST_COPIES = 2000;

interface Box {
  kind: string;
  start: number;
  payload: number;
  end: number;
}

interface Sample {
  dts: number;
  pts: number;
  duration: number;
  flags: number;
  bytes: Uint8Array;
}

/** Whether the engine ignores edit lists; Apple's own does not. */
export function ignoresEditLists(agent: string): boolean {
  return /AppleWebKit/.test(agent) && !/Chrom|Macintosh|iPhone|iPad/.test(agent);
}

/** Has a player move the times of all segments by the edit list of their init segment. */
export function applyEditLists(player: shaka.Player): void {
  const times = new Map<number, Promise<number>>();
  const tell = new Map<number, (time: number) => void>();
  const timeOf = (stream: number): Promise<number> => {
    const known = times.get(stream) ?? new Promise<number>((resolve) => tell.set(stream, resolve));
    times.set(stream, known);
    return known;
  };
  player.getNetworkingEngine()?.registerResponseFilter(async (_type, response, context) => {
    const { AdvancedRequestType } = shaka.net.NetworkingEngine;
    const stream = context?.stream?.id;
    if (stream === undefined) return;
    if (context?.type === AdvancedRequestType.INIT_SEGMENT) {
      void timeOf(stream);
      const [init, time] = takeMediaTime(bytesOf(response.data));
      response.data = init;
      tell.get(stream)?.(time);
    } else if (context?.type === AdvancedRequestType.MEDIA_SEGMENT) {
      response.data = shiftSegment(bytesOf(response.data), await timeOf(stream));
    }
  });
}

/**
 * An init segment whose edit list takes nothing away, and what it took, in ticks of the only track. GStreamer ignores edit lists when it
 * gives times, but drops the sounds that come before the edit.
 */
function takeMediaTime(init: Uint8Array): [Uint8Array, number] {
  const elst = findBox(init, { kind: "", start: 0, payload: 0, end: init.length }, ["moov", "trak", "edts", "elst"]);
  if (elst === null) return [init, 0];
  const out = init.slice();
  const view = viewOf(out);
  if (view.getUint8(elst.payload) === 1) {
    const time = Number(view.getBigInt64(elst.payload + 16));
    view.setBigInt64(elst.payload + 16, 0n);
    return [out, time];
  }
  const time = view.getInt32(elst.payload + 12);
  view.setInt32(elst.payload + 12, 0);
  return [out, time];
}

/** A media segment whose pictures and sounds come earlier by some ticks; what would come before 0 is left out, what stands is repeated. */
function shiftSegment(media: Uint8Array, ticks: number): Uint8Array {
  if (ticks === 0) return media;
  const found: Uint8Array[] = [];
  let moof: Box | null = null;
  let earliest = 0;
  for (const box of boxes(media, 0, media.length)) {
    if (box.kind === "moof") {
      moof = box;
    } else if (box.kind === "mdat" && moof !== null) {
      for (const part of shiftFragment(media, moof, box, ticks, earliest)) {
        found.push(part.bytes);
        earliest = part.next;
      }
      moof = null;
    } else {
      found.push(media.subarray(box.start, box.end));
    }
  }
  return join(found);
}

function* shiftFragment(media: Uint8Array, moof: Box, mdat: Box, ticks: number, earliest: number): Generator<{ bytes: Uint8Array; next: number }> {
  const tfdt = findBox(media, moof, ["traf", "tfdt"]);
  if (tfdt === null) return;
  const view = viewOf(media);
  const isWide = view.getUint8(tfdt.payload) === 1;
  const start = isWide ? Number(view.getBigUint64(tfdt.payload + 4)) : view.getUint32(tfdt.payload + 4);
  const samples = [...readSamples(media, moof, start)];
  if (start >= ticks + earliest && !samples.some((sample) => stands(sample, ticks))) {
    const bytes = media.slice(moof.start, mdat.end);
    const at = tfdt.payload + 4 - moof.start;
    if (isWide) viewOf(bytes).setBigUint64(at, BigInt(start - ticks));
    else viewOf(bytes).setUint32(at, start - ticks);
    yield { bytes, next: 0 };
    return;
  }
  let next = earliest;
  for (const sample of samples.flatMap((one) => (stands(one, ticks) ? [...repeat(one, ticks)] : [one]))) {
    const pts = sample.pts - ticks;
    if (pts + sample.duration <= 0) continue;
    const dts = Math.max(next, sample.dts - ticks);
    next = dts + 1;
    yield { bytes: writeFragment({ ...sample, dts, pts }), next };
  }
}

/** Whether a sample is a keyframe that is shown for longer than headers tell of any; that is less than the edit list takes away. */
function stands(sample: Sample, ticks: number): boolean {
  return (sample.flags & NOT_SYNC) === 0 && sample.duration > ticks;
}

/** The same picture again and again until the next one. */
function* repeat(sample: Sample, ticks: number): Generator<Sample> {
  const step = Math.max(Math.ceil(ticks / 2), Math.ceil(sample.duration / MOST_COPIES));
  for (let at = 0; at < sample.duration; at += step) {
    yield { ...sample, dts: sample.dts + at, pts: sample.pts + at, duration: Math.min(step, sample.duration - at) };
  }
}

/** ISO/IEC 14496-12, 8.8.7 and 8.8.8: one track run. */
function* readSamples(media: Uint8Array, moof: Box, start: number): Generator<Sample> {
  const [tfhd, trun] = [findBox(media, moof, ["traf", "tfhd"]), findBox(media, moof, ["traf", "trun"])];
  if (tfhd === null || trun === null) return;
  const view = viewOf(media);
  const given = view.getUint32(tfhd.payload) & 0xffffff;
  let at = tfhd.payload + 8 + (given & 0x1 ? 8 : 0) + (given & 0x2 ? 4 : 0);
  const [duration, size, flags] = [0x8, 0x10, 0x20].map((flag) => (given & flag ? view.getUint32((at += 4) - 4) : 0)) as [number, number, number];
  const fields = view.getUint32(trun.payload) & 0xffffff;
  const count = view.getUint32(trun.payload + 4);
  at = trun.payload + 8;
  let data = moof.start + (fields & 0x1 ? view.getInt32((at += 4) - 4) : 0);
  const first = fields & 0x4 ? view.getUint32((at += 4) - 4) : null;
  let dts = start;
  for (let index = 0; index < count; index += 1) {
    const own = fields & 0x100 ? view.getUint32((at += 4) - 4) : duration;
    const length = fields & 0x200 ? view.getUint32((at += 4) - 4) : size;
    const word = fields & 0x400 ? view.getUint32((at += 4) - 4) : flags;
    const offset = fields & 0x800 ? view.getInt32((at += 4) - 4) : 0;
    yield { dts, pts: dts + offset, duration: own, flags: index === 0 && first !== null ? first : word, bytes: media.subarray(data, data + length) };
    dts += own;
    data += length;
  }
}

/** A moof and an mdat of one sample. */
function writeFragment({ dts, pts, duration, flags, bytes }: Sample): Uint8Array {
  const head = [0x68, "moof", 0x10, "mfhd", 0, 1, 0x50, "traf", 0x1c, "tfhd", 0x020038, 1, duration, bytes.length, flags];
  head.push(0x14, "tfdt", 0x01000000, Math.floor(dts / 2 ** 32), dts % 2 ** 32, 0x18, "trun", 0x801, 1, 0x70, pts - dts, 8 + bytes.length, "mdat");
  const out = new Uint8Array(head.length * 4 + bytes.length);
  const view = viewOf(out);
  head.forEach((word, index) => {
    const number = typeof word === "number" ? word : [...word].reduce((sum, letter) => sum * 256 + letter.charCodeAt(0), 0);
    view.setUint32(index * 4, number);
  });
  out.set(bytes, head.length * 4);
  return out;
}

function findBox(data: Uint8Array, outer: Box, path: readonly string[]): Box | null {
  let inner: Box | null = outer;
  for (const kind of path) {
    if (inner === null) return null;
    inner = [...boxes(data, inner.payload, inner.end)].find((box) => box.kind === kind) ?? null;
  }
  return inner;
}

/** Boxes side by side; ends where one is longer than what holds it. */
function* boxes(data: Uint8Array, start: number, end: number): Generator<Box> {
  const view = viewOf(data);
  while (start + 8 <= end) {
    const size = view.getUint32(start);
    if (size < 8 || start + size > end) return;
    yield { kind: String.fromCharCode(...data.subarray(start + 4, start + 8)), start, payload: start + 8, end: start + size };
    start += size;
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}

function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
