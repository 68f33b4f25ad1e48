/** Walks the boxes of an MP4 file or segment (ISO/IEC 14496-12, 4.2). */

/** Flags of `trun` (ISO/IEC 14496-12, 8.8.8). */
export const TRUN = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  offset: 0x800,
};

export interface Box {
  kind: string;
  /** Offsets in the view: of the header, of the payload, and of the first byte after the box. */
  start: number;
  payload: number;
  end: number;
}

export interface BoxHeader {
  kind: string;
  headerBytes: number;
  sizeBytes: number;
}

/**
 * Reads a box header at `start`. left: bytes to the end of the enclosing box, which a size of 0
 * stands for.
 */
export function readBoxHeader(view: DataView, start: number, left: number): BoxHeader {
  const size = view.getUint32(start);
  const kind = readFourcc(view, start + 4);
  if (size === 1 && view.byteLength >= start + 16)
    return { kind, headerBytes: 16, sizeBytes: Number(view.getBigUint64(start + 8)) };
  return { kind, headerBytes: 8, sizeBytes: size === 0 ? left : size };
}

export function readFourcc(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

/** Lists the boxes between two offsets. Stops at a box that does not fit. */
export function* listBoxes(view: DataView, start = 0, end = view.byteLength): Generator<Box> {
  let at = start;
  while (at + 8 <= end) {
    const { kind, headerBytes, sizeBytes } = readBoxHeader(view, at, end - at);
    if (sizeBytes < headerBytes || at + sizeBytes > end) return;
    yield { kind, start: at, payload: at + headerBytes, end: at + sizeBytes };
    at += sizeBytes;
  }
}

/** Returns the box at a path of nested kinds, such as `["traf", "tfhd"]`, or null. */
export function findBox(
  view: DataView,
  path: readonly string[],
  start = 0,
  end = view.byteLength,
): Box | null {
  let found: Box | null = null;
  let [from, to] = [start, end];
  for (const kind of path) {
    found = [...listBoxes(view, from, to)].find((box) => box.kind === kind) ?? null;
    if (found === null) return null;
    [from, to] = [found.payload, found.end];
  }
  return found;
}
