/** <yeoul-player>: give it a video, and it shows whatever can be shown of it now. */

import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";
import type MediaController from "media-chrome/dist/media-controller.js";

import type { Video } from "../api/video";
import { find } from "../find";
import { formatDuration } from "../text/format";
import { words } from "../text/watch/words";
import { Actions } from "./actions";
import { fetchAhead } from "./ahead";
import { tellPlayback } from "./beacon";
import { chaptersOf, type Chapter } from "./chapter";
import { ChapterMenu } from "./chapter_menu";
import { keepChoices, offerChoices, showsCaptions } from "./choices";
import { PLAYER_HTML } from "./controls";
import type { Fault } from "./fault";
import { Hold } from "./hold";
import { listenForKeys } from "./keyboard";
import { tellSystem } from "./media_session";
import { NextCard, type NextVideo } from "./next_card";
import { Playback } from "./playback";
import { preference } from "./preference";
import { findPosition, keepPosition, keptPosition, startFrom } from "./resume";
import { SoundMenu } from "./sound_menu";
import { Stage } from "./stage";
import { readStats, type PlayerStats } from "./stats";
import { FACTS_CHANGED, makeStore } from "./store";
import { chooseStream, wantedProtocol, type Stream } from "./stream";
import { Toast } from "./toast";
import { syncTracks } from "./track";
import { Trouble } from "./trouble";

const RESUMED_MS = 4000;

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

export class YeoulPlayer extends HTMLElement {
  media!: HTMLVideoElement;
  playback!: Playback;
  #options: StartOptions = { autoplay: true, muted: false, loop: false, captions: false, startS: null };
  #video: Video | null = null;
  #stage!: Stage;
  #hold!: Hold;
  #toast!: Toast;
  #actions!: Actions;
  #trouble!: Trouble;
  #chapterMenu!: ChapterMenu;
  #soundMenu!: SoundMenu;
  #chapters: Chapter[] = [];
  #next: NextCard | null = null;
  /** Where the first stream begins; null until it is asked for. */
  #start: Promise<number> | null = null;
  /** What is played once somebody presses play. */
  #waiting: Stream | null = null;
  #endKeys: () => void = () => undefined;

  connectedCallback(): void {
    const picture = this.querySelector(".poster"); // written by the server, and shown already
    this.innerHTML = PLAYER_HTML;
    if (picture !== null) {
      picture.slot = "poster";
      find(".poster", this).replaceWith(picture);
    }
    // It says whether it is on (aria-checked), which is no word for the plain button that media-chrome takes it for.
    find("media-captions-button", this).role = "switch";
    this.media = find<HTMLVideoElement>("video", this);
    this.#stage = new Stage(this, () => void this.#retry());
    this.#hold = new Hold(find<HTMLCanvasElement>("canvas.hold", this), this.media);
    this.playback = new Playback(this.media, {
      onRungs: () => this.#tracksChanged(),
      onFault: (fault, retryS) => this.#showFault(fault, retryS),
      onHold: (held) => this.#hold.set(held),
    });
    this.#toast = new Toast(find(".toast", this));
    this.#actions = new Actions(this, this.#toast);
    this.#trouble = new Trouble(this);
    this.#soundMenu = new SoundMenu(this, this.playback);
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
    this.#endKeys = listenForKeys(this.#actions);
    tellPlayback(this);
  }

  disconnectedCallback(): void {
    this.#endKeys();
    this.#actions.end();
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
      this.querySelectorAll<HTMLElement>(".captions-item").forEach((item) => (item.hidden = !this.#hasCaptions()));
      if (this.#options.autoplay || this.#start !== null) void this.#play(stream);
      else this.#wait(stream);
      tellSystem(video, this.#actions, this.#next === null ? null : () => this.playNext());
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
    if (this.#video !== null) tellSystem(this.#video, this.#actions, () => this.playNext());
  }

  /** The whole video's length; while it grows, from the API, since the element knows only what is listed. NaN while unknown. */
  get durationS(): number {
    if (this.playback.stream?.growing !== true && Number.isFinite(this.media.duration)) return this.media.duration;
    return this.#video?.duration_s ?? (this.playback.loads > 0 ? this.#seekableEndS() : NaN);
  }

  get stats(): PlayerStats {
    return readStats(this.playback, this.durationS);
  }

  togglePlay(): void {
    this.#setPaused(!this.media.paused || this.playback.resumes);
  }

  playNext(): void {
    this.#next?.go();
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
    if (paused) return;
    this.#waiting = null;
    fetchAhead(this.#options.startS === null && keptPosition(this.#video?.id ?? "") === 0);
    void this.#play(stream);
  }

  async #play(stream: Stream): Promise<void> {
    const first = this.#start === null;
    if (first) this.#stage.hide();
    const startS = await (this.#start ??= this.#whereToStart(stream));
    const rungs = this.#video?.renditions.filter((one) => one.kind === "video") ?? [];
    await this.playback.show(stream, startS, rungs.map(({ width, height, bandwidth_bps }) => ({ pixels: width * height, bandwidth_bps })), this.#video?.renditions ?? []);
    this.#factsChanged();
    if (!first) return;
    if ((preference().captions || this.#options.captions) && this.#hasCaptions() && !showsCaptions(this.media)) this.#actions.toggleCaptions();
    if (this.#video !== null) keepPosition(this.#video.id, this.media);
    // Browsers refuse sound before the first touch; then the play button is there to be pressed.
    await this.media.play().catch(() => undefined);
  }

  /** As the address says, else where the video was left; what grows begins at its beginning. */
  async #whereToStart(stream: Stream): Promise<number> {
    if (this.#options.startS !== null) return Math.min(this.#options.startS, Math.max(0, (this.#video?.duration_s ?? Infinity) - 1));
    if (stream.growing || this.#video === null) return 0;
    const startS = startFrom(await findPosition(this.#video.id), this.#video.duration_s);
    if (startS > 0) this.#toast.show(words.player.resumed(formatDuration(startS)), RESUMED_MS);
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

  #factsChanged(): void {
    this.media.dispatchEvent(new Event(FACTS_CHANGED));
  }

  #tracksChanged(): void {
    this.#soundMenu.update();
    this.#factsChanged();
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

}

shaka.polyfill.installAll();
customElements.define("yeoul-player", YeoulPlayer);
