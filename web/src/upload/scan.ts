/** Reads a file's index once, without decoding: what it is, and the packets it holds. */

import { EncodedPacketSink, type InputAudioTrack, type InputTrack, type InputVideoTrack } from "mediabunny";
import type { Mp4Index } from "./mp4_index";
import { CannotSplit } from "./reason";
import { at, emptyRows, makeTable, type PacketTable, type Rows } from "./table";

const VP8_SHOW_FRAME = 0x10; // RFC 6386, 9.1
const FIRST = { metadataOnly: true };

/** Ticks in a second; CannotSplit where a tick is no whole part of one. */
export function ticksPerS(track: InputTrack): number {
  const ticks = track.timeResolution;
  if (!Number.isSafeInteger(ticks) || ticks < 1 || ticks > 2 ** 31 - 1) throw new CannotSplit("container", "an odd clock");
  return ticks;
}

/** The pictures' packets. */
export async function scanVideo(track: InputVideoTrack, index: Mp4Index | null): Promise<PacketTable> {
  const rows = await readRows(track, track.codec === "vp8");
  if (index !== null) {
    setDurations(rows, index.steps.get(track.id) ?? []);
    honourEdit(rows, track.id, index);
  }
  const table = makeTable(rows);
  if (table.frames === 0) throw new CannotSplit("no_video");
  checkStart(table);
  return table;
}

/** The sound's packets; null where there are none. trimmed: the container says to the sample where it ends. */
export async function scanAudio(track: InputAudioTrack, index: Mp4Index | null): Promise<{ table: PacketTable; trimmed: boolean } | null> {
  const rows = await readRows(track, false);
  if (rows.pts.length === 0) return null;
  const edit = index?.edits.get(track.id);
  const end = edit === undefined || index?.fragmented === true ? Infinity : Math.round((edit.emptyS + edit.durationS) * rows.ticksPerS);
  return { table: makeTable(endSound(rows, end)), trimmed: index !== null };
}

/** The sound up to where its edit ends; the last packet is shortened as the server's demuxer does it. */
function endSound(rows: Rows, end: number): Rows {
  const promised = end < sum(rows.duration);
  const last = rows.pts.findLastIndex((pts) => pts < end);
  for (const values of [rows.pts, rows.duration, rows.key, rows.hidden, rows.yieldsPicture, rows.serial, rows.foundS, rows.sizeBytes]) {
    values.length = last + 1;
  }
  const pts = at(rows.pts, last);
  if (promised && end !== sum(rows.duration) && end < pts + at(rows.duration, last)) rows.duration[last] = end - pts;
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
  for await (const packet of sink.packets(undefined, undefined, withData ? {} : FIRST)) {
    rows.pts.push(Math.round(packet.timestamp * rows.ticksPerS));
    rows.duration.push(Math.round(packet.duration * rows.ticksPerS));
    rows.key.push(packet.type === "key");
    rows.hidden.push(false);
    rows.yieldsPicture.push(!withData || ((packet.data[0] ?? 0) & VP8_SHOW_FRAME) !== 0);
    rows.serial.push(packet.sequenceNumber);
    rows.foundS.push(packet.timestamp);
    rows.sizeBytes.push(packet.byteLength);
  }
  return rows;
}

/** Hides what the edit hides; the first picture shown is moved to its start, as the server's demuxer does. */
function honourEdit(rows: Rows, trackId: number, index: Mp4Index): void {
  const edit = index.edits.get(trackId);
  if (index.fragmented) {
    if (edit !== undefined && (edit.mediaTime > 0 || edit.emptyS > 0)) throw new CannotSplit("edit_list", "in fragments");
    return;
  }
  if (edit === undefined) {
    const early = earliest(rows);
    if (early > 0) rows.pts = rows.pts.map((pts) => pts + early);
    return;
  }
  const start = Math.round(edit.emptyS * rows.ticksPerS);
  const stop = start + Math.round(edit.durationS * rows.ticksPerS);
  rows.hidden = rows.pts.map((pts) => pts < start || pts >= stop);
  const late = rows.pts.reduce((least, pts) => (pts >= start && pts < least ? pts : least), Infinity) - start;
  if (late > 0 && Number.isFinite(late)) rows.pts = rows.pts.map((pts) => pts - late);
}

/** How far a picture's composition offset is negative, at most; the server's demuxer moves all pictures by that. */
function earliest(rows: Rows): number {
  let [decode, most] = [0, 0];
  rows.pts.forEach((pts, i) => {
    most = Math.max(most, decode - pts);
    decode += at(rows.duration, i);
  });
  return most;
}

/** Pictures displayed before the first keyframe may or may not be decodable. */
function checkStart(table: PacketTable): void {
  const first = table.key.indexOf(1);
  if (first < 0) throw new CannotSplit("starts_mid_gop");
  const next = table.key.indexOf(1, first + 1);
  for (let i = first; i < (next < 0 ? table.pts.length : next); i++) {
    if (table.shown[i] === 1 && at(table.pts, i) < at(table.pts, first)) throw new CannotSplit("starts_mid_gop");
  }
}
