/**
 * The custom element <yeoul-player>. Its `video` property is set again whenever more of the video
 * can be played.
 */

import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

import type { Video } from "../api/video.ts";
import { getElement } from "../part/get-element.ts";
import { formatDuration } from "../text/format.ts";
import { words } from "../text/watch/words.ts";
import { Actions } from "./control/actions.ts";
import { type Chapter, chaptersOf } from "./control/chapter.ts";
import type { Controls } from "./control/controls.ts";
import { FACTS_CHANGED, type Facts } from "./control/facts.ts";
import { listenForKeys } from "./control/keyboard.ts";
import { updateMediaSession } from "./control/media-session.ts";
import { showsCaptions, syncPreferences } from "./control/settings-menu.ts";
import { PLAYER_HTML } from "./markup.ts";
import { HeldFrame } from "./overlay/held-frame.ts";
import { NextCard, type NextVideo } from "./overlay/next-card.ts";
import { RetryNotice } from "./overlay/retry-notice.ts";
import { Stage } from "./overlay/stage.ts";
import { Toast } from "./overlay/toast.ts";
import { preference } from "./preference.ts";
import { reportPlayback } from "./report/beacon.ts";
import { type PlayerStats, readStats } from "./report/stats.ts";
import { fetchPosition, savePositions, startFrom, storedPosition } from "./resume.ts";
import type { Fault } from "./stream/fault.ts";
import { Playback, pauseOrOnline } from "./stream/playback.ts";
import { prefetch } from "./stream/prefetch.ts";
import { chooseStream, requestedProtocol, type Stream } from "./stream/stream.ts";
import { syncTextTracks } from "./stream/text-tracks.ts";

const RESUMED_TOAST_MS = 4000;
/** A viewer whose stream is slow gets the controls and the rest of the page before the first frame. */
const FIRST_FRAME_WITHIN_MS = 600;
const IMPORT_RETRY_S = 0.6;

/** How a page wants playback to start. */
export interface StartOptions {
  /** Plays immediately. Otherwise only the poster is fetched until the viewer presses play. */
  autoplay: boolean;
  muted: boolean;
  loop: boolean;
  captions: boolean;
  /** Null: at the watch position. */
  startS: number | null;
}

