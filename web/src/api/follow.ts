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
  let source: EventSource | null = null;
  let timer: number | undefined;
  let ended = false;

  const end = (): void => {
    ended = true;
    source?.close();
    window.clearTimeout(timer);
  };
  const take = (video: Video): void => {
    if (ended) return;
    follower.onVideo(video);
    if (isSettled(video)) end();
  };
  const leave = (error: ApiError): void => {
    end();
    follower.onGone(error);
  };
  const poll = async (): Promise<void> => {
    try {
      take(await getVideo(id));
    } catch (error) {
      // No answer or a server in trouble: asked again. A refusal is final.
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) leave(error);
    }
    if (ended) return;
    source ??= listen(id, take, leave, pollSoon);
    if (source.readyState !== EventSource.OPEN) pollSoon();
  };
  const pollSoon = (): void => {
    window.clearTimeout(timer);
    if (!ended) timer = window.setTimeout(() => void poll(), POLL_MS);
  };

  void poll();
  return end;
}

/** Opens the events of a video. EventSource connects again by itself; until it has, polling stands in for it. */
function listen(id: string, take: (video: Video) => void, leave: (error: ApiError) => void, onTrouble: () => void): EventSource {
  const source = new EventSource(eventsUrl(id));
  source.addEventListener("error", onTrouble);
  source.addEventListener("video", (event) => take(JSON.parse(event.data as string) as Video));
  source.addEventListener("gone", (event) => {
    const problem = JSON.parse(event.data as string) as { code: string; message?: string };
    leave(new ApiError(410, problem.code, problem.message ?? "This video is gone."));
  });
  return source;
}
