/** Choices that apply to all videos: speed, captions and their style, and saving data. */

import type MediaChromeMenu from "media-chrome/dist/menu/media-chrome-menu.js";
import type MediaChromeMenuItem from "media-chrome/dist/menu/media-chrome-menu-item.js";

import { getElement } from "../../part/get-element.ts";
import { preference, savesData, setPreference } from "../preference.ts";
import type { Playback } from "../stream/playback.ts";
import { applyCaptionStyle } from "./caption-style.ts";
import { openDialog } from "./dialog.ts";
import { SPEEDS } from "./speeds.ts";

export function showsCaptions(media: HTMLMediaElement): boolean {
  return [...media.textTracks].some(
    (track) => track.mode === "showing" && track.kind !== "metadata",
  );
}

/** Applies the stored choices to a playback, and stores changes. */
export function syncPreferences(playback: Playback): void {
  const { media } = playback;
  media.defaultPlaybackRate = media.playbackRate = preference().speed;
  // Shaka sets the rate to 0 while the buffer is empty.
  media.addEventListener("ratechange", () => {
    if (!SPEEDS.includes(media.playbackRate)) return;
    media.defaultPlaybackRate = media.playbackRate;
    setPreference({ speed: media.playbackRate });
  });
  media.textTracks.addEventListener("change", () => {
    if (playback.loads > 0) setPreference({ captions: showsCaptions(media) });
  });
  applyCaptionStyle();
}

export function showKeys(): void {
  void openDialog(async () => (await import("./Keys.tsx")).Keys);
}

/** Connects the entries that we add to media-chrome's settings menu. */
export function connectSettingsMenu(player: HTMLElement, playback: Playback): void {
  const saver = getElement<MediaChromeMenu>(".saver", player);
  const check = (): void => {
    for (const item of saver.querySelectorAll<MediaChromeMenuItem>("media-chrome-menu-item"))
      item.checked = (item.value === "on") === savesData();
  };
  saver.addEventListener("change", () => {
    setPreference({ saver: saver.value === "on" });
    playback.applySaver();
    check();
  });
  check();
  getElement(".keys-item", player).addEventListener("click", showKeys);
  getElement(".caption-style", player).addEventListener(
    "click",
    () => void openDialog(async () => (await import("./CaptionStyles.tsx")).CaptionStyles),
  );
}
