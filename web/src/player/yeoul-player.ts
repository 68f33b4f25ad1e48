/** <yeoul-player>: give it a video, and it shows whatever can be shown of it now. */

import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";
import type MediaController from "media-chrome/dist/media-controller.js";

import type { Video } from "../api/video";
import { find } from "../find";
import { formatDuration, formatPercent } from "../text/format";
import { words } from "../text/watch/words";
import { tellPlayback } from "./beacon";
import { chaptersOf, type Chapter } from "./chapter";
import { ChapterMenu } from "./chapter_menu";
import { keepChoices, offerChoices, showKeys, showsCaptions } from "./choices";
import { PLAYER_HTML, SPEEDS } from "./controls";
import type { Fault } from "./fault";
import { FrameStepper } from "./frame";
import { Hold } from "./hold";
import { listenForKeys, type KeyTarget } from "./keyboard";
import { tellSystem } from "./media_session";
import { NextCard, type NextVideo } from "./next_card";
import { Playback } from "./playback";
import { preference } from "./preference";
import { findPosition, keepPosition, startFrom } from "./resume";
import { Stage } from "./stage";
import { FACTS_CHANGED, makeStore } from "./store";
import { chooseStream, wantedProtocol, type Protocol, type Stream } from "./stream";
import { syncTracks } from "./track";
import { Trouble } from "./trouble";

const TOAST_MS = 900;
const RESUMED_MS = 4000;
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

/** How a page wants its player to begin. */
export interface StartOptions {
  /** Plays without being asked; else nothing but the picture is fetched until somebody presses play. */
  autoplay: boolean;
  muted: boolean;
  loop: boolean;
  captions: boolean;
  /** null: where the video was left. */
  startS: number | null;
}

export class YeoulPlayer extends HTMLElement implements KeyTarget {
  media!: HTMLVideoElement;
  playback!: Playback;
  #options: StartOptions = { autoplay: true, muted: false, loop: false, captions: false, startS: null };
  #video: Video | null = null;
  #stage!: Stage;
  #hold!: Hold;
  #frames!: FrameStepper;
  #trouble!: Trouble;
  #chapterMenu!: ChapterMenu;
  #chapters: Chapter[] = [];
  #next: NextCard | null = null;
  /** Where the first stream begins; null until it is asked for. */
  #start: Promise<number> | null = null;
  /** What is played once somebody presses play. */
  #waiting: Stream | null = null;
  #endKeys: () => void = () => undefined;
  #toastTimer: number | undefined;

  connectedCallback(): void {
    const picture = this.querySelector(".poster"); // written by the server, and shown already
    this.innerHTML = PLAYER_HTML;
    if (picture !== null) {
      picture.slot = "poster";
      find(".poster", this).replaceWith(picture);
    }
    this.media = find<HTMLVideoElement>("video", this);
    this.#stage = new Stage(this, () => void this.#retry());
    this.#hold = new Hold(find<HTMLCanvasElement>("canvas.hold", this), this.media);
    this.#frames = new FrameStepper(this.media);
    this.playback = new Playback(this.media, {
      onRungs: () => this.#factsChanged(),
      onFault: (fault, retryS) => this.#showFault(fault, retryS),
      onHold: (held) => this.#hold.set(held),
    });
    this.#trouble = new Trouble(this);
    this.#chapterMenu = new ChapterMenu(this, this.media, (seconds) => this.seekTo(seconds));
    this.media.addEventListener("playing", () => this.classList.add("begun"), { once: true });
    keepChoices(this.playback);
    offerChoices(this, this.playback);
    const controller = find<MediaController & HTMLElement>("media-controller", this);
    controller.fullscreenElement = this;
    controller.mediaStore = makeStore(this.media, this, {
      durationS: () => this.durationS,
      seekableEndS: () => this.#seekableEndS(),
      rungs: () => this.playback.rungs,
      isPaused: () => this.media.paused && !this.playback.resumes,
      setPaused: (paused) => this.#setPaused(paused),
      chosenRung: () => this.playback.chosen,
      chooseRung: (id) => this.playback.choose(id),
      chapters: () => this.#chapters,
    });
    this.#endKeys = listenForKeys(this);
    tellPlayback(this);
  }

  disconnectedCallback(): void {
    this.#endKeys();
    this.#frames.end();
    void this.playback.shaka.destroy();
  }

