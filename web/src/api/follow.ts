/** Follows one video until it settles: server-sent events, and polling for as long as those do not come through. */

import { ApiError, eventsUrl, getVideo, isSettled, type Video } from "./video";

export interface Follower {
  onVideo(video: Video): void;
  /** The video does not exist or may not be seen: following has ended. */
  onGone(error: ApiError): void;
}

const POLL_MS = 2000;

/** Starts following `id`; the returned function ends it. */
export function followVideo(id: string, follower: Follower): () => void {
  const source = new EventSource(eventsUrl(id));
  let timer: number | undefined;
  let ended = false;

  const end = (): void => {
    ended = true;
    source.close();
    window.clearTimeout(timer);
  };
  const take = (video: Video): void => {
    if (ended) return;
    follower.onVideo(video);
    if (isSettled(video)) end();
  };
  const poll = async (): Promise<void> => {
    try {
      take(await getVideo(id));
    } catch (error) {
      // No answer or a server in trouble: asked again. A refusal is final.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        end();
        follower.onGone(error);
      }
    }
    if (!ended && source.readyState !== EventSource.OPEN) timer = window.setTimeout(() => void poll(), POLL_MS);
  };

  source.addEventListener("open", () => window.clearTimeout(timer));
  source.addEventListener("error", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => void poll(), POLL_MS);
  });
  source.addEventListener("video", (event) => take(JSON.parse(event.data as string) as Video));
  void poll();
  return end;
}
