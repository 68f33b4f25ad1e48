/** True if the engine of a user agent ignores edit lists. Apple's own engine does not. */
export function ignoresEditLists(userAgent: string): boolean {
  return /AppleWebKit/.test(userAgent) && !/Chrom|Macintosh|iPhone|iPad/.test(userAgent);
}
