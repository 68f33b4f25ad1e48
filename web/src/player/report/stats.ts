import type { Fault } from "../stream/fault.ts";
import type { Playback } from "../stream/playback.ts";
import type { Protocol } from "../stream/stream.ts";

/** Figures of a playback, for tests and measurements. */
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
