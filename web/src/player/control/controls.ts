/**
 * The controls of a player. They load after the first frame has been decoded, since their elements
 * take longer to build than a first frame takes to appear.
 */

import type MediaController from "media-chrome/dist/media-controller.js";

import { getElement } from "../../part/get-element.ts";
import type { Playback } from "../stream/playback.ts";
import { AudioMenu } from "./audio-menu.ts";
import { ChapterMenu } from "./chapter-menu.ts";
import type { Facts } from "./facts.ts";
import { CONTROL_PARTS } from "./markup.ts";
import { makeStore } from "./media-store.ts";
import { connectSettingsMenu } from "./settings-menu.ts";

interface Player extends HTMLElement {
  readonly media: HTMLVideoElement;
  readonly playback: Playback;
  seekTo(seconds: number): void;
}

/** What the controls show of a video. */
export interface ShownVideo {
  isGrowing: boolean;
  hasCaptions: boolean;
}

export class Controls {
  readonly #player: Player;
  readonly #audioMenu: AudioMenu;
  readonly #chapterMenu: ChapterMenu;
  readonly #facts: Facts;

  private constructor(player: Player, facts: Facts) {
    this.#player = player;
    this.#facts = facts;
    this.#audioMenu = new AudioMenu(player, player.playback);
    this.#chapterMenu = new ChapterMenu(player, player.media, (seconds) => player.seekTo(seconds));
    // media-chrome gives the button aria-checked, which needs the role of a switch.
    getElement("media-captions-button", player).role = "switch";
    connectSettingsMenu(player, player.playback);
    const controller = getElement<MediaController & HTMLElement>("media-controller", player);
    controller.fullscreenElement = player;
    controller.mediaStore = makeStore(player.media, player, facts);
  }

  /** Builds the controls in slices, between which the browser can do other work. */
  static async open(player: Player, facts: Facts): Promise<Controls> {
    const controller = getElement("media-controller", player);
    for (const part of CONTROL_PARTS) {
      await yieldToBrowser();
      controller.insertAdjacentHTML("beforeend", part);
    }
    await yieldToBrowser();
    const controls = new Controls(player, facts);
    await yieldToBrowser(); // media-chrome's store reads the state of the media element in a later task
    return controls;
  }

  showVideo({ isGrowing, hasCaptions }: ShownVideo): void {
    this.#chapterMenu.chapters = this.#facts.chapters();
    getElement(".growing", this.#player).hidden = !isGrowing;
    for (const item of this.#player.querySelectorAll<HTMLElement>(".captions-item"))
      item.hidden = !hasCaptions;
  }

  showAudioTracks(): void {
    this.#audioMenu.update();
  }
}

function yieldToBrowser(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
