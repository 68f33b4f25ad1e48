/** The packets of one stream in decode order, and what they promise of its presentation (`media/source/scan.py` is the same in Python). */

/** Arrays of equal length; times in ticks. hidden: an edit list hides the picture. shown: it is displayed and can be decoded. */
export interface PacketTable {
  ticksPerS: number;
  pts: Float64Array;
  dts: Float64Array;
  duration: Float64Array;
  key: Uint8Array;
  hidden: Uint8Array;
  shown: Uint8Array;
  /** What mediabunny finds the packets by: its number and its time in seconds. */
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
  yieldsPicture: boolean[];
  serial: number[];
  foundS: number[];
  sizeBytes: number[];
}

export function emptyRows(ticksPerS: number): Rows {
  return { ticksPerS, pts: [], duration: [], key: [], hidden: [], yieldsPicture: [], serial: [], foundS: [], sizeBytes: [] };
}

/** The table of what was read; what precedes the first keyframe is not shown. */
export function makeTable(rows: Rows): PacketTable {
  const pts = Float64Array.from(rows.pts);
  const key = Uint8Array.from(rows.key, Number);
  const hidden = Uint8Array.from(rows.hidden, Number);
  const firstKey = Math.max(0, key.indexOf(1));
  const shown = Uint8Array.from(pts, (_, i) => Number(i >= firstKey && rows.yieldsPicture[i] === true && hidden[i] === 0));
  const duration = repairDurations(pts, Float64Array.from(rows.duration));
  const table: PacketTable = {
    ...{ ticksPerS: rows.ticksPerS, pts, dts: findDts(pts), duration, key, hidden, shown },
    ...{ serial: Float64Array.from(rows.serial), foundS: Float64Array.from(rows.foundS), sizeBytes: Float64Array.from(rows.sizeBytes) },
    ...{ startPts: 0, endPts: 0, stopPts: 0, frames: 0 },
  };
  measure(table);
  return table;
}

/** Fills in what follows from the pictures shown. */
function measure(table: PacketTable): void {
  let [start, last, stop, frames] = [Infinity, -Infinity, -Infinity, 0];
  table.shown.forEach((shown, i) => {
    if (shown === 0) return;
    const pts = at(table.pts, i);
    [start, last, stop, frames] = [Math.min(start, pts), Math.max(last, pts), Math.max(stop, pts + at(table.duration, i)), frames + 1];
  });
  let end = stop;
  table.hidden.forEach((hidden, i) => {
    if (hidden === 1 && at(table.pts, i) > last) end = Math.min(end, at(table.pts, i));
  });
  Object.assign(table, { startPts: start, endPts: end, stopPts: stop, frames });
}

/** A value that is known to be there. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}

/** The i-th smallest pts less the delay: rises strictly and is never above pts. */
function findDts(pts: Float64Array): Float64Array {
  const rising = pts.slice().sort();
  let delay = 0;
  for (let i = 0; i < rising.length; i++) {
    if (i > 0 && at(rising, i) <= at(rising, i - 1)) rising[i] = at(rising, i - 1) + 1;
    delay = Math.max(delay, at(rising, i) - at(pts, i));
  }
  return rising.map((value) => value - delay);
}

/** Durations that are unknown (0) from the distance to the next pts, the last from the one before; at least a tick. */
function repairDurations(pts: Float64Array, duration: Float64Array): Float64Array {
  if (pts.length < 2 || duration.every((value) => value > 0)) return duration.map((value) => Math.max(1, value));
  const order = Array.from(pts.keys()).sort((a, b) => at(pts, a) - at(pts, b));
  const repaired = duration.slice();
  order.forEach((place, i) => {
    const next = Math.min(i + 1, order.length - 1);
    const gap = at(pts, at(order, next)) - at(pts, at(order, next - 1));
    if (at(duration, place) <= 0) repaired[place] = gap;
  });
  return repaired.map((value) => Math.max(1, value));
}

/** Where `value` would be inserted into sorted values, before its equals. */
export function lowerBound(values: ArrayLike<number>, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(values, middle) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where `value` would be inserted into sorted values, after its equals. */
export function upperBound(values: ArrayLike<number>, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(values, middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
