/** <yeoul-player>: give it a video, and it shows whatever can be shown of it now. */

import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";
import type MediaController from "media-chrome/dist/media-controller.js";

import type { Video } from "../api/video";
import { find } from "../find";
import { tellPlayback } from "./beacon";
import { PLAYER_HTML, SPEEDS } from "./controls";
import type { Fault } from "./fault";
import { FrameStepper } from "./frame";
import { Hold } from "./hold";
import { listenForKeys, type KeyTarget } from "./keyboard";
import { Playback } from "./playback";
import { Stage } from "./stage";
import { FACTS_CHANGED, makeStore } from "./store";
import { chooseStream, type Protocol } from "./stream";
import { syncTracks } from "./track";

const TOAST_MS = 900;
const FALLBACK_FRAMES_PER_S = 25;

/** How playback is going, for whoever measures it. */
export interface PlayerStats {
  protocol: Protocol | null;
  growing: boolean;
  loads: number;
  stalls: number;
  faults: Fault[];
  rungs: string[];
  activeRung: string | null;
  videoHeight: number;
  currentTime: number;
  duration: number;
  decodedFrames: number;
  droppedFrames: number;
}

export class YeoulPlayer extends HTMLElement implements KeyTarget {
  media!: HTMLVideoElement;
  playback!: Playback;
  /** A wish for one protocol; null takes what suits the browser. */
  protocol: Protocol | null = null;
  #video: Video | null = null;
  #stage!: Stage;
  #hold!: Hold;
  #frames!: FrameStepper;
  #endKeys: () => void = () => undefined;
  #toastTimer: number | undefined;

  connectedCallback(): void {
    this.innerHTML = PLAYER_HTML;
    this.media = find<HTMLVideoElement>("video", this);
    this.#stage = new Stage(this, () => void this.#retry());
    this.#hold = new Hold(find<HTMLCanvasElement>("canvas.hold", this), this.media);
    this.#frames = new FrameStepper(this.media);
    this.playback = new Playback(this.media, {
      onRungs: () => this.#factsChanged(),
      onFault: (fault) => this.#showFault(fault),
      onHold: (held) => this.#hold.set(held),
    });
    const controller = find<MediaController & HTMLElement>("media-controller", this);
    controller.fullscreenElement = this;
    controller.mediaStore = makeStore(this.media, this, {
      durationS: () => this.durationS,
      seekableEndS: () => this.#seekableEndS(),
      rungs: () => this.playback.rungs,
      isPaused: () => this.media.paused && !this.playback.resumes,
      setPaused: (paused) => this.playback.setPaused(paused),
      chosenRung: () => this.playback.chosen,
      chooseRung: (id) => this.playback.choose(id),
    });
    this.#endKeys = listenForKeys(this);
    tellPlayback(this);
  }

  disconnectedCallback(): void {
    this.#endKeys();
    this.#frames.end();
    void this.playback.shaka.destroy();
  }

  get video(): Video | null {
    return this.#video;
  }

  set video(video: Video) {
    this.#video = video;
    const stream = chooseStream(video, this.protocol, navigator.vendor.startsWith("Apple"));
    if (video.playback !== null && stream !== null) {
      this.#showPoster(video.poster);
      syncTracks(this.media, video.playback);
      find(".captions-item", this).hidden = video.playback.captions.length === 0;
      void this.#play(stream);
    } else if (this.playback.stream === null || video.state === "failed" || video.state === "deleted") {
      this.media.pause();
      this.#stage.showVideo(video);
    }
    this.#factsChanged();
  }

  /** Shows that there is nothing here to watch. */
  showMissing(message: string, code: string): void {
    this.#stage.showMissing(message, code);
  }

  /** The whole video's length; while it grows, from the API, since the element knows only what is listed. NaN while unknown. */
  get durationS(): number {
    if (this.playback.stream?.growing !== true && Number.isFinite(this.media.duration)) return this.media.duration;
    return this.#video?.duration_s ?? (this.playback.loads > 0 ? this.#seekableEndS() : NaN);
  }

