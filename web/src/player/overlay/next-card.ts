import { formatDuration } from "../../text/format.ts";
import { words } from "../../text/watch/words.ts";
import { playsNext } from "../preference.ts";

const COUNTDOWN_S = 8;

export interface NextVideo {
  href: string;
  title: string;
  channel: string;
  poster: string | null;
  duration_s: number | null;
}

/**
 * The card that offers the next video at the end. It starts after a countdown if the viewer wants
 * autoplay.
 */
export class NextCard {
  readonly player: HTMLElement;
  readonly media: HTMLMediaElement;
  readonly next: NextVideo;
  #card: HTMLElement | null = null;
  #timer: number | undefined;

  constructor(player: HTMLElement, media: HTMLMediaElement, next: NextVideo) {
    this.player = player;
    this.media = media;
    this.next = next;
    media.addEventListener("ended", () => this.show());
    for (const type of ["play", "seeking"]) media.addEventListener(type, () => this.hide());
  }

  play(): void {
    location.assign(this.next.href);
  }

  show(): void {
    if (this.media.loop || this.#card !== null) return;
    this.#card = this.#make();
    this.player.append(this.#card);
    if (playsNext()) this.#countDown(COUNTDOWN_S);
  }

  hide(): void {
    window.clearTimeout(this.#timer);
    this.#card?.remove();
    this.#card = null;
  }

  #countDown(left: number): void {
    const title = this.#card?.querySelector(".next-title");
    if (title == null) return;
    if (left === 0) {
      this.play();
      return;
    }
    title.textContent = words.next.inS(left);
    this.#timer = window.setTimeout(() => this.#countDown(left - 1), 1000);
  }

  #make(): HTMLElement {
    const { next } = this;
    const card = document.createElement("div");
    card.className = "next";
    card.setAttribute("role", "group");
    card.setAttribute("aria-label", words.next.title);
    const picture = document.createElement("img");
    picture.className = "next-picture";
    picture.alt = "";
    picture.hidden = next.poster === null;
    if (next.poster !== null) picture.src = next.poster;
    const go = document.createElement("a");
    go.className = "button button-main";
    go.href = next.href;
    go.textContent = words.next.play;
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.className = "button next-cancel";
    cancel.textContent = words.next.cancel;
    cancel.addEventListener("click", () => this.hide());
    const actions = makePart("next-actions", "");
    actions.append(cancel, go);
    const facts = [
      next.channel,
      ...(next.duration_s === null ? [] : [formatDuration(next.duration_s)]),
    ].join(" · ");
    card.append(
      makePart("next-title", words.next.title),
      picture,
      makePart("next-name", next.title),
      makePart("next-facts", facts),
      actions,
    );
    return card;
  }
}

function makePart(className: string, text: string): HTMLElement {
  const part = document.createElement("div");
  part.className = className;
  part.textContent = text;
  return part;
}
