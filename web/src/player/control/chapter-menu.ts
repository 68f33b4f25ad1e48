import type MediaChromeMenu from "media-chrome/dist/menu/media-chrome-menu.js";
import { createIndicator, createMenuItem } from "media-chrome/dist/menu/media-chrome-menu.js";
import type MediaChromeMenuItem from "media-chrome/dist/menu/media-chrome-menu-item.js";

import { getElement } from "../../part/get-element.ts";
import { formatDuration } from "../../text/format.ts";
import { words } from "../../text/watch/words.ts";
import { type Chapter, chapterAt } from "./chapter.ts";

/** The name of the current chapter in the control bar, which opens a menu of all chapters. */
export class ChapterMenu {
  readonly #button: HTMLElement;
  readonly #menu: MediaChromeMenu;
  #chapters: readonly Chapter[] = [];
  #shown: Chapter | undefined;

  constructor(player: HTMLElement, media: HTMLMediaElement, seekTo: (seconds: number) => void) {
    this.#button = getElement(".chapter", player);
    this.#menu = getElement<MediaChromeMenu>(".chapter-menu", player);
    this.#menu.addEventListener("change", () => seekTo(Number(this.#menu.value)));
    for (const type of ["timeupdate", "seeked"])
      media.addEventListener(type, () => this.#update(media.currentTime));
  }

  set chapters(chapters: readonly Chapter[]) {
    if (JSON.stringify(chapters) === JSON.stringify(this.#chapters)) return;
    this.#chapters = chapters;
    this.#button.hidden = chapters.length === 0;
    this.#menu.replaceChildren(...chapters.map((chapter) => this.#makeItem(chapter)));
    this.#update(0);
  }

  #makeItem(chapter: Chapter): HTMLElement {
    const item = createMenuItem({
      type: "radio",
      text: `${formatDuration(chapter.start_s)}  ${chapter.title}`,
      value: String(chapter.start_s),
      checked: false,
    });
    item.prepend(createIndicator(this.#menu, "checked-indicator"));
    return item;
  }

  #update(time_s: number): void {
    const chapter = chapterAt(this.#chapters, time_s);
    if (chapter === this.#shown || chapter === undefined) return;
    this.#shown = chapter;
    getElement(".chapter-title", this.#button).textContent = chapter.title;
    this.#button.setAttribute("aria-label", words.player.chapter(chapter.title));
    for (const item of this.#menu.querySelectorAll<MediaChromeMenuItem>("media-chrome-menu-item"))
      item.checked = item.value === String(chapter.start_s);
  }
}
