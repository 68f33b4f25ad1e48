const STEPS = [1, 2, 2.5, 5, 10];

/**
 * Returns about four marks from 0 to the first one that is not below `max`. unit: marks are round
 * multiples of it; with 1 they are whole numbers.
 */
export function makeMarks(max: number, unit = 1): number[] {
  const rough = Math.max(max, Number.MIN_VALUE) / unit / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = (STEPS.find((step) => step * power >= rough) ?? 10) * power;
  const step = unit === 1 ? Math.max(1, Math.ceil(round)) : round * unit;
  const count = max > 0 ? Math.ceil(max / step - 1e-9) : 1;
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}

/**
 * Returns at most `maxCount` indexes of `count` things, in even steps that end with the last one.
 */
export function spreadIndexes(count: number, maxCount: number): number[] {
  const step = Math.max(1, Math.ceil((count - 1) / Math.max(1, maxCount - 1)));
  const shown: number[] = [];
  for (let at = count - 1; at >= 0; at -= step) shown.unshift(at);
  return shown;
}
