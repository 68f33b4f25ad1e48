/**
 * Follows one video until it settles, by server-sent events. While these do not arrive, the video
 * is polled.
 */

import { Problem } from "./client.ts";
import { eventsUrl, getVideo, isSettled, type Video } from "./video.ts";

export interface Follower {
  onVideo(video: Video): void;
  /** The video does not exist or is not visible to the viewer. Following has ended. */
  onGone(problem: Problem): void;
}

const POLL_MS = 2000;

/** Starts to follow the video `id`. Returns a function that ends it. */
export function followVideo(id: string, follower: Follower): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  const end = (): void => {
    ended = true;
    source?.close();
    clearTimeout(timer);
  };
  const onVideo = (video: Video): void => {
    if (ended) return;
    follower.onVideo(video);
    if (isSettled(video)) end();
  };
  const onGone = (problem: Problem): void => {
    end();
    follower.onGone(problem);
  };
  const poll = async (): Promise<void> => {
    try {
      onVideo(await getVideo(id));
    } catch (error) {
      // Without an answer, or after a server error, we poll again. A refusal is final.
      if (
        error instanceof Problem &&
        error.status >= 400 &&
        error.status < 500 &&
        error.status !== 429
      )
        onGone(error);
    }
    if (ended) return;
    source ??= openEvents(id, onVideo, onGone, pollSoon);
    if (source.readyState !== EventSource.OPEN) pollSoon();
  };
  const pollSoon = (): void => {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(() => void poll(), POLL_MS);
  };

  void poll();
  return end;
}

/**
 * Opens the events of a video. EventSource reconnects by itself; until it has, `onTrouble` polls.
 */
function openEvents(
  id: string,
  onVideo: (video: Video) => void,
  onGone: (problem: Problem) => void,
  onTrouble: () => void,
): EventSource {
  const source = new EventSource(eventsUrl(id));
  source.addEventListener("error", onTrouble);
  source.addEventListener("video", (event) => onVideo(JSON.parse(event.data as string) as Video));
  source.addEventListener("gone", (event) => {
    const { code, message } = JSON.parse(event.data as string) as {
      code: string;
      message?: string;
    };
    onGone(new Problem(410, code, message ?? "This video is no longer available."));
  });
  return source;
}
