/** The rungs that a viewer can choose from, as Shaka's variants have them. */

import type shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

export interface Rung {
  id: string;
  width: number;
  height: number;
  bitrate: number;
  frameRate: number;
}

/** Seconds of the old rung that are kept when one is chosen by hand, so that the switch shows soon and nothing stops. */
const KEPT_S = 3;

/** All rungs of the loaded stream, the largest first. Variants that differ only in their sound count once. */
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

/** Id of the rung that is being fetched now. */
export function activeRung(player: shaka.Player): string | undefined {
  const active = player.getVariantTracks().find((track) => track.active);
  return active === undefined ? undefined : rungId(active);
}

/** Plays only the rung `id`, or leaves the choice to the bandwidth estimate again when `id` is null. */
export function chooseRung(player: shaka.Player, id: string | null): void {
  if (id === null) {
    player.configure("abr.enabled", true);
    return;
  }
  const tracks = player.getVariantTracks();
  const heard = tracks.find((track) => track.active)?.audioId;
  const same = tracks.filter((track) => rungId(track) === id);
  const track = same.find((candidate) => candidate.audioId === heard) ?? same[0];
  if (track === undefined) return;
  player.configure("abr.enabled", false);
  if (!track.active) player.selectVariantTrack(track, true, KEPT_S);
}

// Not Shaka's own track id: a choice has to survive a change of stream, where ids are given anew.
function rungId(track: shaka.extern.Track): string {
  return `${track.width}x${track.height}`;
}
