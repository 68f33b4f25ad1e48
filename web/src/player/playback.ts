/** Loads a stream into the media element and keeps it going: retries, rungs, and the change to a fuller stream of the same video. */

import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";

import type { RenditionView } from "../api/schema";
import { applyEditLists, ignoresEditLists } from "./edit_list";
import { describeFault, isInterruption, type Fault } from "./fault";
import { prefer, preference, savesData } from "./preference";
import { activeRung, chooseRung, listRungs, type Rung } from "./rungs";
import { activeLanguage, chooseSound, listSounds, preferSound, type Sound } from "./sounds";
import { StallCounter } from "./stall";
import { bandwidthFor, pickStart, SAVER_PIXELS, startLimits, type StartRung } from "./start";
import { countListedRungs, type Stream } from "./stream";

const RETRY = { maxAttempts: 4, baseDelay: 500, backoffFactor: 2, fuzzFactor: 0.3, timeout: 30_000, stallTimeout: 10_000, connectionTimeout: 10_000 };
const LONGEST_PAUSE_S = 15;
/** Rungs of a growing video join one after the other; a viewer who is watching is not disturbed for each of them. */
const CALM_MS = 8000;

/** What the player tells its surroundings. */
export interface PlaybackListener {
  onRungs(): void;
  /** null: the trouble is over. retryS: until it is tried again by itself. */
  onFault(fault: Fault | null, retryS: number): void;
  /** Called with the picture still standing, before the element is emptied for another stream, and when the new one shows. */
  onHold(held: boolean): void;
}

export class Playback {
  readonly shaka = new shaka.Player();
  readonly stalls: StallCounter;
  readonly faults: Fault[] = [];
  /** How often a manifest was loaded: 1, and 1 more for each change of stream. */
  loads = 0;
  stream: Stream | null = null;
  chosen: string | null = null;
  /** Paused only while the stream is changed: to the viewer it plays. */
  resumes = false;
  #attached: Promise<unknown>;
  #sound: string | null = null;
  #failures = 0;
  #wanted: Stream | null = null;
  #busy = false;
  #calmUntilMs = 0;

