/** What stands in the player's place while there is no picture to show: waiting, failed, stopped. */

import { formatPercent } from "../text/format";
import { sayReason } from "../text/reason";
import { words } from "../text/watch/words";
import type { Video } from "../api/video";
import { find } from "../find";
import type { Fault } from "./fault";

export class Stage {
  readonly #root: HTMLElement;

  constructor(player: HTMLElement, onRetry: () => void) {
    this.#root = find(".stage", player);
    find(".stage-retry", this.#root).addEventListener("click", onRetry);
  }

  hide(): void {
    this.#root.hidden = true;
  }

  /** The video is not playable yet, or never will be. */
  showVideo(video: Video): void {
    const { title, detail } = wordsFor(video);
    const waiting = video.state === "created" || video.state === "uploading" || video.state === "processing";
    this.#show(title, video.notice === null ? detail : sayReason(video.notice), waiting ? video.progress : null, false);
    this.#root.classList.toggle("waiting", waiting);
    const poster = find<HTMLImageElement>(".stage-poster", this.#root);
    poster.hidden = video.poster === null;
    if (video.poster !== null && poster.getAttribute("src") !== video.poster) poster.src = video.poster;
  }

  /** Playback stopped and does not go on by itself. */
  showFault(fault: Fault): void {
    this.#root.classList.remove("waiting");
    this.#show(fault.message, fault.code, null, true);
  }

  /** There is no such video, or it may not be seen. */
  showMissing(status: number, code: string): void {
    this.#root.classList.remove("waiting");
    if (status === 401 || status === 403) this.#show(words.stage.forbidden, code, null, false);
    else this.#show(words.stage.missing, words.stage.missingHint, null, false);
  }

  #show(title: string, detail: string, progress: number | null, retry: boolean): void {
    this.#root.hidden = false;
    find(".stage-title", this.#root).textContent = title;
    find(".stage-detail", this.#root).textContent = detail;
    const bar = find<HTMLProgressElement>(".stage-progress", this.#root);
    bar.hidden = progress === null;
    bar.value = progress ?? 0;
    bar.setAttribute("aria-label", title);
    find(".stage-retry", this.#root).hidden = !retry;
  }
}

function wordsFor(video: Video): { title: string; detail: string } {
  const { stage } = words;
  switch (video.state) {
    case "created":
      return { title: stage.created, detail: stage.createdHint };
    case "uploading":
      return { title: stage.uploading, detail: stage.startsItself(formatPercent(video.progress)) };
    case "failed":
      return { title: video.error === null ? stage.failed : sayReason(video.error), detail: video.error?.code ?? "" };
    case "deleted":
      return { title: stage.deleted, detail: "" };
    default:
      return { title: stage.processing, detail: stage.startsItself(formatPercent(video.progress)) };
  }
}
