/**
 * Plans where a source is cut and which packets each piece holds, by the rules of
 * `media/source/split.py` and `media/source/span.py`. Pure.
 */

import { at, lowerBound, type PacketTable, upperBound } from "../index/packet-table.ts";
import type { Piece } from "../model.ts";

const FIRST_PIECES_S = [2, 4]; // short, for a fast start
const MIN_TAIL_S = 0.5;
const MAX_GOP = 1.5; // in targets: a longer GOP is cut at frames that are not keyframes
const AUDIO_AFTER_S = 0.12;
const AUDIO_BEFORE_S: Record<string, number> = { mp3: 0.45, opus: 0.6 };
const AUDIO_BEFORE_DEFAULT_S = 0.25;

/** A half-open range of packet positions in decode order. */
export interface Range {
  start: number;
  stop: number;
}

/** A piece and the packets that it consists of. */
export interface PlannedPiece {
  piece: Piece;
  video: Range;
  audio: Range | null;
  sizeBytes: number;
}

/**
 * Returns the pieces of a source in order. endSample: the end of the audio track, if the container
 * gives it to the sample.
 */
export function planPieces(
  video: PacketTable,
  audio: PacketTable | null,
  codec: string,
  endSample: number | null,
  targetS: number,
): PlannedPiece[] {
  const borders = findBorders(video, targetS);
  const shown = sortedShown(video);
  const videoSpans = new VideoSpans(video);
  const audioSpans = audio === null ? null : new AudioSpans(audio, codec, video.ticksPerS);
  return borders.slice(1).map((end, index) => {
    const start = at(borders, index);
    const last = index === borders.length - 2;
    const videoRange = videoSpans.find(start, end);
    const span = audioSpans?.find(start, end, last) ?? null;
    const audioRange = span !== null && span.stop > span.start ? span : null;
    const holdsEnd = audioRange !== null && audioRange.stop === audio?.pts.length;
    const piece: Piece = {
      index,
      container: "nut",
      start_pts: start,
      end_pts: end,
      base: baseOf(video, videoRange),
      audio_base: audio !== null && audioRange !== null ? baseOf(audio, audioRange) : 0,
      frames: lowerBound(shown, end) - lowerBound(shown, start),
      audio:
        audioRange === null
          ? null
          : { anchor_sample: null, end_sample: holdsEnd ? endSample : null },
      last,
    };
    const audioBytes = audio !== null && audioRange !== null ? bytesOf(audio, audioRange) : 0;
    return {
      piece,
      video: videoRange,
      audio: audioRange,
      sizeBytes: bytesOf(video, videoRange) + audioBytes,
    };
  });
}

function sortedShown(table: PacketTable): Float64Array {
  return table.pts.filter((_, i) => table.shown[i] === 1).sort();
}

/**
 * Returns the borders between pieces, with the start and the end of the video. Each border is the
 * keyframe nearest to the target length between 0.5 and 1.5 times the target; without one it is the
 * nearest frame, if the rest is longer than that.
 */
export function findBorders(table: PacketTable, targetS: number): number[] {
  const shown = sortedShown(table);
  const keys = table.pts.filter((_, i) => table.shown[i] === 1 && table.key[i] === 1).sort();
  const latest = table.endPts - MIN_TAIL_S * table.ticksPerS;
  const borders = [at(shown, 0)];
  for (;;) {
    const start = at(borders, borders.length - 1);
    const wantedS = Math.min(targetS, FIRST_PIECES_S[borders.length - 1] ?? targetS);
    const border = nextBorder(shown, keys, start, wantedS * table.ticksPerS, table.endPts, latest);
    if (border === null) return [...borders, table.endPts];
    borders.push(border);
  }
}

function nextBorder(
  shown: Float64Array,
  keys: Float64Array,
  start: number,
  target: number,
  end: number,
  latest: number,
): number | null {
  const [wanted, farthest] = [start + target, start + target * MAX_GOP];
  const near = within(keys, start + Math.max(1, target / 2), Math.min(latest, farthest));
  if (near.length > 0) {
    const border = nearest(near, wanted);
    return end > farthest || Math.abs(border - wanted) < Math.abs(end - wanted) ? border : null;
  }
  const frames = within(shown, start + 1, latest);
  return end > farthest && frames.length > 0 ? nearest(frames, wanted) : null;
}

