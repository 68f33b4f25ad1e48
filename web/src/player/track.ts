/** Text tracks of a video as <track> elements: captions, and the storyboard that media-chrome shows over the seek bar. */

import type { Playback } from "../api/video";

/** Makes the media element carry exactly the tracks that `playback` names; those that stay are not touched. */
export function syncTracks(media: HTMLVideoElement, playback: Playback): void {
  const wanted = playback.captions.map((caption) => makeTrack("captions", caption.label, caption.url, caption.language ?? ""));
  if (playback.storyboard !== null) wanted.push(makeTrack("metadata", "thumbnails", playback.storyboard, ""));
  const present = [...media.querySelectorAll("track")];
  for (const track of present) {
    if (!wanted.some((other) => isSame(other, track))) track.remove();
  }
  for (const track of wanted) {
    if (!present.some((other) => isSame(other, track))) media.append(track);
  }
}

function makeTrack(kind: string, label: string, url: string, language: string): HTMLTrackElement {
  const track = document.createElement("track");
  track.kind = kind;
  track.label = label;
  track.src = url;
  if (language !== "") track.srclang = language;
  // Browsers fetch a metadata track only when it is the default one.
  track.default = kind === "metadata";
  return track;
}

function isSame(a: HTMLTrackElement, b: HTMLTrackElement): boolean {
  return a.kind === b.kind && a.label === b.label && a.src === b.src;
}
