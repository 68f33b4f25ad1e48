/**
 * Writes NUT files (NUT specification, version 3). NUT keeps times in ticks and has no edit lists
 * or dates, so the same packets always give the same bytes. All frames use one frame code with
 * explicit fields, and there is no index: pieces are read from start to end.
 */

import type { Ratio } from "../model.ts";
import { ByteWriter } from "./byte-writer.ts";
import { crc32 } from "./crc32.ts";

const FILE_ID = "nut/multimedia container\0";
const MAIN: readonly [number, number] = [0x4e4d7a56, 0x1f5f04ad];
const STREAM: readonly [number, number] = [0x4e531140, 0x5bf2f9db];
const SYNCPOINT: readonly [number, number] = [0x4e4be4ad, 0xeeca4569];
const MAX_DISTANCE = 32_768; // bytes between syncpoints
const PTS_SHIFT = 7;
const KEY = 1;
const CODED = 4096;
const INVALID = 8192;
const EXPLICIT_FIELDS = 8 | 16 | 32 | 64; // pts, stream, size and checksum follow
const FRAME_CODE = 1;

export interface NutVideo {
  kind: "video";
  fourcc: Uint8Array;
  timeBase: Ratio;
  extradata: Uint8Array;
  reorderDepth: number;
  width: number;
  height: number;
  sar: Ratio;
}

export interface NutAudio {
  kind: "audio";
  fourcc: Uint8Array;
  timeBase: Ratio;
  extradata: Uint8Array;
  sampleRate: number;
  channels: number;
}

export type NutStream = NutVideo | NutAudio;

/** A piece file in memory. Packets are written in decode order; pts must not be negative. */
export class NutWriter {
  private readonly streams: readonly NutStream[];
  private readonly out: ByteWriter;
  private firstSync = -1;
  private lastSync = -1;

  constructor(streams: readonly NutStream[], expectedBytes: number) {
    this.streams = streams;
    this.out = new ByteWriter(expectedBytes + expectedBytes / 64 + 4096);
    this.out.ascii(FILE_ID);
    this.packet(MAIN, (body) => this.mainHeader(body));
    for (const [id, stream] of streams.entries()) {
      this.packet(STREAM, (body) => streamHeader(body, stream, id));
    }
  }

  /** Adds a packet of a stream. */
  write(streamId: number, pts: number, key: boolean, data: Uint8Array): void {
    if (this.lastSync < 0 || this.out.length + data.length + 30 - this.lastSync > MAX_DISTANCE)
      this.sync(streamId, pts);
    const begin = this.out.length;
    this.out.u8(FRAME_CODE);
    this.out.varint((key ? KEY : 0) | EXPLICIT_FIELDS);
    this.out.varint(streamId);
    this.out.varint(pts + 2 ** PTS_SHIFT);
    this.out.varint(data.length);
    this.out.u32(crc32(this.out.since(begin)));
    this.out.bytes(data);
  }

  /** Returns the complete file. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.out.finish();
  }

  private sync(streamId: number, pts: number): void {
    const position = this.out.length;
    if (this.firstSync < 0) this.firstSync = position;
    this.lastSync = position;
    this.packet(SYNCPOINT, (body) => {
      body.varint(pts * this.streams.length + streamId);
      // The back pointer: each stream has a keyframe after the first syncpoint.
      body.varint(Math.floor((position - this.firstSync + 15) / 16));
    });
  }

  private mainHeader(body: ByteWriter): void {
    for (const value of [3, this.streams.length, MAX_DISTANCE, this.streams.length])
      body.varint(value);
    for (const { timeBase } of this.streams) {
      body.varint(timeBase.num);
      body.varint(timeBase.den);
    }
    // Rows of the frame code table: flags, number of fields, pts delta, size multiplier, stream,
    // size, reserved, number of codes.
    for (const [flags, count] of [
      [INVALID, 1],
      [CODED, 1],
      [INVALID, 253],
    ] as const) {
      for (const value of [flags, 6, 0, 1, 0, 0, 0, count]) body.varint(value);
    }
    body.varint(0); // no elision headers
  }

  private packet(code: readonly [number, number], fill: (body: ByteWriter) => void): void {
    const body = new ByteWriter(256);
    fill(body);
    const begin = this.out.length;
    this.out.u32(code[0]);
    this.out.u32(code[1]);
    const size = body.length + 4;
    this.out.varint(size);
    if (size > 4096) this.out.u32(crc32(this.out.since(begin)));
    const content = body.finish();
    this.out.bytes(content);
    this.out.u32(crc32(content));
  }
}

function streamHeader(body: ByteWriter, stream: NutStream, id: number): void {
  body.varint(id);
  body.varint(stream.kind === "video" ? 0 : 1);
  body.blob(stream.fourcc);
  body.varint(id); // time base of this stream
  body.varint(PTS_SHIFT);
  body.varint(Math.max(1, Math.floor(stream.timeBase.den / stream.timeBase.num)));
  body.varint(stream.kind === "video" ? stream.reorderDepth : 0);
  body.varint(0); // flags
  body.blob(stream.extradata);
  const format =
    stream.kind === "video"
      ? [stream.width, stream.height, stream.sar.num, stream.sar.den, 0]
      : [stream.sampleRate, 1, stream.channels];
  for (const value of format) body.varint(value);
}
