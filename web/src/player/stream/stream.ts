/** Decides which stream of a video is played. */

import type { Video } from "../../api/video.ts";

export type Protocol = "hls" | "dash";

export interface Stream {
  url: string;
  protocol: Protocol;
  /** True for an EVENT playlist that is still being written. */
  growing: boolean;
  /** Number of rungs that the stream should offer. */
  rungs: number;
}

/** Returns the protocol that the page's address requests (`?proto=hls`), or null. */
export function requestedProtocol(): Protocol | null {
  const name = new URLSearchParams(location.search).get("proto");
  return name === "hls" || name === "dash" ? name : null;
}

/**
 * Returns the stream to play, or null if nothing can be played yet.
 *
 * A growing video is always played by HLS: a dynamic MPD would start at the live edge instead of
 * the beginning.
 */
export function chooseStream(
  video: Video,
  requested: Protocol | null,
  isApple = navigator.vendor.startsWith("Apple"),
): Stream | null {
  const playback = video.playback;
  if (playback === null || (video.state !== "playable" && video.state !== "ready")) return null;
  const rungs = video.renditions.filter((rendition) => rendition.kind === "video").length;
  const growing = video.state !== "ready";
  const prefersHls = growing || (requested ?? (isApple ? "hls" : "dash")) === "hls";
  if (prefersHls || playback.dash === null)
    return { url: playback.hls, protocol: "hls", growing, rungs };
  return { url: playback.dash, protocol: "dash", growing, rungs };
}

/** Counts the rungs that an HLS multivariant playlist lists (RFC 8216, 4.3.4.2). */
export function countListedRungs(multivariant: string): number {
  const uris = new Set<string>();
  let isUriNext = false;
  for (const line of multivariant.split(/\r?\n/)) {
    if (line.startsWith("#EXT-X-STREAM-INF:")) isUriNext = true;
    else if (isUriNext && line !== "" && !line.startsWith("#")) {
      uris.add(line);
      isUriNext = false;
    }
  }
  return uris.size;
}
