/** Which stream of a video is played. */

import type { Video } from "../api/video";

export type Protocol = "hls" | "dash";

/** growing: an EVENT playlist that is still being written; rungs: video renditions it should offer. */
export interface Stream {
  url: string;
  protocol: Protocol;
  growing: boolean;
  rungs: number;
}

/** The wish of the page's address, `?proto=hls`; null takes what suits the browser. */
export function wantedProtocol(): Protocol | null {
  const wish = new URLSearchParams(location.search).get("proto");
  return wish === "hls" || wish === "dash" ? wish : null;
}

/**
 * Chooses the stream, or null when there is nothing to play yet.
 *
 * While a video grows only HLS can be followed from its start: a dynamic MPD begins at the live edge.
 */
export function chooseStream(video: Video, wanted: Protocol | null, appleDevice = navigator.vendor.startsWith("Apple")): Stream | null {
  const playback = video.playback;
  if (playback === null || (video.state !== "playable" && video.state !== "ready")) return null;
  const rungs = video.renditions.filter((rendition) => rendition.kind === "video").length;
  const growing = video.state !== "ready";
  const prefersHls = growing || (wanted ?? (appleDevice ? "hls" : "dash")) === "hls";
  if (prefersHls || playback.dash === null) return { url: playback.hls, protocol: "hls", growing, rungs };
  return { url: playback.dash, protocol: "dash", growing, rungs };
}

/** Number of rungs that an HLS multivariant playlist lists (RFC 8216, 4.3.4.2). */
export function countListedRungs(multivariant: string): number {
  const uris = new Set<string>();
  let follows = false;
  for (const line of multivariant.split(/\r?\n/)) {
    if (line.startsWith("#EXT-X-STREAM-INF:")) follows = true;
    else if (follows && line !== "" && !line.startsWith("#")) {
      uris.add(line);
      follows = false;
    }
  }
  return uris.size;
}
