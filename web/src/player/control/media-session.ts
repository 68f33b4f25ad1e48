/** Connects the player to the system's media controls (Media Session API). */

import type { Video } from "../../api/video.ts";

export interface SessionTarget {
  readonly player: { readonly media: HTMLVideoElement; seekTo(seconds: number): void };
  seekBy(seconds: number): void;
  togglePlay(): void;
}

/** Shows the video in the system's media controls. onNext: null if no video follows. */
export function updateMediaSession(
  video: Video,
  target: SessionTarget,
  onNext: (() => void) | null,
): void {
  if (!("mediaSession" in navigator)) return;
  const session = navigator.mediaSession;
  const artwork =
    video.poster === null
      ? []
      : [{ src: new URL(video.poster, location.href).href, type: "image/jpeg" }];
  session.metadata = new MediaMetadata({
    title: video.title,
    artist: video.channel.display_name,
    album: "Yeoul",
    artwork,
  });
  const actions: Partial<Record<MediaSessionAction, MediaSessionActionHandler | null>> = {
    play: () => target.player.media.paused && target.togglePlay(),
    pause: () => !target.player.media.paused && target.togglePlay(),
    seekbackward: (details) => target.seekBy(-(details.seekOffset ?? 10)),
    seekforward: (details) => target.seekBy(details.seekOffset ?? 10),
    seekto: (details) => details.seekTime !== undefined && target.player.seekTo(details.seekTime),
    nexttrack: onNext,
  };
  for (const [action, handler] of Object.entries(actions)) {
    try {
      session.setActionHandler(action as MediaSessionAction, handler);
    } catch {
      // The browser does not support the action.
    }
  }
}
