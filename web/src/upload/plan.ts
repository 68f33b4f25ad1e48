/** Where a source is cut, and which packets go into each piece: the rules of `media/source/split.py` and `media/source/span.py`; pure. */

import type { Piece } from "./nouns";
import { at, lowerBound, type PacketTable, upperBound } from "./table";

const FIRST_S = [2, 4]; // for a fast start
const SHORTEST_TAIL_S = 0.5;
const LONGEST_GOP = 1.5; // in targets: a longer GOP is cut on a grid
const AUDIO_AFTER_S = 0.12;
const AUDIO_BEFORE_S: Record<string, number> = { mp3: 0.45, opus: 0.6 };
const AUDIO_BEFORE_OTHERS_S = 0.25;

/** Half-open range of positions in decode order. */
export interface Range {
  start: number;
  stop: number;
}

/** A piece with the packets it is made of. */
export interface PlannedPiece {
  piece: Piece;
  video: Range;
  audio: Range | null;
  sizeBytes: number;
}

/** The pieces of a source, in order. endSample: where its sound ends, if the container says so to the sample. */
export function planPieces(video: PacketTable, audio: PacketTable | null, codec: string, endSample: number | null, targetS: number): PlannedPiece[] {
  const borders = findBorders(video, targetS);
  const shown = sortedShown(video);
  const spans = new VideoSpans(video);
  const sounds = audio === null ? null : new AudioSpans(audio, codec, video.ticksPerS);
  return borders.slice(1).map((end, index) => {
    const start = at(borders, index);
    const last = index === borders.length - 2;
    const picture = spans.find(start, end);
    const sound = sounds?.find(start, end, last) ?? null;
    const heard = audio !== null && sound !== null && sound.stop > sound.start ? sound : null;
    const holdsEnd = heard !== null && heard.stop === audio?.pts.length;
    const piece: Piece = {
      ...{ index, container: "nut", start_pts: start, end_pts: end, base: baseOf(video, picture) },
      audio_base: audio !== null && heard !== null ? baseOf(audio, heard) : 0,
      frames: lowerBound(shown, end) - lowerBound(shown, start),
      audio: heard === null ? null : { anchor_sample: null, end_sample: holdsEnd ? endSample : null },
      last,
    };
    return { piece, video: picture, audio: heard, sizeBytes: bytesOf(video, picture) + (audio !== null && heard !== null ? bytesOf(audio, heard) : 0) };
  });
}

function sortedShown(table: PacketTable): Float64Array {
  return table.pts.filter((_, i) => table.shown[i] === 1).sort();
}

/** Each border is the keyframe nearest to the target between half of it and 1.5 times it, else the nearest frame where more remains. */
export function findBorders(table: PacketTable, targetS: number): number[] {
  const shown = sortedShown(table);
  const keys = table.pts.filter((_, i) => table.shown[i] === 1 && table.key[i] === 1).sort();
  const latest = table.endPts - SHORTEST_TAIL_S * table.ticksPerS;
  const borders = [at(shown, 0)];
  for (;;) {
    const start = at(borders, borders.length - 1);
    const wantedS = Math.min(targetS, FIRST_S[borders.length - 1] ?? targetS);
    const border = nextBorder(shown, keys, start, wantedS * table.ticksPerS, table.endPts, latest);
    if (border === null) return [...borders, table.endPts];
    borders.push(border);
  }
}

function nextBorder(shown: Float64Array, keys: Float64Array, start: number, target: number, end: number, latest: number): number | null {
  const [wanted, farthest] = [start + target, start + target * LONGEST_GOP];
  const near = within(keys, start + Math.max(1, target / 2), Math.min(latest, farthest));
  if (near.length > 0) {
    const border = nearest(near, wanted);
    return end > farthest || Math.abs(border - wanted) < Math.abs(end - wanted) ? border : null;
  }
  const frames = within(shown, start + 1, latest);
  return end > farthest && frames.length > 0 ? nearest(frames, wanted) : null;
}