function within(values: Float64Array, first: number, last: number): Float64Array {
  return values.subarray(
    lowerBound(values, first),
    Math.max(lowerBound(values, first), upperBound(values, last)),
  );
}

function nearest(values: Float64Array, wanted: number): number {
  const after = lowerBound(values, wanted);
  const candidates = Array.from(values.subarray(Math.max(0, after - 1), after + 1));
  return candidates.reduce((best, value) =>
    Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best,
  );
}

/** Finds the video packets of a piece. */
class VideoSpans {
  private readonly keys: number[] = [];
  /** Increasing: the last value <= pts is the last keyframe displayed at or before pts. */
  private readonly keyPts: Float64Array;
  private readonly hasLeading: boolean[];
  private readonly order: number[];
  private readonly orderedPts: Float64Array;

  constructor(table: PacketTable) {
    for (const [i, key] of table.key.entries()) if (key === 1) this.keys.push(i);
    this.hasLeading = this.keys.map(
      (key, nth) =>
        minimum(table.pts, key, this.keys[nth + 1] ?? table.pts.length) < at(table.pts, key),
    );
    this.keyPts = suffixMinimum(Float64Array.from(this.keys, (key) => at(table.pts, key)));
    this.order = Array.from(table.pts.keys()).filter((i) => table.shown[i] === 1);
    this.order.sort((a, b) => at(table.pts, a) - at(table.pts, b));
    this.orderedPts = Float64Array.from(this.order, (i) => at(table.pts, i));
  }

  /**
   * Returns the packets from the last keyframe displayed at or before the start to the last frame
   * of the piece. The range starts one keyframe earlier if frames that follow this keyframe are
   * displayed before it (open GOP).
   */
  find(startPts: number, endPts: number): Range {
    let nth = Math.max(0, upperBound(this.keyPts, startPts) - 1);
    if (nth > 0 && this.hasLeading[nth] === true) nth -= 1;
    let last = 0;
    for (
      let i = lowerBound(this.orderedPts, startPts);
      i < lowerBound(this.orderedPts, endPts);
      i++
    )
      last = Math.max(last, at(this.order, i));
    return { start: at(this.keys, nth), stop: last + 1 };
  }
}

/**
 * Finds the audio packets of a piece, with a margin before it in which the decoder settles, and 120
 * ms after it.
 */
class AudioSpans {
  private readonly table: PacketTable;
  private readonly videoTicksPerS: number;
  private readonly ends: Float64Array;
  private readonly starts: Float64Array;
  private readonly beforeS: number;

  constructor(table: PacketTable, codec: string, videoTicksPerS: number) {
    this.table = table;
    this.videoTicksPerS = videoTicksPerS;
    this.beforeS = AUDIO_BEFORE_S[codec] ?? AUDIO_BEFORE_DEFAULT_S;
    this.ends = table.pts.map((pts, i) => pts + at(table.duration, i));
    for (let i = 1; i < this.ends.length; i++)
      this.ends[i] = Math.max(at(this.ends, i), at(this.ends, i - 1));
    this.starts = suffixMinimum(table.pts.slice());
  }

  /** last: the last piece holds all packets to the end of the track. */
  find(startPts: number, endPts: number, last: boolean): Range {
    const first = (startPts / this.videoTicksPerS - this.beforeS) * this.table.ticksPerS;
    const stop = (endPts / this.videoTicksPerS + AUDIO_AFTER_S) * this.table.ticksPerS;
    const begin = upperBound(this.ends, Math.floor(first));
    return {
      start: begin,
      stop: Math.max(begin, last ? this.starts.length : lowerBound(this.starts, Math.ceil(stop))),
    };
  }
}

function suffixMinimum(values: Float64Array): Float64Array {
  for (let i = values.length - 2; i >= 0; i--)
    values[i] = Math.min(at(values, i), at(values, i + 1));
  return values;
}

function minimum(values: Float64Array, start: number, stop: number): number {
  let least = Infinity;
  for (let i = start; i < stop; i++) least = Math.min(least, at(values, i));
  return least;
}

/** Returns the smallest time of a range. Subtracting it makes no time negative. */
function baseOf(table: PacketTable, range: Range): number {
  return Math.min(
    minimum(table.pts, range.start, range.stop),
    minimum(table.dts, range.start, range.stop),
  );
}

function bytesOf(table: PacketTable, range: Range): number {
  let sum = 0;
  for (let i = range.start; i < range.stop; i++) sum += at(table.sizeBytes, i);
  return sum;
}
