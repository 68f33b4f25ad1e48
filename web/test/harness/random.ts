/** Random values for properties. The same seed always gives the same values. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Returns a number from 0 to 1, without 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Returns a whole number from `from` to `to`, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.int(0, 255));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.int(0, values.length - 1)] as T;
  }

  text(letters: string, maxLength: number): string {
    return Array.from({ length: this.int(0, maxLength) }, () => this.pick([...letters])).join("");
  }
}

/** Checks a property with many random values. A failure names the seed that repeats it. */
export function forAll(count: number, check: (random: Random) => void): void {
  for (let seed = 1; seed <= count; seed += 1) {
    try {
      check(new Random(seed));
    } catch (error) {
      throw new Error(`the property does not hold for seed ${seed}: ${String(error)}`, {
        cause: error,
      });
    }
  }
}
