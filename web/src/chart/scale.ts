/** Scales of charts: round steps, and which of many names have room. */

const STEPS = [1, 2, 2.5, 5, 10];

/** Marks from 0 to the first that is not below `most`, four or so. unit: what a step is a round number of; counts have no halves. */
export function makeMarks(most: number, unit = 1): number[] {
  const rough = Math.max(most, Number.MIN_VALUE) / unit / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = (STEPS.find((step) => step * power >= rough) ?? 10) * power;
  const step = unit === 1 ? Math.max(1, Math.ceil(round)) : round * unit;
  const count = most > 0 ? Math.ceil(most / step - 1e-9) : 1;
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}

/** Numbers of those of `count` things, in even steps up to the last, of which `room` have a place. */
export function spread(count: number, room: number): number[] {
  const step = Math.max(1, Math.ceil((count - 1) / Math.max(1, room - 1)));
  const shown: number[] = [];
  for (let at = count - 1; at >= 0; at -= step) shown.unshift(at);
  return shown;
}
