/** What decides in an MP4 or MOV whether it can be split here, and what mediabunny does not tell: edits, text tracks, truncation. */

import { CannotSplit } from "./reason";

const CONTAINERS = new Set(["moov", "trak", "edts", "mdia", "minf", "stbl", "mvex", "udta", "moof", "traf"]);
const TEXT_HANDLERS = new Set(["text", "sbtl", "subt", "clcp", "subp"]);
const LONGEST_INDEX = 256 * 2 ** 20;
const MOOFS_READ = 1;

/** The only edit of a track, in seconds of the movie and ticks of the track; emptyS comes before it. */
export interface Edit {
  emptyS: number;
  durationS: number;
  mediaTime: number;
}

export interface Mp4Index {
  fragmented: boolean;
  /** By track id; a track without an edit list is not there. */
  edits: Map<number, Edit>;
  /** The decoding times' table by track id: runs of (count, ticks); mediabunny tells durations in the order of display. */
  steps: Map<number, [number, number][]>;
}

interface Box {
  kind: string;
  body: DataView;
}

/** Reads the index of an MP4 file. Raises CannotSplit for what has to be split by the server. */
export async function readMp4Index(file: Blob): Promise<Mp4Index> {
  const index: Mp4Index = { fragmented: false, edits: new Map(), steps: new Map() };
  let moofs = 0;
  for await (const { kind, start, end } of topLevel(file)) {
    if (end > file.size) throw new CannotSplit("truncated");
    if (kind !== "moov" && (kind !== "moof" || moofs++ >= MOOFS_READ)) continue;
    if (end - start > LONGEST_INDEX) throw new CannotSplit("unreadable", "a very long index");
    const body = new DataView(await file.slice(start, end).arrayBuffer());
    if (kind === "moov") readMovie(body, index);
    else checkOffsets(body);
  }
  return index;
}

async function* topLevel(file: Blob): AsyncGenerator<{ kind: string; start: number; end: number }> {
  let at = 0;
  while (at + 8 <= file.size) {
    const head = new DataView(await file.slice(at, at + 16).arrayBuffer());
    const { kind, headerBytes, sizeBytes } = readHead(head, 0, file.size - at);
    if (sizeBytes < 8) return;
    yield { kind, start: at + headerBytes, end: at + sizeBytes };
    at += sizeBytes;
  }
}

function readHead(view: DataView, at: number, left: number): { kind: string; headerBytes: number; sizeBytes: number } {
  const short = view.getUint32(at);
  const kind = fourcc(view, at + 4);
  if (short === 1 && view.byteLength >= at + 16) return { kind, headerBytes: 16, sizeBytes: Number(view.getBigUint64(at + 8)) };
  return { kind, headerBytes: 8, sizeBytes: short === 0 ? left : short };
}

function fourcc(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

function* boxes(body: DataView): Generator<Box> {
  let at = 0;
  while (at + 8 <= body.byteLength) {
    const { kind, headerBytes, sizeBytes } = readHead(body, at, body.byteLength - at);
    if (sizeBytes < headerBytes || at + sizeBytes > body.byteLength) return;
    yield { kind, body: new DataView(body.buffer, body.byteOffset + at + headerBytes, sizeBytes - headerBytes) };
    at += sizeBytes;
  }
}

function* deep(body: DataView): Generator<Box> {
  for (const box of boxes(body)) {
    yield box;
    if (CONTAINERS.has(box.kind)) yield* deep(box.body);
  }
}

function readMovie(moov: DataView, index: Mp4Index): void {
  let movieTicksPerS = 1;
  let track = 0;
  for (const { kind, body } of deep(moov)) {
    const long = body.byteLength > 0 && body.getUint8(0) === 1;
    if (kind === "mvhd") movieTicksPerS = body.getUint32(long ? 20 : 12);
    if (kind === "tkhd") track = body.getUint32(long ? 20 : 12);
    if (kind === "mvex") index.fragmented = true;
    if (kind === "chpl") throw new CannotSplit("text_tracks", "chapters");
    if (kind === "hdlr" && TEXT_HANDLERS.has(fourcc(body, 8))) throw new CannotSplit("text_tracks", "captions or chapters");
    if (kind === "elst" && body.getUint32(4) > 0) index.edits.set(track, readEdit(body, long, movieTicksPerS));
    if (kind === "stts") index.steps.set(track, readSteps(body));
  }
}

function readSteps(body: DataView): [number, number][] {
  const count = Math.min(body.getUint32(4), Math.floor((body.byteLength - 8) / 8));
  return Array.from({ length: count }, (_, i) => [body.getUint32(8 + i * 8), body.getUint32(12 + i * 8)]);
}

/** The edits of a track, where they are one, possibly after an empty one. */
function readEdit(body: DataView, long: boolean, movieTicksPerS: number): Edit {
  const edit: Edit = { emptyS: 0, durationS: Infinity, mediaTime: -1 };
  for (let i = 0; i < body.getUint32(4); i++) {
    const at = 8 + i * (long ? 20 : 12);
    const duration = (long ? Number(body.getBigUint64(at)) : body.getUint32(at)) / movieTicksPerS;
    const mediaTime = long ? Number(body.getBigInt64(at + 8)) : body.getInt32(at + 4);
    const rate = body.getInt32(at + (long ? 16 : 8));
    if (edit.mediaTime >= 0 || rate !== 0x10000) throw new CannotSplit("edit_list");
    if (mediaTime < 0) edit.emptyS += duration;
    else Object.assign(edit, { mediaTime, durationS: duration === 0 ? Infinity : duration });
  }
  if (edit.mediaTime < 0) throw new CannotSplit("edit_list");
  return edit;
}

/** The server's demuxer moves all pictures of a track when one has a negative composition offset; where it lies only it can say. */
function checkOffsets(moof: DataView): void {
  for (const { kind, body } of deep(moof)) {
    if (kind !== "trun" || body.getUint8(0) === 0 || (body.getUint32(0) & 0x800) === 0) continue;
    const flags = body.getUint32(0) & 0xffffff;
    const before = [0x100, 0x200, 0x400].filter((flag) => flags & flag).length * 4;
    let at = 8 + [0x1, 0x4].filter((flag) => flags & flag).length * 4;
    for (let i = 0; i < body.getUint32(4) && at + before + 4 <= body.byteLength; i++, at += before + 4) {
      if (body.getInt32(at + before) < 0) throw new CannotSplit("edit_list", "negative composition offsets");
    }
  }
}
