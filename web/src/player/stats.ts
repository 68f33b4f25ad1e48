/** How playback is going, for whoever measures it. */

import type { Fault } from "./fault";
import type { Playback } from "./playback";
import type { Protocol } from "./stream";

export interface PlayerStats {
  protocol: Protocol | null;
  growing: boolean;
  loads: number;
  stalls: number;
  faults: Fault[];
  rungs: string[];
  activeRung: string | null;
  videoHeight: number;
  currentTime: number;
  duration: number;
  decodedFrames: number;
  droppedFrames: number;
}

export function readStats(playback: Playback, duration: number): PlayerStats {
  const quality = playback.media.getVideoPlaybackQuality();
  return {
    protocol: playback.stream?.protocol ?? null,
    growing: playback.stream?.growing ?? false,
    loads: playback.loads,
    stalls: playback.stalls.count,
    faults: playback.faults,
    rungs: playback.rungs.map((rung) => rung.id),
    activeRung: playback.activeRung ?? null,
    videoHeight: playback.media.videoHeight,
    currentTime: playback.media.currentTime,
    duration,
    decodedFrames: quality.totalVideoFrames,
    droppedFrames: quality.droppedVideoFrames,
  };
}
