/** The player's markup: media-chrome's parts in our order. */

import "media-chrome";
import "media-chrome/menu";

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

/** Constant text: nothing that a user wrote may ever come in here. */
export const PLAYER_HTML = `
<media-controller class="frame" nohotkeys>
  <video slot="media" playsinline crossorigin="anonymous" tabindex="-1"></video>
  <img slot="poster" class="poster" alt="" hidden>
  <canvas slot="top-chrome" noautohide class="hold" aria-hidden="true" hidden></canvas>
  <media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
  <p slot="top-chrome" noautohide class="toast" role="status" hidden></p>
  <p slot="top-chrome" noautohide class="trouble" role="status" hidden></p>
  <media-settings-menu anchor="auto" hidden>
    <media-settings-menu-item>
      Quality
      <media-rendition-menu slot="submenu" hidden><div slot="title">Quality</div></media-rendition-menu>
    </media-settings-menu-item>
    <media-settings-menu-item>
      Speed
      <media-playback-rate-menu slot="submenu" rates="${SPEEDS.join(" ")}" hidden><div slot="title">Speed</div></media-playback-rate-menu>
    </media-settings-menu-item>
    <media-settings-menu-item class="captions-item">
      Captions
      <media-captions-menu slot="submenu" hidden><div slot="title">Captions</div></media-captions-menu>
    </media-settings-menu-item>
  </media-settings-menu>
  <div class="bar">
    <media-time-range class="seek"></media-time-range>
    <media-control-bar class="buttons">
      <media-play-button></media-play-button>
      <media-mute-button></media-mute-button>
      <media-volume-range></media-volume-range>
      <media-time-display showduration notoggle></media-time-display>
      <span class="gap"></span>
      <media-captions-button></media-captions-button>
      <media-settings-menu-button></media-settings-menu-button>
      <media-pip-button></media-pip-button>
      <media-fullscreen-button></media-fullscreen-button>
    </media-control-bar>
  </div>
</media-controller>
<div class="stage" hidden>
  <img class="stage-poster" alt="" hidden>
  <div class="stage-text">
    <p class="stage-title" role="status"></p>
    <p class="stage-detail"></p>
    <progress class="stage-progress" max="1" hidden></progress>
    <button class="button stage-retry" type="button" hidden>Try again</button>
  </div>
</div>`;
