/** What keys, and the system's media keys, do to the player; each says so over the picture. */

import { find } from "../find";
import { formatPercent } from "../text/format";
import { words } from "../text/watch/words";
import { showKeys } from "./choices";
import { SPEEDS } from "./controls";
import { FrameStepper } from "./frame";
import type { KeyTarget } from "./keyboard";
import type { Playback } from "./playback";
import type { Toast } from "./toast";

const FALLBACK_FRAMES_PER_S = 25;

/** What is asked of the player. */
interface ActedOn extends HTMLElement {
  readonly media: HTMLVideoElement;
  readonly playback: Playback;
  readonly durationS: number;
  togglePlay(): void;
  seekTo(seconds: number): void;
  playNext(): void;
}

export class Actions implements KeyTarget {
  readonly #frames: FrameStepper;
  readonly #toast: Toast;

  constructor(
    readonly player: ActedOn,
    toast: Toast,
  ) {
    this.#toast = toast;
    this.#frames = new FrameStepper(player.media);
  }

  end(): void {
    this.#frames.end();
  }

  togglePlay(): void {
    this.player.togglePlay();
  }

  seekBy(seconds: number): void {
    this.player.seekTo(this.player.media.currentTime + seconds);
    this.#toast.show(words.player.seconds(seconds));
  }

  seekToShare(share: number): void {
    if (Number.isFinite(this.player.durationS)) this.player.seekTo(this.player.durationS * share);
  }

  changeVolume(by: number): void {
    this.player.media.muted = false;
    this.player.media.volume = Math.max(0, Math.min(1, this.player.media.volume + by));
    this.#toast.show(words.player.volume(formatPercent(this.player.media.volume)));
  }

  toggleMute(): void {
    this.player.media.muted = !this.player.media.muted;
    this.#toast.show(this.player.media.muted ? words.player.muted : words.player.sound);
  }

  toggleFullscreen(): void {
    // The element itself is asked: the button learns of a change a moment late. Phones that enlarge only the video leave it to the button.
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else if (document.fullscreenEnabled) void this.player.requestFullscreen();
    else find("media-fullscreen-button", this.player).click();
  }

  toggleCaptions(): void {
    const tracks = [...this.player.media.textTracks].filter((track) => track.kind === "captions" || track.kind === "subtitles");
    if (tracks.length === 0) this.#toast.show(words.player.noCaptions);
    else find("media-captions-button", this.player).click();
  }

  togglePictureInPicture(): void {
    find("media-pip-button", this.player).click();
  }

  stepFrame(direction: 1 | -1): void {
    const id = this.player.playback.activeRung;
    const rate = this.player.playback.rungs.find((rung) => rung.id === id)?.frameRate || FALLBACK_FRAMES_PER_S;
    this.#frames.step(direction, rate, this.player.playback.shaka.seekRange().end);
  }

  changeSpeed(direction: 1 | -1): void {
    const now = this.player.media.playbackRate;
    const next = direction > 0 ? SPEEDS.find((speed) => speed > now) : SPEEDS.findLast((speed) => speed < now);
    if (next !== undefined) this.player.media.playbackRate = next;
    this.#toast.show(`${this.player.media.playbackRate}×`);
  }

  playNext(): void {
    this.player.playNext();
  }

  showKeys(): void {
    showKeys();
  }
}
