/**
 * Moves the selection of `count` suggestions by one step and wraps around. -1: the typed text
 * itself.
 */
export function moveSelection(selected: number, step: number, count: number): number {
  return ((selected + step + count + 2) % (count + 1)) - 1;
}