function within(values: Float64Array, first: number, last: number): Float64Array {
  return values.subarray(lowerBound(values, first), Math.max(lowerBound(values, first), upperBound(values, last)));
}

function nearest(values: Float64Array, wanted: number): number {
  const after = lowerBound(values, wanted);
  const candidates = Array.from(values.subarray(Math.max(0, after - 1), after + 1));
  return candidates.reduce((best, value) => (Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best));
}

/** Finds the video packets of pieces. */
class VideoSpans {
  private readonly keys: number[] = [];
  private readonly keyPts: Float64Array; // rising: the last one <= pts is the last keyframe displayed at or before it
  private readonly hasLeading: boolean[];
  private readonly order: number[];
  private readonly orderedPts: Float64Array;

  constructor(table: PacketTable) {
    table.key.forEach((key, i) => key === 1 && this.keys.push(i));
    this.hasLeading = this.keys.map((key, nth) => minimum(table.pts, key, this.keys[nth + 1] ?? table.pts.length) < at(table.pts, key));
    this.keyPts = suffixMinimum(Float64Array.from(this.keys, (key) => at(table.pts, key)));
    this.order = Array.from(table.pts.keys()).filter((i) => table.shown[i] === 1);
    this.order.sort((a, b) => at(table.pts, a) - at(table.pts, b));
    this.orderedPts = Float64Array.from(this.order, (i) => at(table.pts, i));
  }

  /**
   * From the last keyframe displayed at or before the start to the last packet owned. Where pictures that follow this keyframe are
   * displayed before it (open GOP), it begins one keyframe earlier.
   */
  find(startPts: number, endPts: number): Range {
    let nth = Math.max(0, upperBound(this.keyPts, startPts) - 1);
    if (nth > 0 && this.hasLeading[nth] === true) nth -= 1;
    let last = 0;
    for (let i = lowerBound(this.orderedPts, startPts); i < lowerBound(this.orderedPts, endPts); i++) last = Math.max(last, at(this.order, i));
    return { start: at(this.keys, nth), stop: last + 1 };
  }
}

/** Finds the audio packets of pieces: a margin before for the decoder to settle, 120 ms after, the last piece to the end. */
class AudioSpans {
  private readonly ends: Float64Array;
  private readonly starts: Float64Array;
  private readonly beforeS: number;

  constructor(
    private readonly table: PacketTable,
    codec: string,
    private readonly videoTicksPerS: number,
  ) {
    this.beforeS = AUDIO_BEFORE_S[codec] ?? AUDIO_BEFORE_OTHERS_S;
    this.ends = table.pts.map((pts, i) => pts + at(table.duration, i));
    for (let i = 1; i < this.ends.length; i++) this.ends[i] = Math.max(at(this.ends, i), at(this.ends, i - 1));
    this.starts = suffixMinimum(table.pts.slice());
  }

  find(startPts: number, endPts: number, last: boolean): Range {
    const first = (startPts / this.videoTicksPerS - this.beforeS) * this.table.ticksPerS;
    const stop = (endPts / this.videoTicksPerS + AUDIO_AFTER_S) * this.table.ticksPerS;
    const begin = upperBound(this.ends, Math.floor(first));
    return { start: begin, stop: Math.max(begin, last ? this.starts.length : lowerBound(this.starts, Math.ceil(stop))) };
  }
}

function suffixMinimum(values: Float64Array): Float64Array {
  for (let i = values.length - 2; i >= 0; i--) values[i] = Math.min(at(values, i), at(values, i + 1));
  return values;
}

function minimum(values: Float64Array, start: number, stop: number): number {
  let least = Infinity;
  for (let i = start; i < stop; i++) least = Math.min(least, at(values, i));
  return least;
}

/** The smallest time of a range: less it, none is negative. */
function baseOf(table: PacketTable, range: Range): number {
  return Math.min(minimum(table.pts, range.start, range.stop), minimum(table.dts, range.start, range.stop));
}

function bytesOf(table: PacketTable, range: Range): number {
  let sum = 0;
  for (let i = range.start; i < range.stop; i++) sum += at(table.sizeBytes, i);
  return sum;
}
