/** The markup of the controls: media-chrome's elements. */

import "../../text/watch/controls.ts";
import "media-chrome/dist/media-controller.js";
import "media-chrome/dist/media-control-bar.js";
import "media-chrome/dist/media-play-button.js";
import "media-chrome/dist/media-mute-button.js";
import "media-chrome/dist/media-volume-range.js";
import "media-chrome/dist/media-time-range.js";
import "media-chrome/dist/media-time-display.js";
import "media-chrome/dist/media-captions-button.js";
import "media-chrome/dist/media-pip-button.js";
import "media-chrome/dist/media-fullscreen-button.js";
import "media-chrome/dist/media-loading-indicator.js";
import "media-chrome/dist/menu/media-chrome-menu.js";
import "media-chrome/dist/menu/media-chrome-menu-button.js";
import "media-chrome/dist/menu/media-chrome-menu-item.js";
import "media-chrome/dist/menu/media-settings-menu.js";
import "media-chrome/dist/menu/media-settings-menu-button.js";
import "media-chrome/dist/menu/media-settings-menu-item.js";
import "media-chrome/dist/menu/media-rendition-menu.js";
import "media-chrome/dist/menu/media-playback-rate-menu.js";
import "media-chrome/dist/menu/media-captions-menu.js";

import { words } from "../../text/watch/words.ts";
import { SPEEDS } from "./speeds.ts";

const GEAR =
  "M10.3 2h3.4l.5 2.6a7.6 7.6 0 0 1 2 1.2l2.6-.9 1.7 3-2.1 1.8a7.6 7.6 0 0 1 0 2.4l2.1 1.8-1.7 3-2.6-.9a7.6 7.6 0 0 1-2 1.2l-.5 2.6h-3.4" +
  "l-.5-2.6a7.6 7.6 0 0 1-2-1.2l-2.6.9-1.7-3 2.1-1.8a7.6 7.6 0 0 1 0-2.4L3.5 7.9l1.7-3 2.6.9a7.6 7.6 0 0 1 2-1.2zM12 7.6a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6z";

/**
 * Each part is inserted by itself, so that no task of the browser becomes long. Constant: text
 * written by users must never be inserted here.
 */
export const CONTROL_PARTS = [
  `<media-play-button slot="centered-chrome" class="big-play" notooltip></media-play-button>`,
  `<media-settings-menu anchor="auto" hidden>
    <media-settings-menu-item>
      ${words.player.quality}
      <media-rendition-menu slot="submenu" hidden><div slot="title">${words.player.quality}</div></media-rendition-menu>
    </media-settings-menu-item>
    <media-settings-menu-item>
      ${words.player.saver}
      <media-chrome-menu slot="submenu" class="saver" hidden>
        <div slot="title">${words.player.saver}</div>
        <media-chrome-menu-item type="radio" value="off">${words.player.saverOff}</media-chrome-menu-item>
        <media-chrome-menu-item type="radio" value="on">${words.player.saverOn}</media-chrome-menu-item>
      </media-chrome-menu>
    </media-settings-menu-item>
    <media-settings-menu-item>
      ${words.player.speed}
      <media-playback-rate-menu slot="submenu" rates="${SPEEDS.join(" ")}" hidden><div slot="title">${words.player.speed}</div></media-playback-rate-menu>
    </media-settings-menu-item>
    <media-settings-menu-item class="sounds-item" hidden>
      ${words.player.audio}
      <media-chrome-menu slot="submenu" class="sounds" hidden><div slot="title">${words.player.audio}</div></media-chrome-menu>
    </media-settings-menu-item>
    <media-settings-menu-item class="captions-item">
      ${words.player.captions}
      <media-captions-menu slot="submenu" hidden><div slot="title">${words.player.captions}</div></media-captions-menu>
    </media-settings-menu-item>
    <media-chrome-menu-item class="captions-item caption-style">${words.player.captionStyle}</media-chrome-menu-item>
    <media-chrome-menu-item class="keys-item">${words.keys.title}</media-chrome-menu-item>
  </media-settings-menu>
  <media-chrome-menu id="chapter-menu" class="chapter-menu" anchor="chapter-button" hidden></media-chrome-menu>`,
  `<div class="bar">
    <media-time-range class="seek"></media-time-range>
    <media-control-bar class="buttons">
      <media-play-button></media-play-button>
      <media-mute-button></media-mute-button>
      <media-volume-range></media-volume-range>
      <media-time-display showduration notoggle></media-time-display>
      <media-chrome-menu-button id="chapter-button" class="chapter" invoketarget="chapter-menu" notooltip hidden><span class="chapter-title"></span></media-chrome-menu-button>
      <span class="growing" hidden>${words.player.growing}</span>
      <span class="gap"></span>
      <media-captions-button></media-captions-button>
      <media-settings-menu-button>
        <svg slot="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="${GEAR}"/></svg>
      </media-settings-menu-button>
      <media-pip-button></media-pip-button>
      <media-fullscreen-button></media-fullscreen-button>
    </media-control-bar>
  </div>`,
];
