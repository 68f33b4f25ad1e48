/** What a viewer chooses in one player holds in all of them: speed, captions and their style, the saving of data. */

import type MediaChromeMenu from "media-chrome/dist/menu/media-chrome-menu.js";
import type MediaChromeMenuItem from "media-chrome/dist/menu/media-chrome-menu-item.js";

import { find } from "../find";
import { applyCaptionStyle } from "./caption_style";
import { SPEEDS } from "./controls";
import { openDialog } from "./dialog";
import type { Playback } from "./playback";
import { prefer, preference, savesData } from "./preference";

export function showsCaptions(media: HTMLMediaElement): boolean {
  return [...media.textTracks].some((track) => track.mode === "showing" && track.kind !== "metadata");
}

/** Takes up what was chosen before, and keeps what is chosen now. */
export function keepChoices(playback: Playback): void {
  const { media } = playback;
  media.defaultPlaybackRate = media.playbackRate = preference().speed;
  // Shaka halts the clock (0) while it has nothing to play.
  media.addEventListener("ratechange", () => {
    if (!SPEEDS.includes(media.playbackRate)) return;
    media.defaultPlaybackRate = media.playbackRate;
    prefer({ speed: media.playbackRate });
  });
  media.textTracks.addEventListener("change", () => {
    if (playback.loads > 0) prefer({ captions: showsCaptions(media) });
  });
  applyCaptionStyle();
}

export function showKeys(): void {
  void openDialog(async () => (await import("./Keys")).Keys);
}

/** The entries of the settings menu that are ours. */
export function offerChoices(player: HTMLElement, playback: Playback): void {
  const saver = find<MediaChromeMenu>(".saver", player);
  const check = (): void => saver.querySelectorAll<MediaChromeMenuItem>("media-chrome-menu-item").forEach((item) => (item.checked = (item.value === "on") === savesData()));
  saver.addEventListener("change", () => {
    prefer({ saver: saver.value === "on" });
    playback.applySaver();
    check();
  });
  check();
  find(".keys-item", player).addEventListener("click", showKeys);
  find(".caption-style", player).addEventListener("click", () => void openDialog(async () => (await import("./CaptionStyles")).CaptionStyles));
}
