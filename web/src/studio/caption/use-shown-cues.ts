import { useEffect, useRef } from "preact/hooks";

import { type Cue, findCueError, readTime } from "./cue.ts";

const DRAW_MS = 150;
/**
 * Lines from below. The controls stay visible while the video is paused, and cues must not lie
 * under them.
 */
const ABOVE_CONTROLS = -5;

/** Shows the edited cues in the player instead of the saved captions. */
export function useShownCues(media: HTMLVideoElement | null, cues: readonly Cue[]): void {
  const track = useRef<TextTrack | null>(null);
  useEffect(() => {
    if (media === null) return;
    track.current ??= media.addTextTrack("subtitles", "", "");
    const own = track.current;
    const timer = window.setTimeout(() => {
      for (const other of media.textTracks) {
        if (other.kind === "subtitles" || other.kind === "captions")
          other.mode = other === own ? "showing" : "disabled";
      }
      for (const cue of [...(own.cues ?? [])]) own.removeCue(cue);
      for (const cue of cues) if (findCueError(cue) === null) own.addCue(makeVttCue(cue));
    }, DRAW_MS);
    return () => window.clearTimeout(timer);
  }, [media, cues]);
}

function makeVttCue(cue: Cue): VTTCue {
  const shown = new VTTCue(readTime(cue.start) ?? 0, readTime(cue.end) ?? 0, cue.text);
  shown.line = ABOVE_CONTROLS;
  return shown;
}
