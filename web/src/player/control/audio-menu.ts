import type MediaChromeMenu from "media-chrome/dist/menu/media-chrome-menu.js";
import { createIndicator, createMenuItem } from "media-chrome/dist/menu/media-chrome-menu.js";

import { getElement } from "../../part/get-element.ts";
import type { Playback } from "../stream/playback.ts";

/** The menu of audio tracks. Hidden if there is only one. */
export class AudioMenu {
  readonly #item: HTMLElement;
  readonly #menu: MediaChromeMenu;
  readonly #playback: Playback;
  #shown = "";

  constructor(player: HTMLElement, playback: Playback) {
    this.#playback = playback;
    this.#item = getElement(".sounds-item", player);
    this.#menu = getElement<MediaChromeMenu>(".sounds", player);
    this.#menu.addEventListener("change", () => {
      if (this.#menu.value !== "") playback.chooseAudioTrack(this.#menu.value);
    });
  }

  /** Updates the menu to the tracks of the stream. */
  update(): void {
    const tracks = this.#playback.audioTracks;
    const shown = JSON.stringify(tracks);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#item.hidden = tracks.length < 2;
    const title = getElement("[slot=title]", this.#menu);
    const items = tracks.map(({ id, words, active }) => {
      const item = createMenuItem({ type: "radio", text: words, value: id, checked: active });
      item.prepend(createIndicator(this.#menu, "checked-indicator"));
      return item;
    });
    this.#menu.replaceChildren(title, ...items);
  }
}
