/**
 * Plays a stream in a media element: retries, rungs, audio tracks, and switching to a more complete
 * stream of the same video.
 */

import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

import type { RenditionView } from "../../api/schema.d.ts";
import { preference, savesData, setPreference } from "../preference.ts";
import {
  type AudioTrack,
  activeLanguage,
  chooseAudioTrack,
  listAudioTracks,
  pickStartAudio,
} from "./audio-tracks.ts";
import { applyEditLists } from "./edit-list.ts";
import { misreadTracks } from "./engine.ts";
import { describeFault, type Fault, isInterruption } from "./fault.ts";
import { activeRung, chooseRung, listRungs, type Rung } from "./rungs.ts";
import { checkSeeks } from "./seek-check.ts";
import { StallCounter } from "./stall-counter.ts";
import {
  bandwidthFor,
  pickStartRung,
  SAVER_PIXELS,
  type StartRung,
  startLimits,
} from "./start-rung.ts";
import { countListedRungs, type Stream } from "./stream.ts";

const RETRY = {
  maxAttempts: 4,
  baseDelay: 500,
  backoffFactor: 2,
  fuzzFactor: 0.3,
  timeout: 30_000,
  stallTimeout: 10_000,
  connectionTimeout: 10_000,
};
const MAX_PAUSE_S = 15;
/**
 * The rungs of a growing video appear one after the other. After a switch, playback is not
 * interrupted for this long.
 */
const SWITCH_INTERVAL_MS = 8000;

/** Notified by a Playback. */
export interface PlaybackListener {
  onRungs(): void;
  /** null: playback has recovered. retryS: seconds until the automatic retry. */
  onFault(fault: Fault | null, retryS: number): void;
  /**
   * Called with true before the stream is switched, while the last frame is still visible, and with
   * false when the new stream shows.
   */
  onHold(held: boolean): void;
}

export class Playback {
  readonly media: HTMLVideoElement;
  readonly listener: PlaybackListener;
  readonly shaka = new shaka.Player();
  readonly stalls: StallCounter;
  readonly faults: Fault[] = [];
  /** Number of manifests that were loaded: 1, and 1 more for each switch. */
  loads = 0;
  stream: Stream | null = null;
  /** The rung that the viewer chose; null for automatic quality. */
  chosen: string | null = null;
  /** True while the media element is paused only to switch the stream. */
  resumes = false;
  #attached: Promise<unknown>;
  #audioTrack: string | null = null;
  #failures = 0;
  #wanted: Stream | null = null;
  #busy = false;
  #nextSwitchMs = 0;