  constructor(
    readonly media: HTMLVideoElement,
    readonly listener: PlaybackListener,
  ) {
    this.stalls = new StallCounter(media);
    this.#attached = this.shaka.attach(media);
    this.#configure();
    if (ignoresEditLists(navigator.userAgent)) applyEditLists(this.shaka);
    this.shaka.addEventListener("error", (event) => this.#onError((event as unknown as { detail: unknown }).detail));
    for (const type of ["trackschanged", "adaptation", "variantchanged", "audiotrackschanged", "audiotrackchanged"]) this.shaka.addEventListener(type, () => listener.onRungs());
    this.shaka.addEventListener("segmentappended", () => this.#recovered());
    for (const type of ["pause", "waiting", "seeking"]) media.addEventListener(type, () => void this.#upgrade(true));
    new ResizeObserver(() => void this.#upgrade(false)).observe(media);
    window.addEventListener("online", () => this.shaka.retryStreaming());
    for (const [target, type] of [[window, "pagehide"], [media, "pause"]] as const) target.addEventListener(type, () => this.#rememberBandwidth());
  }

  get rungs(): Rung[] {
    return listRungs(this.shaka);
  }

  get activeRung(): string | undefined {
    return activeRung(this.shaka);
  }

  get sounds(): Sound[] {
    return listSounds(this.shaka);
  }

  /** Plays another audio track; its language is taken for the next video, too. */
  chooseSound(id: string): void {
    this.#sound = id;
    chooseSound(this.shaka, id);
    prefer({ audioLanguage: activeLanguage(this.shaka) ?? "" });
    this.listener.onRungs();
  }

  /** Starts a stream, or moves on to a fuller one of the same video when that helps. rungs, renditions: what the stream is known to have, before it is loaded. */
  async show(stream: Stream, startS: number, rungs: readonly StartRung[], renditions: readonly RenditionView[]): Promise<void> {
    if (this.stream === null) {
      const sound = preferSound(renditions, preference().audioLanguage);
      this.shaka.configure({ preferredAudio: sound === null ? [] : [sound] });
      this.stream = stream;
      const first = pickStart(rungs, startLimits());
      if (first !== undefined) this.shaka.configure("abr.defaultBandwidthEstimate", bandwidthFor(rungs, first));
      await this.#alone(() => this.#load(stream.url, startS));
    } else {
      this.#wanted = stream;
    }
    await this.#upgrade(false);
  }

  /** What the viewer wants holds also when it is said while the stream is changed. */
  setPaused(paused: boolean): void {
    if (this.resumes) this.resumes = !paused;
    else if (paused) this.media.pause();
    else void this.media.play().catch(() => undefined);
  }

  /** Plays one rung only; null leaves the choice to the bandwidth. */
  choose(id: string | null): void {
    this.chosen = id;
    chooseRung(this.shaka, id);
    this.listener.onRungs();
  }

  /** Holds automatic quality to what the viewer's wish to save data allows. */
  applySaver(): void {
    this.shaka.configure("abr.restrictions.maxPixels", savesData() ? SAVER_PIXELS : Infinity);
  }

  /** Loads the same stream again where it stopped, after a fault that did not pass. */
  async restart(): Promise<void> {
    const stream = this.stream;
    if (stream !== null) await this.#alone(() => this.#load(stream.url, this.media.currentTime));
  }

  #configure(): void {
    this.shaka.configure({
      // It bans rungs on a share of few pictures: variable frame rates lost all but two of five, also in the picker.
      // With which rung to begin is said by what we measured ourselves.
      abr: { droppedFrames: false, useNetworkInformation: false },
      manifest: {
        updatePeriod: 1,
        // Captions come as <track> elements, which the browser's own settings style.
        disableText: true,
        // No distance to the live edge: all that is listed of a growing video can be sought, and a change of stream goes on where it was.
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
        if (!fault.passing) return;
        await pauseOrOnline(this.#nextPauseS());
      }
    }
    this.loads += 1;
    this.#recovered();
    if (this.#sound !== null) chooseSound(this.shaka, this.#sound);
    if (this.chosen !== null) chooseRung(this.shaka, this.chosen);
    this.listener.onRungs();
  }

  /** Changes to the wanted stream at a moment that costs the viewer nothing, or while playing where the picture is larger than what is loaded. */
  async #upgrade(idle: boolean): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === null || this.#busy || this.media.ended) return;
    if (wanted.rungs > this.rungs.length && !idle && !this.media.paused && !this.#helpsNow(wanted)) return;
    this.#wanted = null;
    await this.#alone(async () => {
      if (await this.#offersMore(wanted)) await this.#change(wanted);
      else if (!wanted.growing && this.stream !== null) this.stream = { ...this.stream, growing: false };
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

  async #change(wanted: Stream): Promise<void> {
    const { paused, defaultPlaybackRate } = this.media; // the rate itself is 0 while Shaka waits for data
    this.resumes = !paused;
    this.media.pause();
    this.listener.onHold(true);
    this.stream = wanted;
    this.#calmUntilMs = performance.now() + CALM_MS;
    await this.#load(wanted.url, this.media.currentTime);
    this.media.playbackRate = defaultPlaybackRate;
    this.media.requestVideoFrameCallback(() => this.listener.onHold(false));
    if (this.resumes) await this.media.play().catch(() => undefined);
    this.resumes = false;
  }

  /** A growing video's renditions are known before all of them are listed; of a whole one, the browser may not decode all. */
  async #offersMore(stream: Stream): Promise<boolean> {
    if (this.stream?.growing === false && stream.rungs <= this.stream.rungs) return false;
    if (stream.rungs <= this.rungs.length) return false;
    if (stream.protocol === "dash") return true;
    const answer = await fetch(stream.url).catch(() => null);
    return answer !== null && answer.ok && countListedRungs(await answer.text()) > this.rungs.length;
  }

  #helpsNow(wanted: Stream): boolean {
    if (wanted.growing && performance.now() < this.#calmUntilMs) return false;
    return this.media.clientHeight * window.devicePixelRatio > Math.max(0, ...this.rungs.map((rung) => rung.height));
  }

  #onError(error: unknown): void {
    if (isInterruption(error)) return;
    const critical = (error as shaka.util.Error).severity === shaka.util.Error.Severity.CRITICAL;
    if (critical && !this.#wasReported(error)) this.#report(error);
  }

  #onStreamingFailure(error: shaka.util.Error): void {
    const fault = this.#report(error);
    if (fault.passing) this.shaka.retryStreaming(this.#nextPauseS());
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
    if (Number.isFinite(measured) && measured > 0) prefer({ bandwidth_bps: Math.round(measured) });
  }

  #nextPauseS(): number {
    return Math.min(2 ** (this.#failures - 1), LONGEST_PAUSE_S);
  }
}

function pauseOrOnline(seconds: number): Promise<unknown> {
  return new Promise((resolve) => {
    window.setTimeout(resolve, seconds * 1000);
    window.addEventListener("online", resolve, { once: true });
  });
}
