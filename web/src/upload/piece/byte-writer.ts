/** A byte buffer that grows while it is written. */
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

  /** Writes an integer up to 2^53 in groups of seven bits, most significant first. */
  varint(value: number): void {
    let scale = 1;
    while (value / scale >= 128) scale *= 128;
    for (; scale > 1; scale /= 128) this.u8(128 | (Math.floor(value / scale) % 128));
    this.u8(value % 128);
  }

  bytes(data: Uint8Array): void {
    this.grow(data.length);
    this.buffer.set(data, this.length);
    this.length += data.length;
  }

  /** Writes the length of `data` as a varint, then `data`. */
  blob(data: Uint8Array): void {
    this.varint(data.length);
    this.bytes(data);
  }

  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i));
  }

  /** Returns the bytes written since position `begin`. Valid until the next write. */
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
