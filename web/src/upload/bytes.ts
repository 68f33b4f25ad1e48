/** Bytes written one after the other, bits read one after the other, and NUT's checksum. */

export class ByteWriter {
  private buffer: Uint8Array<ArrayBuffer>;
  private view: DataView;
  length = 0;

  constructor(expectedBytes: number) {
    this.buffer = new Uint8Array(Math.ceil(expectedBytes));
    this.view = new DataView(this.buffer.buffer);
  }

  u8(value: number): void {
    this.grow(1);
    this.view.setUint8(this.length++, value);
  }

  u32(value: number): void {
    this.grow(4);
    this.view.setUint32(this.length, value);
    this.length += 4;
  }

  /** Seven bits to a byte, the highest first; up to 2^53. */
  varint(value: number): void {
    let scale = 1;
    while (value / scale >= 128) scale *= 128;
    for (; scale > 1; scale /= 128) this.u8(128 | Math.floor(value / scale) % 128);
    this.u8(value % 128);
  }

  bytes(data: Uint8Array): void {
    this.grow(data.length);
    this.buffer.set(data, this.length);
    this.length += data.length;
  }

  /** Bytes with their count before them. */
  blob(data: Uint8Array): void {
    this.varint(data.length);
    this.bytes(data);
  }

  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i));
  }

  /** What was written from a position on; valid until more is written. */
  since(begin: number): Uint8Array {
    return this.buffer.subarray(begin, this.length);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }

  private grow(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.length + more));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
    this.view = new DataView(larger.buffer);
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

/** CRC-32 with the polynomial 04C11DB7, highest bit first, starting with 0. */
export function crc32(data: Uint8Array): number {
  let crc = 0;
  for (const byte of data) crc = (crc << 8) ^ (CRC_TABLE[(crc >>> 24) ^ byte] ?? 0);
  return crc >>> 0;
}

/** Reads bits, the highest first; past the end they are 0. */
export class BitReader {
  private at = 0;

  constructor(private readonly data: Uint8Array) {}

  bit(): number {
    const byte = this.data[this.at >> 3] ?? 0;
    return (byte >> (7 - (this.at++ & 7))) & 1;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  /** Exp-Golomb, as H.264 writes counts (9.1). */
  count(): number {
    let zeros = 0;
    while (zeros < 32 && this.bit() === 0) zeros++;
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb with a sign. */
  signed(): number {
    const value = this.count();
    return value % 2 === 1 ? (value + 1) / 2 : -value / 2;
  }
}
