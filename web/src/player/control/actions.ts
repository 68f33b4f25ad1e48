/** The actions of keyboard shortcuts and media keys. Each shows a toast over the picture. */

import { formatPercent } from "../../text/format.ts";
import { words } from "../../text/watch/words.ts";
import type { Toast } from "../overlay/toast.ts";
import type { Playback } from "../stream/playback.ts";
import { FrameStepper } from "./frame-stepper.ts";
import type { KeyTarget } from "./keyboard.ts";
import { showKeys } from "./settings-menu.ts";
import { SPEEDS } from "./speeds.ts";

const FALLBACK_FRAMES_PER_S = 25;

interface Player extends HTMLElement {
  readonly media: HTMLVideoElement;
  readonly playback: Playback;
  readonly durationS: number;
  togglePlay(): void;
  seekTo(seconds: number): void;
  playNext(): void;
  openControls(): Promise<void>;
}

export class Actions implements KeyTarget {
  readonly player: Player;
  readonly #frames: FrameStepper;
  readonly #toast: Toast;

  constructor(player: Player, toast: Toast) {
    this.player = player;
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
    // The button's state is a moment late, so the element is used. On phones that show only the
    // video in full screen, the button knows how.
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else if (document.fullscreenEnabled) void this.player.requestFullscreen();
    else this.#click("media-fullscreen-button");
  }

  toggleCaptions(): void {
    const tracks = [...this.player.media.textTracks].filter(
      (track) => track.kind === "captions" || track.kind === "subtitles",
    );
    if (tracks.length === 0) this.#toast.show(words.player.noCaptions);
    else this.#click("media-captions-button");
  }

  togglePictureInPicture(): void {
    this.#click("media-pip-button");
  }

  stepFrame(direction: 1 | -1): void {
    const id = this.player.playback.activeRung;
    const rate =
      this.player.playback.rungs.find((rung) => rung.id === id)?.frameRate || FALLBACK_FRAMES_PER_S;
    this.#frames.step(direction, rate, this.player.playback.shaka.seekRange().end);
  }

  changeSpeed(direction: 1 | -1): void {
    const now = this.player.media.playbackRate;
    const next =
      direction > 0 ? SPEEDS.find((speed) => speed > now) : SPEEDS.findLast((speed) => speed < now);
    if (next !== undefined) this.player.media.playbackRate = next;
    this.#toast.show(`${this.player.media.playbackRate}×`);
  }

  playNext(): void {
    this.player.playNext();
  }

  showKeys(): void {
    showKeys();
  }

  /** Clicks a button of the controls as soon as they have loaded. */
  #click(name: string): void {
    void this.player
      .openControls()
      .then(() => this.player.querySelector<HTMLElement>(name)?.click());
  }
}
