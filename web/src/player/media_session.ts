/** What the system shows of the video, and its keys (Media Session API). */

import type { Video } from "../api/video";

export interface SessionTarget {
  readonly player: { readonly media: HTMLVideoElement; seekTo(seconds: number): void };
  seekBy(seconds: number): void;
  togglePlay(): void;
}

export function tellSystem(video: Video, target: SessionTarget, onNext: (() => void) | null): void {
  if (!("mediaSession" in navigator)) return;
  const session = navigator.mediaSession;
  const artwork = video.poster === null ? [] : [{ src: new URL(video.poster, location.href).href, type: "image/jpeg" }];
  session.metadata = new MediaMetadata({ title: video.title, artist: video.channel.display_name, album: "Yeoul", artwork });
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
      // This browser does not know the action.
    }
  }
}
