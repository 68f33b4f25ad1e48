/**
 * Reads from an MP4 or MOV file what mediabunny does not report: edit lists, text tracks, decode
 * durations and truncation.
 */

import { type Box, listBoxes, readBoxHeader, readFourcc, TRUN } from "../../media/mp4-box.ts";
import { CannotSplit } from "../split-reason.ts";

const CONTAINERS = new Set([
  "moov",
  "trak",
  "edts",
  "mdia",
  "minf",
  "stbl",
  "mvex",
  "udta",
  "moof",
  "traf",
]);
const TEXT_HANDLERS = new Set(["text", "sbtl", "subt", "clcp", "subp"]);
const MAX_INDEX_BYTES = 256 * 2 ** 20;
const MAX_MOOFS_READ = 1;
/** Tables may promise this many missing samples. mediabunny would search for all of them. */
const MAX_MISSING_SAMPLES = 1000;
const NORMAL_RATE = 0x10000;

/**
 * The only edit of a track. emptyS: an empty edit before it. Durations in seconds, mediaTime in
 * ticks of the track.
 */
export interface Edit {
  emptyS: number;
  durationS: number;
  mediaTime: number;
}

export interface Mp4Index {
  fragmented: boolean;
  /** By track id. Tracks without an edit list are missing. */
  edits: Map<number, Edit>;
  /**
   * Decode durations by track id, as runs of (count, ticks). mediabunny reports durations in
   * presentation order.
   */
  steps: Map<number, [number, number][]>;
}

interface BoxBody {
  kind: string;
  body: DataView;
}

/** Reads the index of an MP4 file. Raises CannotSplit if only the server can split the file. */
export async function readMp4Index(file: Blob): Promise<Mp4Index> {
  const index: Mp4Index = { fragmented: false, edits: new Map(), steps: new Map() };
  let moofs = 0;
  for await (const { kind, start, end } of listTopLevel(file)) {
    if (end > file.size) throw new CannotSplit("truncated");
    if (kind !== "moov" && (kind !== "moof" || moofs++ >= MAX_MOOFS_READ)) continue;
    if (end - start > MAX_INDEX_BYTES)
      throw new CannotSplit("unreadable", "the index is too large");
    const body = new DataView(await file.slice(start, end).arrayBuffer());
    if (kind === "moov") readMovie(body, index, file.size);
    else checkOffsets(body);
  }
  return index;
}

async function* listTopLevel(
  file: Blob,
): AsyncGenerator<{ kind: string; start: number; end: number }> {
  let at = 0;
  while (at + 8 <= file.size) {
    const head = new DataView(await file.slice(at, at + 16).arrayBuffer());
    const { kind, headerBytes, sizeBytes } = readBoxHeader(head, 0, file.size - at);
    if (sizeBytes < 8) return;
    yield { kind, start: at + headerBytes, end: at + sizeBytes };
    at += sizeBytes;
  }
}

/** Lists all boxes in document order, with those inside containers. */
function* listNested(view: DataView): Generator<BoxBody> {
  for (const box of listBoxes(view)) {
    const body = bodyOf(view, box);
    yield { kind: box.kind, body };
    if (CONTAINERS.has(box.kind)) yield* listNested(body);
  }
}

function bodyOf(view: DataView, { payload, end }: Box): DataView {
  return new DataView(view.buffer, view.byteOffset + payload, end - payload);
}

