/**
 * SHA-256 as lower-case hex. Pages over plain HTTP have no SubtleCrypto, so there is an
 * implementation of our own.
 */

/** Hashes bytes, with the browser's implementation if the page has it. */
export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle as SubtleCrypto | undefined;
  return hex(
    subtle === undefined ? digest(data) : new Uint8Array(await subtle.digest("SHA-256", data)),
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Returns the first 32 bits of the fractional part. */
const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32);
const PRIMES = Array.from({ length: 310 }, (_, i) => i + 2).filter(
  (n) => ![2, 3, 5, 7, 11, 13, 17].some((p) => n > p && n % p === 0),
);
const ROUNDS = Int32Array.from(PRIMES.slice(0, 64), (prime) => fraction(Math.cbrt(prime)) | 0);
const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** Computes SHA-256 (FIPS 180-4) without the browser. */
export function digest(data: Uint8Array): Uint8Array {
  const state = START.slice();
  const words = new Int32Array(64);
  const whole = data.length - (data.length % 64);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < whole; at += 64) mixBlock(state, words, view, at);
  const left = data.length - whole;
  const tail = new Uint8Array(left < 56 ? 64 : 128);
  tail.set(data.subarray(whole));
  tail[left] = 0x80;
  const end = new DataView(tail.buffer);
  end.setBigUint64(tail.length - 8, BigInt(data.length) * 8n);
  for (let at = 0; at < tail.length; at += 64) mixBlock(state, words, end, at);
  const out = new DataView(new ArrayBuffer(32));
  for (const [i, word] of state.entries()) out.setUint32(i * 4, word);
  return new Uint8Array(out.buffer);
}

/**
 * The message schedule and the 64 rounds of one block (FIPS 180-4, 6.2.2), with the standard's
 * letters.
 */
function mixBlock(state: Uint32Array, words: Int32Array, view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + i * 4);
  for (let i = 16; i < 64; i++) {
    const x = words[i - 15] as number;
    const y = words[i - 2] as number;
    const sigma0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const sigma1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[i] = ((words[i - 16] as number) + sigma0 + (words[i - 7] as number) + sigma1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = Array.from(state, (word) => word | 0) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < 64; i++) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + sum1 + ((e & f) ^ (~e & g)) + (ROUNDS[i] as number) + (words[i] as number)) | 0;
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  for (const [i, value] of [a, b, c, d, e, f, g, h].entries())
    state[i] = (state[i] as number) + value;
}
