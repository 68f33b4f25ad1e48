/** The markup of the player without its controls, which load after the first frame. */

import { words } from "../text/watch/words.ts";

/** Constant: text written by users must never be inserted here. */
export const PLAYER_HTML = `
<media-controller class="frame" nohotkeys>
  <video slot="media" playsinline crossorigin="anonymous" tabindex="-1"></video>
  <img slot="poster" class="poster" alt="" hidden>
  <canvas slot="top-chrome" noautohide class="hold" aria-hidden="true" hidden></canvas>
  <media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
  <p slot="top-chrome" noautohide class="toast" role="status" hidden></p>
  <p slot="top-chrome" noautohide class="trouble" hidden><span role="status"></span> <span class="trouble-again"></span></p>
</media-controller>
<div class="stage" hidden>
  <img class="stage-poster" alt="" hidden>
  <div class="stage-text">
    <p class="stage-title" role="status"></p>
    <p class="stage-detail"></p>
    <progress class="stage-progress" max="1" hidden></progress>
    <button class="button stage-retry" type="button" hidden>${words.player.retry}</button>
  </div>
</div>`;