function readMovie(moov: DataView, index: Mp4Index, fileBytes: number): void {
  let movieTicksPerS = 1;
  let track = 0;
  const samples = new Map<number, number>();
  const promised = new Map<number, number>();
  for (const { kind, body } of listNested(moov)) {
    const isLong = body.byteLength > 0 && body.getUint8(0) === 1;
    if (kind === "mvhd") movieTicksPerS = body.getUint32(isLong ? 20 : 12);
    if (kind === "tkhd") track = body.getUint32(isLong ? 20 : 12);
    if (kind === "mvex") index.fragmented = true;
    if (kind === "chpl") throw new CannotSplit("text_tracks", "chapters");
    if (kind === "hdlr" && TEXT_HANDLERS.has(readFourcc(body, 8)))
      throw new CannotSplit("text_tracks", "captions or chapters");
    if (kind === "elst" && body.getUint32(4) > 0)
      index.edits.set(track, readEdit(body, isLong, movieTicksPerS));
    if (kind === "stts") index.steps.set(track, readSteps(body));
    if (kind === "stsz") samples.set(track, countSizes(body, fileBytes));
    if (kind === "stts" || kind === "ctts" || kind === "stsc") {
      const count = kind === "stsc" ? findLargestChunk(body) : countTimes(body);
      promised.set(track, Math.max(promised.get(track) ?? 0, count));
    }
  }
  for (const [id, count] of promised) {
    if (count > (samples.get(id) ?? fileBytes) + MAX_MISSING_SAMPLES) {
      throw new CannotSplit("unreadable", "tables promise too many samples");
    }
  }
}

/**
 * Returns the number of samples in a table of sizes, `stsz`. Samples of one size must fit into the
 * file.
 */
function countSizes(stsz: DataView, fileBytes: number): number {
  const [size, count] = [stsz.getUint32(4), stsz.getUint32(8)];
  return size === 0
    ? Math.min(count, (stsz.byteLength - 12) / 4)
    : Math.min(count, fileBytes / size);
}

/** Returns the largest number of samples in a chunk. */
function findLargestChunk(stsc: DataView): number {
  let most = 0;
  for (let at = 8; at + 12 <= stsc.byteLength; at += 12)
    most = Math.max(most, stsc.getUint32(at + 4));
  return most;
}

/** Returns the number of samples in a table of runs, `stts` or `ctts`. */
function countTimes(table: DataView): number {
  let count = 0;
  for (let at = 8; at + 8 <= table.byteLength; at += 8) count += table.getUint32(at);
  return count;
}

function readSteps(body: DataView): [number, number][] {
  const count = Math.min(body.getUint32(4), Math.floor((body.byteLength - 8) / 8));
  return Array.from({ length: count }, (_, i) => [
    body.getUint32(8 + i * 8),
    body.getUint32(12 + i * 8),
  ]);
}

/**
 * Reads the one edit of a track, and an empty edit before it. Raises CannotSplit if there are more
 * edits.
 */
function readEdit(body: DataView, isLong: boolean, movieTicksPerS: number): Edit {
  const edit: Edit = { emptyS: 0, durationS: Infinity, mediaTime: -1 };
  for (let i = 0; i < body.getUint32(4); i++) {
    const at = 8 + i * (isLong ? 20 : 12);
    const duration = (isLong ? Number(body.getBigUint64(at)) : body.getUint32(at)) / movieTicksPerS;
    const mediaTime = isLong ? Number(body.getBigInt64(at + 8)) : body.getInt32(at + 4);
    const rate = body.getInt32(at + (isLong ? 16 : 8));
    if (edit.mediaTime >= 0 || rate !== NORMAL_RATE) throw new CannotSplit("edit_list");
    if (mediaTime < 0) edit.emptyS += duration;
    else Object.assign(edit, { mediaTime, durationS: duration === 0 ? Infinity : duration });
  }
  if (edit.mediaTime < 0) throw new CannotSplit("edit_list");
  return edit;
}

/**
 * Raises CannotSplit if a sample has a negative composition offset: the server's demuxer then moves
 * all frames of the track, and only the server can tell by how much.
 */
function checkOffsets(moof: DataView): void {
  for (const { kind, body } of listNested(moof)) {
    if (kind !== "trun" || body.getUint8(0) === 0 || (body.getUint32(0) & TRUN.offset) === 0)
      continue;
    const flags = body.getUint32(0);
    const bytesOf = (...fields: number[]): number =>
      4 * fields.filter((field) => flags & field).length;
    const before = bytesOf(TRUN.duration, TRUN.size, TRUN.flags);
    let at = 8 + bytesOf(TRUN.dataOffset, TRUN.firstFlags);
    for (
      let i = 0;
      i < body.getUint32(4) && at + before + 4 <= body.byteLength;
      i++, at += before + 4
    ) {
      if (body.getInt32(at + before) < 0)
        throw new CannotSplit("edit_list", "negative composition offsets");
    }
  }
}
