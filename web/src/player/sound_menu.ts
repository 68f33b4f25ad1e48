/** The menu of audio tracks; hidden where there is nothing to choose. */

import type MediaChromeMenu from "media-chrome/dist/menu/media-chrome-menu.js";
import { createIndicator, createMenuItem } from "media-chrome/dist/menu/media-chrome-menu.js";

import { find } from "../find";
import type { Playback } from "./playback";

export class SoundMenu {
  readonly #item: HTMLElement;
  readonly #menu: MediaChromeMenu;
  readonly #playback: Playback;
  #shown = "";

  constructor(player: HTMLElement, playback: Playback) {
    this.#playback = playback;
    this.#item = find(".sounds-item", player);
    this.#menu = find<MediaChromeMenu>(".sounds", player);
    this.#menu.addEventListener("change", () => {
      if (this.#menu.value !== "") playback.chooseSound(this.#menu.value);
    });
  }

  /** Shows what can be chosen now. */
  update(): void {
    const sounds = this.#playback.sounds;
    const shown = JSON.stringify(sounds);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#item.hidden = sounds.length < 2;
    const title = find("[slot=title]", this.#menu);
    const items = sounds.map(({ id, words, active }) => {
      const item = createMenuItem({ type: "radio", text: words, value: id, checked: active });
      item.prepend(createIndicator(this.#menu, "checked-indicator"));
      return item;
    });
    this.#menu.replaceChildren(title, ...items);
  }
}
