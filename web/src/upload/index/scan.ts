/** Reads the packets of a track from the file's index, without decoding them. */

import {
  EncodedPacketSink,
  type InputAudioTrack,
  type InputTrack,
  type InputVideoTrack,
} from "mediabunny";
import { CannotSplit } from "../split-reason.ts";
import type { Mp4Index } from "./mp4-index.ts";
import { at, emptyRows, makeTable, type PacketTable, type Rows } from "./packet-table.ts";

const VP8_SHOW_FRAME = 0x10; // RFC 6386, 9.1
const METADATA_ONLY = { metadataOnly: true };

/** Returns the track's ticks per second. Raises CannotSplit if that is not a whole number. */
export function ticksPerS(track: InputTrack): number {
  const ticks = track.timeResolution;
  if (!Number.isSafeInteger(ticks) || ticks < 1 || ticks > 2 ** 31 - 1)
    throw new CannotSplit("container", "the time base is not one over a whole number");
  return ticks;
}

export async function scanVideo(
  track: InputVideoTrack,
  index: Mp4Index | null,
): Promise<PacketTable> {
  const rows = await readRows(track, track.codec === "vp8");
  if (index !== null) {
    setDurations(rows, index.steps.get(track.id) ?? []);
    applyEdit(rows, track.id, index);
  }
  const table = makeTable(rows);
  if (table.frames === 0) throw new CannotSplit("no_video");
  checkStart(table);
  return table;
}

/**
 * Returns null if the track has no packets. trimmed: the container gives the end of the track to
 * the sample.
 */
export async function scanAudio(
  track: InputAudioTrack,
  index: Mp4Index | null,
): Promise<{ table: PacketTable; trimmed: boolean } | null> {
  const rows = await readRows(track, false);
  if (rows.pts.length === 0) return null;
  const edit = index?.edits.get(track.id);
  const end =
    edit === undefined || index?.fragmented === true
      ? Infinity
      : Math.round((edit.emptyS + edit.durationS) * rows.ticksPerS);
  return { table: makeTable(trimAudio(rows, end)), trimmed: index !== null };
}

/**
 * Drops packets after the end of the edit and shortens the last one, as the server's demuxer does.
 */
function trimAudio(rows: Rows, end: number): Rows {
  const promised = end < sum(rows.duration);
  const last = rows.pts.findLastIndex((pts) => pts < end);
  for (const values of [
    rows.pts,
    rows.duration,
    rows.key,
    rows.hidden,
    rows.yieldsFrame,
    rows.serial,
    rows.foundS,
    rows.sizeBytes,
  ]) {
    values.length = last + 1;
  }
  const pts = at(rows.pts, last);
  if (promised && end !== sum(rows.duration) && end < pts + at(rows.duration, last))
    rows.duration[last] = end - pts;
  return rows;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function setDurations(rows: Rows, steps: readonly [number, number][]): void {
  if (sum(steps.map(([count]) => count)) !== rows.pts.length) return;
  rows.duration = steps.flatMap(([count, ticks]) => Array<number>(count).fill(ticks));
}

async function readRows(track: InputTrack, withData: boolean): Promise<Rows> {
  const rows = emptyRows(ticksPerS(track));
  const sink = new EncodedPacketSink(track);
  for await (const packet of sink.packets(undefined, undefined, withData ? {} : METADATA_ONLY)) {
    rows.pts.push(Math.round(packet.timestamp * rows.ticksPerS));
    rows.duration.push(Math.round(packet.duration * rows.ticksPerS));
    rows.key.push(packet.type === "key");
    rows.hidden.push(false);
    rows.yieldsFrame.push(!withData || ((packet.data[0] ?? 0) & VP8_SHOW_FRAME) !== 0);
    rows.serial.push(packet.sequenceNumber);
    rows.foundS.push(packet.timestamp);
    rows.sizeBytes.push(packet.byteLength);
  }
  return rows;
}

/**
 * Marks frames outside the edit as hidden, and moves the first shown frame to the start of the
 * edit, as the server's demuxer does.
 */
function applyEdit(rows: Rows, trackId: number, index: Mp4Index): void {
  const edit = index.edits.get(trackId);
  if (index.fragmented) {
    if (edit !== undefined && (edit.mediaTime > 0 || edit.emptyS > 0))
      throw new CannotSplit("edit_list", "in fragments");
    return;
  }
  if (edit === undefined) {
    const shift = findNegativeOffset(rows);
    if (shift > 0) rows.pts = rows.pts.map((pts) => pts + shift);
    return;
  }
  const start = Math.round(edit.emptyS * rows.ticksPerS);
  const stop = start + Math.round(edit.durationS * rows.ticksPerS);
  rows.hidden = rows.pts.map((pts) => pts < start || pts >= stop);
  const late =
    rows.pts.reduce((least, pts) => (pts >= start && pts < least ? pts : least), Infinity) - start;
  if (late > 0 && Number.isFinite(late)) rows.pts = rows.pts.map((pts) => pts - late);
}

/** Returns the largest negative composition offset. The server's demuxer moves all frames by it. */
function findNegativeOffset(rows: Rows): number {
  let [decode, most] = [0, 0];
  rows.pts.forEach((pts, i) => {
    most = Math.max(most, decode - pts);
    decode += at(rows.duration, i);
  });
  return most;
}

/**
 * Raises CannotSplit if frames are displayed before the first keyframe: only a decoder can tell if
 * they exist.
 */
function checkStart(table: PacketTable): void {
  const first = table.key.indexOf(1);
  if (first < 0) throw new CannotSplit("starts_mid_gop");
  const next = table.key.indexOf(1, first + 1);
  for (let i = first; i < (next < 0 ? table.pts.length : next); i++) {
    if (table.shown[i] === 1 && at(table.pts, i) < at(table.pts, first))
      throw new CannotSplit("starts_mid_gop");
  }
}
