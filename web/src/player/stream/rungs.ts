/** The rungs that a viewer can choose from, by Shaka's variants. */

import type shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

export interface Rung {
  id: string;
  width: number;
  height: number;
  bitrate: number;
  frameRate: number;
}

/**
 * Seconds of the old rung that stay in the buffer after a manual choice: the switch is visible
 * soon, and playback does not stall.
 */
const BUFFER_KEPT_S = 3;

/**
 * Lists the rungs of the loaded stream, largest first. Variants that differ only in their audio
 * track count once.
 */
export function listRungs(player: shaka.Player): Rung[] {
  const rungs = new Map<string, Rung>();
  for (const track of player.getVariantTracks()) {
    if (track.height === null || track.width === null) continue;
    const rung = {
      id: rungId(track),
      width: track.width,
      height: track.height,
      bitrate: track.videoBandwidth ?? track.bandwidth,
      frameRate: track.frameRate ?? 0,
    };
    if (!rungs.has(rung.id)) rungs.set(rung.id, rung);
  }
  return [...rungs.values()].sort((a, b) => b.height - a.height || b.bitrate - a.bitrate);
}

/** Returns the id of the rung that is fetched now. */
export function activeRung(player: shaka.Player): string | undefined {
  const active = player.getVariantTracks().find((track) => track.active);
  return active === undefined ? undefined : rungId(active);
}

/** Plays only the rung `id`. null: the bandwidth estimate chooses the rung again. */
export function chooseRung(player: shaka.Player, id: string | null): void {
  if (id === null) {
    player.configure("abr.enabled", true);
    return;
  }
  const tracks = player.getVariantTracks();
  const audioId = tracks.find((track) => track.active)?.audioId;
  const candidates = tracks.filter((track) => rungId(track) === id);
  const track = candidates.find((candidate) => candidate.audioId === audioId) ?? candidates[0];
  if (track === undefined) return;
  player.configure("abr.enabled", false);
  if (!track.active) player.selectVariantTrack(track, true, BUFFER_KEPT_S);
}

/** Unlike Shaka's track ids, this id stays the same when the stream changes. */
function rungId(track: shaka.extern.Track): string {
  return `${track.width}x${track.height}`;
}