export class YeoulPlayer extends HTMLElement {
  media!: HTMLVideoElement;
  playback!: Playback;
  #options: StartOptions = {
    autoplay: true,
    muted: false,
    loop: false,
    captions: false,
    startS: null,
  };
  #video: Video | null = null;
  #stage!: Stage;
  #heldFrame!: HeldFrame;
  #toast!: Toast;
  #actions!: Actions;
  #retryNotice!: RetryNotice;
  #firstFrame: Promise<void> | null = null;
  #controls: Controls | null = null;
  /** Null until there is a frame to control, or the viewer has to press play. */
  #opening: Promise<void> | null = null;
  #chapters: Chapter[] = [];
  #next: NextCard | null = null;
  /** The start of the first stream. Null until it is known that it will play. */
  #start: Promise<number> | null = null;
  /** The stream that plays once the viewer presses play. */
  #waiting: Stream | null = null;
  #endKeys: () => void = () => undefined;

  connectedCallback(): void {
    const poster = this.querySelector(".poster"); // written by the server, and visible already
    this.innerHTML = PLAYER_HTML;
    if (poster !== null) {
      poster.slot = "poster";
      getElement(".poster", this).replaceWith(poster);
    }
    this.media = getElement<HTMLVideoElement>("video", this);
    this.#stage = new Stage(this, () => void this.#retry());
    this.#heldFrame = new HeldFrame(getElement<HTMLCanvasElement>("canvas.hold", this), this.media);
    this.playback = new Playback(this.media, {
      onRungs: () => this.#onRungs(),
      onFault: (fault, retryS) => this.#showFault(fault, retryS),
      onHold: (isHeld) => this.#heldFrame.show(isHeld),
    });
    this.#toast = new Toast(getElement(".toast", this));
    this.#actions = new Actions(this, this.#toast);
    this.#retryNotice = new RetryNotice(this);
    this.media.addEventListener("playing", () => this.classList.add("begun"), { once: true });
    syncPreferences(this.playback);
    void this.firstFrame.then(() => this.openControls());
    this.#endKeys = listenForKeys(this.#actions);
    reportPlayback(this);
  }

  disconnectedCallback(): void {
    this.#endKeys();
    this.#actions.end();
    void this.playback.shaka.destroy();
  }

  /** Resolves when the first frame is decoded, or soon if that takes long. */
  get firstFrame(): Promise<void> {
    this.#firstFrame ??= new Promise((resolve) => {
      this.media.addEventListener("loadeddata", () => resolve(), { once: true });
      window.setTimeout(resolve, FIRST_FRAME_WITHIN_MS);
    });
    return this.#firstFrame;
  }

  /** Must be set before `video`. */
  set options(options: StartOptions) {
    this.#options = options;
    if (options.muted) this.media.muted = true;
    this.media.loop = options.loop;
  }

  get video(): Video | null {
    return this.#video;
  }

  set video(video: Video) {
    this.#video = video;
    this.#chapters = chaptersOf(video);
    const stream = chooseStream(video, requestedProtocol());
    if (video.playback !== null && stream !== null) {
      this.#showPoster(video.poster);
      syncTextTracks(this.media, video.playback);
      if (this.#options.autoplay || this.#start !== null) void this.#play(stream);
      else this.#wait(stream);
      updateMediaSession(video, this.#actions, this.#next === null ? null : () => this.playNext());
    } else if (
      this.playback.stream === null ||
      video.state === "failed" ||
      video.state === "deleted"
    ) {
      this.media.pause();
      this.#stage.showVideo(video);
    }
    this.#updateControls();
    this.#notifyStore();
  }

  /** Shows that there is no video to watch. */
  showMissing(status: number, code: string): void {
    this.#stage.showMissing(status, code);
  }

  /** The video that a card offers at the end, and that Shift+N plays. */
  set next(next: NextVideo) {
    this.#next = new NextCard(this, this.media, next);
    if (this.#video !== null) updateMediaSession(this.#video, this.#actions, () => this.playNext());
  }

  /**
   * The duration of the whole video. While the video grows it comes from the API: the media element
   * knows only listed segments. NaN while unknown.
   */
  get durationS(): number {
    if (this.playback.stream?.growing !== true && Number.isFinite(this.media.duration))
      return this.media.duration;
    return this.#video?.duration_s ?? (this.playback.loads > 0 ? this.#seekableEndS() : Number.NaN);
  }

  get stats(): PlayerStats {
    return readStats(this.playback, this.durationS);
  }

  togglePlay(): void {
    this.#setPaused(!this.media.paused || this.playback.resumes);
  }

  playNext(): void {
    this.#next?.play();
  }

  seekTo(seconds: number): void {
    if (this.#waiting !== null) {
      this.#options.startS = seconds;
      this.#setPaused(false);
    } else this.media.currentTime = Math.max(0, Math.min(seconds, this.#seekableEndS()));
  }

  /** Loads the controls. Resolves when they are there, also after a lost connection. */
  openControls(): Promise<void> {
    this.#opening ??= this.#loadControls();
    return this.#opening;
  }

  async #loadControls(): Promise<void> {
    const { Controls } = await importControls();
    this.#controls = await Controls.open(this, this.#facts);
    this.#updateControls();
  }

  get #facts(): Facts {
    return {
      durationS: () => this.durationS,
      seekableEndS: () => this.#seekableEndS(),
      rungs: () => this.playback.rungs,
      isPaused: () => this.media.paused && !this.playback.resumes,
      setPaused: (paused) => this.#setPaused(paused),
      chosenRung: () => this.playback.chosen,
      chooseRung: (id) => this.playback.chooseRung(id),
      chapters: () => this.#chapters,
    };
  }

  #updateControls(): void {
    this.#controls?.showVideo({
      isGrowing: this.#video?.state === "playable",
      hasCaptions: this.#hasCaptions(),
    });
    this.#controls?.showAudioTracks();
  }

  #wait(stream: Stream): void {
    this.#stage.hide();
    this.#waiting = stream;
    void this.openControls();
  }

  #setPaused(paused: boolean): void {
    const stream = this.#waiting;
    if (stream === null) {
      this.playback.setPaused(paused);
      return;
    }
    if (paused) return;
    this.#waiting = null;
    prefetch(this.#options.startS === null && storedPosition(this.#video?.id ?? "") === 0);
    void this.#play(stream);
  }

  async #play(stream: Stream): Promise<void> {
    const isFirst = this.#start === null;
    if (isFirst) this.#stage.hide();
    this.#start ??= this.#findStart(stream);
    const startS = await this.#start;
    const renditions = this.#video?.renditions ?? [];
    const rungs = renditions.filter(({ kind }) => kind === "video");
    await this.playback.show(
      stream,
      startS,
      rungs.map(({ width, height, bandwidth_bps }) => ({ pixels: width * height, bandwidth_bps })),
      renditions,
    );
    this.#notifyStore();
    if (!isFirst) return;
    if ((preference().captions || this.#options.captions) && this.#hasCaptions())
      void this.openControls().then(() => {
        if (!showsCaptions(this.media)) this.#actions.toggleCaptions();
      });
    if (this.#video !== null) savePositions(this.#video.id, this.media);
    // Browsers may refuse to play sound before the first interaction. The viewer then presses play.
    await this.media.play().catch(() => undefined);
  }

  /**
   * Returns the position that the page's address names, or the watch position. A growing video
   * starts at 0.
   */
  async #findStart(stream: Stream): Promise<number> {
    if (this.#options.startS !== null)
      return Math.min(this.#options.startS, Math.max(0, (this.#video?.duration_s ?? Infinity) - 1));
    if (stream.growing || this.#video === null) return 0;
    const startS = startFrom(await fetchPosition(this.#video.id), this.#video.duration_s);
    if (startS > 0)
      this.#toast.show(words.player.resumed(formatDuration(startS)), RESUMED_TOAST_MS);
    return startS;
  }

  async #retry(): Promise<void> {
    this.#stage.hide();
    await this.playback.restart();
    await this.media.play().catch(() => undefined);
  }

  #hasCaptions(): boolean {
    return (this.#video?.playback?.captions.length ?? 0) > 0;
  }

  #seekableEndS(): number {
    return this.playback.shaka.seekRange().end;
  }

  #notifyStore(): void {
    this.media.dispatchEvent(new Event(FACTS_CHANGED));
  }

  #onRungs(): void {
    this.#controls?.showAudioTracks();
    this.#notifyStore();
  }

  #showPoster(url: string | null): void {
    const poster = getElement<HTMLImageElement>(".poster", this);
    poster.hidden = url === null;
    if (url !== null && poster.getAttribute("src") !== url) poster.src = url;
  }

  #showFault(fault: Fault | null, retryS: number): void {
    if (fault?.isTransient === true) this.#retryNotice.show(fault.message, retryS);
    else this.#retryNotice.hide();
    if (fault === null) this.#stage.hide();
    else if (!fault.isTransient) this.#stage.showFault(fault);
  }
}

async function importControls(): Promise<typeof import("./control/controls.ts")> {
  for (;;) {
    try {
      return await import("./control/controls.ts");
    } catch {
      await pauseOrOnline(IMPORT_RETRY_S); // the connection was lost
    }
  }
}

shaka.polyfill.installAll();
customElements.define("yeoul-player", YeoulPlayer);