  constructor(media: HTMLVideoElement, listener: PlaybackListener) {
    this.media = media;
    this.listener = listener;
    this.stalls = new StallCounter(media);
    this.#attached = this.shaka.attach(media);
    this.#configure();
    const misread = misreadTracks(navigator.userAgent);
    if (misread.length > 0) applyEditLists(this.shaka, misread);
    checkSeeks(media);
    this.shaka.addEventListener("error", (event) =>
      this.#onError((event as unknown as { detail: unknown }).detail),
    );
    for (const type of [
      "trackschanged",
      "adaptation",
      "variantchanged",
      "audiotrackschanged",
      "audiotrackchanged",
    ])
      this.shaka.addEventListener(type, () => listener.onRungs());
    this.shaka.addEventListener("segmentappended", () => this.#recovered());
    for (const type of ["pause", "waiting", "seeking"])
      media.addEventListener(type, () => void this.#upgrade(true));
    new ResizeObserver(() => void this.#upgrade(false)).observe(media);
    window.addEventListener("online", () => this.shaka.retryStreaming());
    for (const [target, type] of [
      [window, "pagehide"],
      [media, "pause"],
    ] as const)
      target.addEventListener(type, () => this.#rememberBandwidth());
  }

  get rungs(): Rung[] {
    return listRungs(this.shaka);
  }

  get activeRung(): string | undefined {
    return activeRung(this.shaka);
  }

  get audioTracks(): AudioTrack[] {
    return listAudioTracks(this.shaka);
  }

  /** Plays another audio track. Its language is preferred for other videos, too. */
  chooseAudioTrack(id: string): void {
    this.#audioTrack = id;
    chooseAudioTrack(this.shaka, id);
    setPreference({ audioLanguage: activeLanguage(this.shaka) ?? "" });
    this.listener.onRungs();
  }

  /**
   * Starts a stream, or switches to a more complete one of the same video. rungs, renditions: what
   * the API says the stream has.
   */
  async show(
    stream: Stream,
    startS: number,
    rungs: readonly StartRung[],
    renditions: readonly RenditionView[],
  ): Promise<void> {
    if (this.stream === null) {
      const audio = pickStartAudio(renditions, preference().audioLanguage);
      this.shaka.configure({ preferredAudio: audio === null ? [] : [audio] });
      this.stream = stream;
      const first = pickStartRung(rungs, startLimits());
      if (first !== undefined)
        this.shaka.configure("abr.defaultBandwidthEstimate", bandwidthFor(rungs, first));
      await this.#alone(() => this.#load(stream.url, startS));
    } else {
      this.#wanted = stream;
    }
    await this.#upgrade(false);
  }

  /** Pauses or plays, also while the stream is being switched. */
  setPaused(paused: boolean): void {
    if (this.resumes) this.resumes = !paused;
    else if (paused) this.media.pause();
    else void this.media.play().catch(() => undefined);
  }

  /** Plays one rung only. null: automatic quality. */
  chooseRung(id: string | null): void {
    this.chosen = id;
    chooseRung(this.shaka, id);
    this.listener.onRungs();
  }

  /** Limits automatic quality if the viewer saves data. */
  applySaver(): void {
    this.shaka.configure("abr.restrictions.maxPixels", savesData() ? SAVER_PIXELS : Infinity);
  }

  /** Loads the same stream again at the current position, after a fatal fault. */
  async restart(): Promise<void> {
    const stream = this.stream;
    if (stream !== null) await this.#alone(() => this.#load(stream.url, this.media.currentTime));
  }

  #configure(): void {
    this.shaka.configure({
      // droppedFrames judges by few frames and banned three of five rungs of videos with variable
      // frame rate, in the menu, too. The first rung follows from the bandwidth of the last
      // playback, not from the network information.
      abr: { droppedFrames: false, useNetworkInformation: false },
      manifest: {
        updatePeriod: 1,
        // Captions are <track> elements, which follow the browser's caption settings.
        disableText: true,
        // No distance to the live edge: every listed segment of a growing video can be sought, and
        // a switch continues at the same position.
        hls: { ignoreManifestTimestampsInSegmentsMode: true, liveSegmentsDelay: 0 },
        retryParameters: RETRY,
      },
      streaming: {
        bufferingGoal: 30,
        retryParameters: RETRY,
        failureCallback: (error: shaka.util.Error) => this.#onStreamingFailure(error),
      },
    });
    this.applySaver();
  }

  async #load(url: string, startS: number): Promise<void> {
    this.stalls.expect();
    await this.#attached;
    for (;;) {
      try {
        await this.shaka.load(url, startS);
        break;
      } catch (error) {
        if (isInterruption(error)) return;
        const fault = this.#report(error);
        if (!fault.isTransient) return;
        await pauseOrOnline(this.#nextPauseS());
      }
    }
    this.loads += 1;
    this.#recovered();
    if (this.#audioTrack !== null) chooseAudioTrack(this.shaka, this.#audioTrack);
    if (this.chosen !== null) chooseRung(this.shaka, this.chosen);
    this.listener.onRungs();
  }

  /**
   * Switches to the wanted stream when playback is idle, or during playback if the player is larger
   * than the loaded rungs.
   */
  async #upgrade(idle: boolean): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === null || this.#busy || this.media.ended) return;
    if (wanted.rungs > this.rungs.length && !idle && !this.media.paused && !this.#helpsNow(wanted))
      return;
    this.#wanted = null;
    await this.#alone(async () => {
      if (await this.#offersMore(wanted)) await this.#switch(wanted);
      else if (!wanted.growing && this.stream !== null)
        this.stream = { ...this.stream, growing: false };
    });
    await this.#upgrade(false);
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    this.#busy = true;
    try {
      await work();
    } finally {
      this.#busy = false;
    }
  }

  async #switch(wanted: Stream): Promise<void> {
    // Shaka sets playbackRate to 0 while it waits for data.
    const { paused, defaultPlaybackRate } = this.media;
    this.resumes = !paused;
    this.media.pause();
    this.listener.onHold(true);
    this.stream = wanted;
    this.#nextSwitchMs = performance.now() + SWITCH_INTERVAL_MS;
    await this.#load(wanted.url, this.media.currentTime);
    this.media.playbackRate = defaultPlaybackRate;
    this.media.requestVideoFrameCallback(() => this.listener.onHold(false));
    if (this.resumes) await this.media.play().catch(() => undefined);
    this.resumes = false;
  }

  /**
   * True if a stream lists more rungs than the loaded one. Renditions are known before the playlist
   * lists them, and a browser may not decode all.
   */
  async #offersMore(stream: Stream): Promise<boolean> {
    if (this.stream?.growing === false && stream.rungs <= this.stream.rungs) return false;
    if (stream.rungs <= this.rungs.length) return false;
    if (stream.protocol === "dash") return true;
    const response = await fetch(stream.url).catch(() => null);
    return response?.ok === true && countListedRungs(await response.text()) > this.rungs.length;
  }

  #helpsNow(wanted: Stream): boolean {
    if (wanted.growing && performance.now() < this.#nextSwitchMs) return false;
    return (
      this.media.clientHeight * window.devicePixelRatio >
      Math.max(0, ...this.rungs.map((rung) => rung.height))
    );
  }

  #onError(error: unknown): void {
    if (isInterruption(error)) return;
    const critical = (error as shaka.util.Error).severity === shaka.util.Error.Severity.CRITICAL;
    if (critical && !this.#wasReported(error)) this.#report(error);
  }

  #onStreamingFailure(error: shaka.util.Error): void {
    const fault = this.#report(error);
    if (fault.isTransient) this.shaka.retryStreaming(this.#nextPauseS());
  }

  #wasReported(error: unknown): boolean {
    return this.faults.at(-1)?.code === describeFault(error).code && this.#failures > 0;
  }

  #report(error: unknown): Fault {
    const fault = describeFault(error);
    this.faults.push(fault);
    this.#failures += 1;
    this.listener.onFault(fault, this.#nextPauseS());
    return fault;
  }

  #recovered(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.listener.onFault(null, 0);
  }

  #rememberBandwidth(): void {
    const measured = this.shaka.getStats().estimatedBandwidth;
    if (Number.isFinite(measured) && measured > 0)
      setPreference({ bandwidth_bps: Math.round(measured) });
  }

  #nextPauseS(): number {
    return Math.min(2 ** (this.#failures - 1), MAX_PAUSE_S);
  }
}

/** Waits, but not for longer than the browser is offline. */
export function pauseOrOnline(seconds: number): Promise<unknown> {
  return new Promise((resolve) => {
    window.setTimeout(resolve, seconds * 1000);
    window.addEventListener("online", resolve, { once: true });
  });
}
