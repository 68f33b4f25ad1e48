/** Writes bits, most significant first: the counterpart of BitReader. */
export class BitWriter {
  #bits = "";

  /** Appends bits that are written as text. */
  code(bits: string): this {
    this.#bits += bits;
    return this;
  }

  bits(value: number, count: number): this {
    return this.code(value.toString(2).padStart(count, "0").slice(-count));
  }

  flag(value: boolean): this {
    return this.code(value ? "1" : "0");
  }

  /** Appends an unsigned Exp-Golomb code. */
  unsigned(value: number): this {
    const binary = (value + 1).toString(2);
    return this.code("0".repeat(binary.length - 1) + binary);
  }

  /** Appends a signed Exp-Golomb code. */
  signed(value: number): this {
    return this.unsigned(value > 0 ? 2 * value - 1 : -2 * value);
  }

  /** Returns all bits, filled up with zeros to whole bytes. */
  bytes(): Uint8Array<ArrayBuffer> {
    const count = Math.ceil(this.#bits.length / 8);
    const padded = this.#bits.padEnd(count * 8, "0");
    return Uint8Array.from({ length: count }, (_, i) =>
      Number.parseInt(padded.slice(i * 8, i * 8 + 8), 2),
    );
  }
}
