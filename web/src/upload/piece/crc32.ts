const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index << 24;
  for (let bit = 0; bit < 8; bit++)
    value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1;
  return value;
});

/**
 * Returns NUT's checksum: CRC-32 with the polynomial 04C11DB7, most significant bit first, initial
 * value 0.
 */
export function crc32(data: Uint8Array): number {
  let crc = 0;
  for (const byte of data) crc = (crc << 8) ^ (TABLE[(crc >>> 24) ^ byte] ?? 0);
  return crc >>> 0;
}