  get stats(): PlayerStats {
    const quality = this.media.getVideoPlaybackQuality();
    return {
      protocol: this.playback.stream?.protocol ?? null,
      growing: this.playback.stream?.growing ?? false,
      loads: this.playback.loads,
      stalls: this.playback.stalls.count,
      faults: this.playback.faults,
      rungs: this.playback.rungs.map((rung) => rung.id),
      activeRung: this.playback.activeRung ?? null,
      videoHeight: this.media.videoHeight,
      currentTime: this.media.currentTime,
      duration: this.durationS,
      decodedFrames: quality.totalVideoFrames,
      droppedFrames: quality.droppedVideoFrames,
    };
  }

  togglePlay(): void {
    this.playback.setPaused(!this.media.paused || this.playback.resumes);
  }

  seekBy(seconds: number): void {
    this.#seekTo(this.media.currentTime + seconds);
    this.#toast(`${seconds > 0 ? "+" : "−"}${Math.abs(seconds)} s`);
  }

  seekToShare(share: number): void {
    if (Number.isFinite(this.durationS)) this.#seekTo(this.durationS * share);
  }

  changeVolume(by: number): void {
    this.media.muted = false;
    this.media.volume = Math.max(0, Math.min(1, this.media.volume + by));
    this.#toast(`Volume ${Math.round(this.media.volume * 100)} %`);
  }

  toggleMute(): void {
    this.media.muted = !this.media.muted;
    this.#toast(this.media.muted ? "Muted" : "Sound on");
  }

  toggleFullscreen(): void {
    // The element itself is asked: the button learns of a change a moment late. Phones that enlarge only the video leave it to the button.
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else if (document.fullscreenEnabled) void this.requestFullscreen();
    else find("media-fullscreen-button", this).click();
  }

  toggleCaptions(): void {
    const tracks = [...this.media.textTracks].filter((track) => track.kind === "captions" || track.kind === "subtitles");
    if (tracks.length === 0) this.#toast("No captions");
    else find("media-captions-button", this).click();
  }

  togglePictureInPicture(): void {
    find("media-pip-button", this).click();
  }

  stepFrame(direction: 1 | -1): void {
    const id = this.playback.activeRung;
    const rate = this.playback.rungs.find((rung) => rung.id === id)?.frameRate || FALLBACK_FRAMES_PER_S;
    this.#frames.step(direction, rate, this.#seekableEndS());
  }

  changeSpeed(direction: 1 | -1): void {
    const now = this.media.playbackRate;
    const next = direction > 0 ? SPEEDS.find((speed) => speed > now) : SPEEDS.findLast((speed) => speed < now);
    if (next !== undefined) this.media.playbackRate = next;
    this.#toast(`${this.media.playbackRate}×`);
  }

  async #play(stream: NonNullable<ReturnType<typeof chooseStream>>): Promise<void> {
    const first = this.playback.stream === null;
    if (first) this.#stage.hide();
    await this.playback.show(stream);
    this.#factsChanged();
    // Browsers refuse sound before the first touch; then the play button is there to be pressed.
    if (first) await this.media.play().catch(() => undefined);
  }

  async #retry(): Promise<void> {
    this.#stage.hide();
    await this.playback.restart();
    await this.media.play().catch(() => undefined);
  }

  #seekTo(seconds: number): void {
    this.media.currentTime = Math.max(0, Math.min(seconds, this.#seekableEndS()));
  }

  #seekableEndS(): number {
    return this.playback.shaka.seekRange().end;
  }

  #factsChanged(): void {
    this.media.dispatchEvent(new Event(FACTS_CHANGED));
  }

  #showPoster(url: string | null): void {
    const poster = find<HTMLImageElement>(".poster", this);
    poster.hidden = url === null;
    if (url !== null && poster.getAttribute("src") !== url) poster.src = url;
  }

  #showFault(fault: Fault | null): void {
    const line = find(".trouble", this);
    line.hidden = fault === null || !fault.passing;
    line.textContent = fault === null ? "" : `${fault.message} Trying again…`;
    if (fault === null) this.#stage.hide();
    else if (!fault.passing) this.#stage.showFault(fault);
  }

  #toast(text: string): void {
    const toast = find(".toast", this);
    toast.textContent = text;
    toast.hidden = false;
    window.clearTimeout(this.#toastTimer);
    this.#toastTimer = window.setTimeout(() => (toast.hidden = true), TOAST_MS);
  }
}

shaka.polyfill.installAll();
customElements.define("yeoul-player", YeoulPlayer);
