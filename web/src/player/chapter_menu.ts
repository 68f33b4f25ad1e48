/** The current chapter's name in the bar, and the menu of all that it opens. */

import type MediaChromeMenu from "media-chrome/dist/menu/media-chrome-menu.js";
import type MediaChromeMenuItem from "media-chrome/dist/menu/media-chrome-menu-item.js";
import { createIndicator, createMenuItem } from "media-chrome/dist/menu/media-chrome-menu.js";

import { find } from "../find";
import { formatDuration } from "../text/format";
import { words } from "../text/watch/words";
import { chapterAt, type Chapter } from "./chapter";

export class ChapterMenu {
  readonly #button: HTMLElement;
  readonly #menu: MediaChromeMenu;
  #chapters: readonly Chapter[] = [];
  #shown: Chapter | undefined;

  constructor(player: HTMLElement, media: HTMLMediaElement, seekTo: (seconds: number) => void) {
    this.#button = find(".chapter", player);
    this.#menu = find<MediaChromeMenu>(".chapter-menu", player);
    this.#menu.addEventListener("change", () => seekTo(Number(this.#menu.value)));
    for (const type of ["timeupdate", "seeked"]) media.addEventListener(type, () => this.#follow(media.currentTime));
  }

  set chapters(chapters: readonly Chapter[]) {
    if (JSON.stringify(chapters) === JSON.stringify(this.#chapters)) return;
    this.#chapters = chapters;
    this.#button.hidden = chapters.length === 0;
    this.#menu.replaceChildren(...chapters.map((chapter) => this.#makeItem(chapter)));
    this.#follow(0);
  }

  #makeItem(chapter: Chapter): HTMLElement {
    const item = createMenuItem({ type: "radio", text: `${formatDuration(chapter.start_s)}  ${chapter.title}`, value: String(chapter.start_s), checked: false });
    item.prepend(createIndicator(this.#menu, "checked-indicator"));
    return item;
  }

  #follow(time_s: number): void {
    const now = chapterAt(this.#chapters, time_s);
    if (now === this.#shown || now === undefined) return;
    this.#shown = now;
    find(".chapter-title", this.#button).textContent = now.title;
    this.#button.setAttribute("aria-label", words.player.chapter(now.title));
    for (const item of this.#menu.querySelectorAll<MediaChromeMenuItem>("media-chrome-menu-item")) item.checked = item.value === String(now.start_s);
  }
}
