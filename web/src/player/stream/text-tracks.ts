import type { Playback } from "../../api/video.ts";

/**
 * Makes the media element have exactly the <track> elements of `playback`: its captions, and the
 * storyboard that media-chrome shows over the seek bar. Tracks that stay are not changed.
 */
export function syncTextTracks(media: HTMLVideoElement, playback: Playback): void {
  const wanted = playback.captions.map((caption) =>
    makeTrack("captions", caption.label, caption.url, caption.language ?? ""),
  );
  if (playback.storyboard !== null)
    wanted.push(makeTrack("metadata", "thumbnails", playback.storyboard, ""));
  const existing = [...media.querySelectorAll("track")];
  for (const track of existing) {
    if (!wanted.some((other) => isSame(other, track))) track.remove();
  }
  for (const track of wanted) {
    if (!existing.some((other) => isSame(other, track))) media.append(track);
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
