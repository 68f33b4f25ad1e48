import {
  emptyRows,
  makeTable,
  type PacketTable,
  type Rows,
} from "../../src/upload/index/packet-table.ts";
import type { Random } from "./random.ts";

export interface PacketSpec {
  pts: number;
  key?: boolean;
  duration?: number;
  hidden?: boolean;
  yieldsFrame?: boolean;
  bytes?: number;
}

/** Builds rows of packets in decode order. */
export function makeRows(ticksPerS: number, packets: readonly PacketSpec[]): Rows {
  const rows = emptyRows(ticksPerS);
  packets.forEach((packet, i) => {
    rows.pts.push(packet.pts);
    rows.duration.push(packet.duration ?? 1);
    rows.key.push(packet.key ?? false);
    rows.hidden.push(packet.hidden ?? false);
    rows.yieldsFrame.push(packet.yieldsFrame ?? true);
    rows.serial.push(i);
    rows.foundS.push(packet.pts / ticksPerS);
    rows.sizeBytes.push(packet.bytes ?? 100);
  });
  return rows;
}

export function tableOf(ticksPerS: number, packets: readonly PacketSpec[]): PacketTable {
  return makeTable(makeRows(ticksPerS, packets));
}

/** Frames of constant rate with a keyframe every `gop` frames; ticks are frames. */
export function constantFrames(count: number, gop: number): PacketSpec[] {
  return Array.from({ length: count }, (_, i) => ({ pts: i, key: i % gop === 0 }));
}

/** Frames with GOPs of random length and, within them, B-frames: I P B B. */
export function randomFrames(random: Random, count: number, maxGop: number): PacketSpec[] {
  const frames: PacketSpec[] = [];
  let start = 0;
  while (start < count) {
    const length = Math.min(random.int(1, maxGop), count - start);
    frames.push({ pts: start, key: true, bytes: random.int(500, 3000) });
    for (let at = 1; at < length; at += 3) {
      const last = Math.min(at + 2, length - 1);
      frames.push({ pts: start + last, bytes: random.int(50, 500) });
      for (let b = at; b < last; b++) frames.push({ pts: start + b, bytes: random.int(10, 100) });
    }
    start += length;
  }
  return frames;
}
