/** Reads what NutWriter writes, and checks every checksum (NUT specification, version 3). */

import assert from "node:assert/strict";

import { crc32 } from "../../src/upload/piece/crc32.ts";

const FILE_ID = "nut/multimedia container\0";
const MAIN = 0x4e4d7a561f5f04adn;
const STREAM = 0x4e5311405bf2f9dbn;
const SYNCPOINT = 0x4e4be4adeeca4569n;
const CODED_FLAGS = 4096;
const ALL_FIELDS = 8 | 16 | 32 | 64;

export interface NutFrame {
  stream: number;
  pts: number;
  key: boolean;
  data: number[];
}

export interface NutFile {
  maxDistance: number;
  timeBases: { num: number; den: number }[];
  streams: {
    kind: number;
    fourcc: number[];
    reorderDepth: number;
    extradata: number[];
    format: number[];
  }[];
  syncpoints: { at: number; pts: number; stream: number }[];
  frames: NutFrame[];
}

class Cursor {
  readonly data: Uint8Array;
  at = 0;

  constructor(data: Uint8Array) {
    this.data = data;
  }

  u8(): number {
    const byte = this.data[this.at];
    assert.ok(byte !== undefined, "the file ends too early");
    this.at += 1;
    return byte;
  }

  u32(): number {
    return this.u8() * 2 ** 24 + (this.u8() << 16) + (this.u8() << 8) + this.u8();
  }

  varint(): number {
    for (let value = 0; ; ) {
      const byte = this.u8();
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
  }

  blob(): number[] {
    return Array.from({ length: this.varint() }, () => this.u8());
  }
}

export function readNut(bytes: Uint8Array): NutFile {
  const cursor = new Cursor(bytes);
  assert.equal(String.fromCharCode(...bytes.subarray(0, FILE_ID.length)), FILE_ID);
  cursor.at = FILE_ID.length;
  const file: NutFile = { maxDistance: 0, timeBases: [], streams: [], syncpoints: [], frames: [] };
  while (cursor.at < bytes.length) {
    if (bytes[cursor.at] === "N".charCodeAt(0)) readPacket(cursor, file);
    else file.frames.push(readFrame(cursor));
  }
  return file;
}

function readPacket(cursor: Cursor, file: NutFile): void {
  const begin = cursor.at;
  const code = (BigInt(cursor.u32()) << 32n) | BigInt(cursor.u32());
  const size = cursor.varint();
  if (size > 4096) checkSum(cursor, begin);
  const body = new Cursor(cursor.data.subarray(cursor.at, cursor.at + size - 4));
  assert.equal(crc32(cursor.data.subarray(cursor.at, cursor.at + size)), 0, "checksum of a packet");
  cursor.at += size;
  if (code === MAIN) readMain(body, file);
  else if (code === STREAM) readStream(body, file);
  else if (code === SYNCPOINT) {
    const time = body.varint();
    body.varint(); // back pointer
    file.syncpoints.push({
      at: begin,
      pts: Math.floor(time / file.timeBases.length),
      stream: time % file.timeBases.length,
    });
  } else assert.fail(`unknown packet ${code.toString(16)}`);
  assert.equal(body.at, body.data.length, "a packet has bytes that nobody reads");
}

function checkSum(cursor: Cursor, begin: number): void {
  assert.equal(crc32(cursor.data.subarray(begin, cursor.at)), cursor.u32(), "checksum of a header");
}

function readMain(body: Cursor, file: NutFile): void {
  assert.equal(body.varint(), 3, "version");
  const streams = body.varint();
  file.maxDistance = body.varint();
  const count = body.varint();
  assert.equal(count, streams);
  file.timeBases = Array.from({ length: count }, () => ({
    num: body.varint(),
    den: body.varint(),
  }));
  const codes: number[] = [];
  while (codes.length < 255) {
    const flags = body.varint();
    assert.equal(body.varint(), 6, "number of fields");
    for (let field = 0; field < 5; field++) body.varint();
    codes.push(...Array<number>(body.varint()).fill(flags));
  }
  assert.equal(codes[1], CODED_FLAGS);
  assert.equal(body.varint(), 0, "elision headers");
}

function readStream(body: Cursor, file: NutFile): void {
  assert.equal(body.varint(), file.streams.length);
  const kind = body.varint();
  const fourcc = body.blob();
  body.varint(); // time base
  assert.equal(body.varint(), 7, "pts shift");
  body.varint(); // maximal distance of pts
  const reorderDepth = body.varint();
  body.varint(); // flags
  const extradata = body.blob();
  const format = Array.from({ length: kind === 0 ? 5 : 3 }, () => body.varint());
  file.streams.push({ kind, fourcc, reorderDepth, extradata, format });
}

function readFrame(cursor: Cursor): NutFrame {
  const begin = cursor.at;
  assert.equal(cursor.u8(), 1, "frame code");
  const flags = cursor.varint();
  assert.equal(flags & ALL_FIELDS, ALL_FIELDS);
  const stream = cursor.varint();
  const pts = cursor.varint() - 2 ** 7;
  const size = cursor.varint();
  checkSum(cursor, begin);
  const data = [...cursor.data.subarray(cursor.at, cursor.at + size)];
  cursor.at += size;
  return { stream, pts, key: (flags & 1) === 1, data };
}
