/** The kinds of a stream's tracks, in Shaka's words. */
export type TrackKind = "audio" | "video";

/**
 * Returns the tracks whose edit lists the engine of a user agent misreads. WebKit on GStreamer
 * ignores edit lists; Apple's own engine does not. Firefox takes the edit list of an audio track as
 * the encoder's delay, too, and plays the sound late by it.
 */
export function misreadTracks(userAgent: string): readonly TrackKind[] {
  if (/Firefox/.test(userAgent)) return ["audio"];
  const isGStreamer =
    /AppleWebKit/.test(userAgent) && !/Chrom|Macintosh|iPhone|iPad/.test(userAgent);
  return isGStreamer ? ["audio", "video"] : [];
}
