import type { Video } from "../../api/video.ts";
import { getElement } from "../../part/get-element.ts";
import { formatPercent } from "../../text/format.ts";
import { describeReason } from "../../text/reason.ts";
import { words } from "../../text/watch/words.ts";
import type { Fault } from "../stream/fault.ts";

/**
 * Covers the player while there is nothing to show: the video is processed, failed or missing, or
 * playback stopped.
 */
export class Stage {
  readonly #root: HTMLElement;

  constructor(player: HTMLElement, onRetry: () => void) {
    this.#root = getElement(".stage", player);
    getElement(".stage-retry", this.#root).addEventListener("click", onRetry);
  }

  hide(): void {
    this.#root.hidden = true;
  }

  /** Shows the state of a video that is not playable. */
  showVideo(video: Video): void {
    const { title, detail } = wordsFor(video);
    const isPending =
      video.state === "created" || video.state === "uploading" || video.state === "processing";
    this.#show(
      title,
      video.notice === null ? detail : describeReason(video.notice),
      isPending ? video.progress : null,
      false,
    );
    this.#root.classList.toggle("waiting", isPending);
    const poster = getElement<HTMLImageElement>(".stage-poster", this.#root);
    poster.hidden = video.poster === null;
    if (video.poster !== null && poster.getAttribute("src") !== video.poster)
      poster.src = video.poster;
  }

  /** Shows a fault after which playback does not continue automatically. */
  showFault(fault: Fault): void {
    this.#root.classList.remove("waiting");
    this.#show(fault.message, fault.code, null, true);
  }

  /** Shows that the video does not exist, or is not visible to the viewer. */
  showMissing(status: number, code: string): void {
    this.#root.classList.remove("waiting");
    if (status === 401 || status === 403) this.#show(words.stage.forbidden, code, null, false);
    else this.#show(words.stage.missing, words.stage.missingHint, null, false);
  }

  #show(title: string, detail: string, progress: number | null, retry: boolean): void {
    this.#root.hidden = false;
    getElement(".stage-title", this.#root).textContent = title;
    getElement(".stage-detail", this.#root).textContent = detail;
    const bar = getElement<HTMLProgressElement>(".stage-progress", this.#root);
    bar.hidden = progress === null;
    bar.value = progress ?? 0;
    bar.setAttribute("aria-label", title);
    getElement(".stage-retry", this.#root).hidden = !retry;
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
      return {
        title: video.error === null ? stage.failed : describeReason(video.error),
        detail: video.error?.code ?? "",
      };
    case "deleted":
      return { title: stage.deleted, detail: "" };
    default:
      return { title: stage.processing, detail: stage.startsItself(formatPercent(video.progress)) };
  }
}