  /** To be set before the video is. */
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
    this.#chapterMenu.chapters = this.#chapters;
    find(".growing", this).hidden = video.state !== "playable";
    const stream = chooseStream(video, wantedProtocol());
    if (video.playback !== null && stream !== null) {
      this.#showPoster(video.poster);
      syncTracks(this.media, video.playback);
      const captions = video.playback.captions.length;
      this.querySelectorAll<HTMLElement>(".captions-item").forEach((item) => (item.hidden = captions === 0));
      if (this.#options.autoplay || this.playback.stream !== null) void this.#play(stream);
      else this.#wait(stream);
      tellSystem(video, this, this.#next === null ? null : () => this.playNext());
    } else if (this.playback.stream === null || video.state === "failed" || video.state === "deleted") {
      this.media.pause();
      this.#stage.showVideo(video);
    }
    this.#factsChanged();
  }

  /** Shows that there is nothing here to watch. */
  showMissing(status: number, code: string): void {
    this.#stage.showMissing(status, code);
  }

  /** What a card offers at the end, and Shift+N at any time. */
  set next(next: NextVideo) {
    this.#next = new NextCard(this, this.media, next);
    if (this.#video !== null) tellSystem(this.#video, this, () => this.playNext());
  }

  get chapters(): readonly Chapter[] {
    return this.#chapters;
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
    this.#setPaused(!this.media.paused || this.playback.resumes);
  }

  seekBy(seconds: number): void {
    this.seekTo(this.media.currentTime + seconds);
    this.#toast(words.player.seconds(seconds));
  }

  seekToShare(share: number): void {
    if (Number.isFinite(this.durationS)) this.seekTo(this.durationS * share);
  }

  changeVolume(by: number): void {
    this.media.muted = false;
    this.media.volume = Math.max(0, Math.min(1, this.media.volume + by));
    this.#toast(words.player.volume(formatPercent(this.media.volume)));
  }

  toggleMute(): void {
    this.media.muted = !this.media.muted;
    this.#toast(this.media.muted ? words.player.muted : words.player.sound);
  }

  toggleFullscreen(): void {
    // The element itself is asked: the button learns of a change a moment late. Phones that enlarge only the video leave it to the button.
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    else if (document.fullscreenEnabled) void this.requestFullscreen();
    else find("media-fullscreen-button", this).click();
  }

  toggleCaptions(): void {
    const tracks = [...this.media.textTracks].filter((track) => track.kind === "captions" || track.kind === "subtitles");
    if (tracks.length === 0) this.#toast(words.player.noCaptions);
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

  playNext(): void {
    this.#next?.go();
  }

  showKeys(): void {
    showKeys();
  }

  seekTo(seconds: number): void {
    if (this.#waiting !== null) {
      this.#options.startS = seconds;
      this.#setPaused(false);
    } else this.media.currentTime = Math.max(0, Math.min(seconds, this.#seekableEndS()));
  }

  #wait(stream: Stream): void {
    this.#stage.hide();
    this.#waiting = stream;
  }

  #setPaused(paused: boolean): void {
    const stream = this.#waiting;
    if (stream === null) return this.playback.setPaused(paused);
    this.#waiting = null;
    if (!paused) void this.#play(stream);
  }

  async #play(stream: Stream): Promise<void> {
    const first = this.#start === null;
    if (first) this.#stage.hide();
    const startS = await (this.#start ??= this.#whereToStart(stream));
    const rungs = this.#video?.renditions.filter((one) => one.kind === "video") ?? [];
    await this.playback.show(stream, startS, rungs.map(({ width, height, bandwidth_bps }) => ({ pixels: width * height, bandwidth_bps })));
    this.#factsChanged();
    if (!first) return;
    if ((preference().captions || this.#options.captions) && !showsCaptions(this.media)) this.toggleCaptions();
    if (this.#video !== null) keepPosition(this.#video.id, this.media);
    // Browsers refuse sound before the first touch; then the play button is there to be pressed.
    await this.media.play().catch(() => undefined);
  }

  /** As the address says, else where the video was left; what grows begins at its beginning. */
  async #whereToStart(stream: Stream): Promise<number> {
    if (this.#options.startS !== null) return Math.min(this.#options.startS, Math.max(0, (this.#video?.duration_s ?? Infinity) - 1));
    if (stream.growing || this.#video === null) return 0;
    const startS = startFrom(await findPosition(this.#video.id), this.#video.duration_s);
    if (startS > 0) this.#toast(words.player.resumed(formatDuration(startS)), RESUMED_MS);
    return startS;
  }

  async #retry(): Promise<void> {
    this.#stage.hide();
    await this.playback.restart();
    await this.media.play().catch(() => undefined);
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

  #showFault(fault: Fault | null, retryS: number): void {
    if (fault?.passing === true) this.#trouble.show(fault.message, retryS);
    else this.#trouble.hide();
    if (fault === null) this.#stage.hide();
    else if (!fault.passing) this.#stage.showFault(fault);
  }

  #toast(text: string, shownMs = TOAST_MS): void {
    const toast = find(".toast", this);
    toast.textContent = text;
    toast.hidden = false;
    window.clearTimeout(this.#toastTimer);
    this.#toastTimer = window.setTimeout(() => (toast.hidden = true), shownMs);
  }
}

shaka.polyfill.installAll();
customElements.define("yeoul-player", YeoulPlayer);
