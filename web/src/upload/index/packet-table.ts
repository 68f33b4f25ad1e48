/**
 * The packets of one track in decode order, as `media/source/scan.py` builds them on the server.
 */

/**
 * Arrays of equal length, times in ticks. hidden: an edit list hides the frame. shown: the frame is
 * displayed and can be decoded.
 */
export interface PacketTable {
  ticksPerS: number;
  pts: Float64Array;
  dts: Float64Array;
  duration: Float64Array;
  key: Uint8Array;
  hidden: Uint8Array;
  shown: Uint8Array;
  /** mediabunny's packet number and time in seconds, which find the packet again. */
  serial: Float64Array;
  foundS: Float64Array;
  sizeBytes: Float64Array;
  startPts: number;
  endPts: number;
  stopPts: number;
  frames: number;
}

export interface Rows {
  ticksPerS: number;
  pts: number[];
  duration: number[];
  key: boolean[];
  hidden: boolean[];
  /** False if decoding the packet yields no frame. */
  yieldsFrame: boolean[];
  serial: number[];
  foundS: number[];
  sizeBytes: number[];
}

export function emptyRows(ticksPerS: number): Rows {
  return {
    ticksPerS,
    pts: [],
    duration: [],
    key: [],
    hidden: [],
    yieldsFrame: [],
    serial: [],
    foundS: [],
    sizeBytes: [],
  };
}

/** Builds a table from rows. Frames before the first keyframe are not shown. */
export function makeTable(rows: Rows): PacketTable {
  const pts = Float64Array.from(rows.pts);
  const key = Uint8Array.from(rows.key, Number);
  const hidden = Uint8Array.from(rows.hidden, Number);
  const firstKey = Math.max(0, key.indexOf(1));
  const shown = Uint8Array.from(pts, (_, i) =>
    Number(i >= firstKey && rows.yieldsFrame[i] === true && hidden[i] === 0),
  );
  const duration = repairDurations(pts, Float64Array.from(rows.duration));
  const table: PacketTable = {
    ticksPerS: rows.ticksPerS,
    pts,
    dts: findDts(pts),
    duration,
    key,
    hidden,
    shown,
    serial: Float64Array.from(rows.serial),
    foundS: Float64Array.from(rows.foundS),
    sizeBytes: Float64Array.from(rows.sizeBytes),
    startPts: 0,
    endPts: 0,
    stopPts: 0,
    frames: 0,
  };
  measure(table);
  return table;
}

/** Sets startPts, endPts, stopPts and frames from the frames that are shown. */
function measure(table: PacketTable): void {
  let [start, last, stop, frames] = [Infinity, -Infinity, -Infinity, 0];
  table.shown.forEach((shown, i) => {
    if (shown === 0) return;
    const pts = at(table.pts, i);
    [start, last, stop, frames] = [
      Math.min(start, pts),
      Math.max(last, pts),
      Math.max(stop, pts + at(table.duration, i)),
      frames + 1,
    ];
  });
  let end = stop;
  table.hidden.forEach((hidden, i) => {
    if (hidden === 1 && at(table.pts, i) > last) end = Math.min(end, at(table.pts, i));
  });
  Object.assign(table, { startPts: start, endPts: end, stopPts: stop, frames });
}

/** Returns `values[index]`; the caller guarantees that it exists. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}

/**
 * Derives decode times: the i-th smallest pts minus the reorder delay. They increase strictly and
 * never exceed pts.
 */
function findDts(pts: Float64Array): Float64Array {
  const rising = pts.slice().sort();
  let delay = 0;
  for (let i = 0; i < rising.length; i++) {
    if (i > 0 && at(rising, i) <= at(rising, i - 1)) rising[i] = at(rising, i - 1) + 1;
    delay = Math.max(delay, at(rising, i) - at(pts, i));
  }
  return rising.map((value) => value - delay);
}

/**
 * Fills unknown durations (0) with the distance to the next pts, for the last frame to the one
 * before. The minimum is one tick.
 */
function repairDurations(pts: Float64Array, duration: Float64Array): Float64Array {
  if (pts.length < 2 || duration.every((value) => value > 0))
    return duration.map((value) => Math.max(1, value));
  const order = Array.from(pts.keys()).sort((a, b) => at(pts, a) - at(pts, b));
  const repaired = duration.slice();
  order.forEach((place, i) => {
    const next = Math.min(i + 1, order.length - 1);
    const gap = at(pts, at(order, next)) - at(pts, at(order, next - 1));
    if (at(duration, place) <= 0) repaired[place] = gap;
  });
  return repaired.map((value) => Math.max(1, value));
}

/** Returns the first index of a sorted array at which a value is not less than `value`. */
export function lowerBound(values: ArrayLike<number>, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(values, middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns the first index of a sorted array at which a value is greater than `value`. */
export function upperBound(values: ArrayLike<number>, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(values, middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
