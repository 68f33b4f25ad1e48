/** Shows cues in the picture as they are now, instead of the tracks that are saved. */

import { useEffect, useRef } from "preact/hooks";

import { findSlip, readTime, type Cue } from "./cue";

const DRAW_MS = 150;
/** Lines from below: who writes looks at a paused picture, where the controls stay. */
const ABOVE_CONTROLS = -5;

export function useShownCues(media: HTMLVideoElement | null, cues: readonly Cue[]): void {
  const track = useRef<TextTrack | null>(null);
  useEffect(() => {
    if (media === null) return;
    const own = (track.current ??= media.addTextTrack("subtitles", "", ""));
    const timer = window.setTimeout(() => {
      for (const other of media.textTracks) if (other.kind === "subtitles" || other.kind === "captions") other.mode = other === own ? "showing" : "disabled";
      for (const cue of [...(own.cues ?? [])]) own.removeCue(cue);
      for (const cue of cues) if (findSlip(cue) === null) own.addCue(makeShown(cue));
    }, DRAW_MS);
    return () => window.clearTimeout(timer);
  }, [media, cues]);
}

function makeShown(cue: Cue): VTTCue {
  const shown = new VTTCue(readTime(cue.start) ?? 0, readTime(cue.end) ?? 0, cue.text);
  shown.line = ABOVE_CONTROLS;
  return shown;
}
