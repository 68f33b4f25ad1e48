/**
 * Reports playback to the server, for the owner's analytics. Failures are not shown to the viewer.
 */

import type { Fault } from "../stream/fault.ts";
import { MIN_STALL_MS } from "../stream/stall-counter.ts";
import { openSession } from "./beacon-session.ts";

const BEACONS_URL = "/api/v1/beacons";
const REPORT_INTERVAL_MS = 10_000;
/** Shortly after the 3 seconds that count as a view. */
const FIRST_REPORT_MS = 4000;
const TICK_MS = 1000;
/** After a longer step the machine was asleep, and the time is not watch time. */
const MAX_STEP_MS = 5000;
const MAX_EVENTS = 50;
const MAX_UNSENT = 30;

/** The player that is reported. */
interface Player {
  readonly media: HTMLVideoElement;
  readonly video: { id: string } | null;
  readonly playback: { readonly faults: readonly Fault[] };
  readonly isConnected: boolean;
}

/** An event of docs/analytics.md. */
interface BeaconEvent {
  kind: "start" | "time" | "stall" | "quality" | "end" | "error";
  at_s?: number;
  position_s?: number;
  from_s?: number;
  played_s?: number;
  stall_s?: number;
  startup_ms?: number;
  rung?: string | null;
}

/**
 * A part of the media that was played without seeking. playedMs: the time for which the picture
 * moved.
 */
interface Stretch {
  fromS: number;
  lastS: number;
  lastMs: number;
  playedMs: number;
}

/** Reports the playback of a player until it leaves its page. */
export function reportPlayback(player: Player): void {
  new PlaybackReporter(player);
}

class PlaybackReporter {
  readonly player: Player;
  readonly #media: HTMLVideoElement;
  readonly #session = openSession();
  readonly #openedMs = performance.now();
  readonly #timer: ReturnType<typeof setInterval>;
  #videoId: string | null = null;
  #events: BeaconEvent[] = [];
  #stretch: Stretch | null = null;
  #stalledMs: number | null = null;
  /** When playback was requested, from which the startup time counts. */
  #requestedMs: number | null = null;
  #isStarted = false;
  #rung: string | null = null;
  /** The target of the last seek, where the next stretch starts. */
  #soughtS: number | null = null;
  #faults = 0;
  #reportedMs = 0;
  #unsent: string[] = [];
  #isSending = false;

  constructor(player: Player) {
    this.player = player;
    this.#media = player.media;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#on(["loadstart"], () => {
      this.#requestedMs ??= performance.now();
    });
    this.#on(["play"], () => this.#onPlay());
    this.#on(["playing", "timeupdate"], () => this.#onProgress());
    this.#on(["waiting"], () => this.#onWaiting());
    this.#on(["seeking", "emptied"], () => this.#endStretch(this.#estimatePositionS()));
    this.#on(["seeking"], () => {
      this.#soughtS = this.#media.currentTime;
    });
    this.#on(["emptied"], () => {
      this.#soughtS = null;
    });
    this.#on(["pause"], () => {
      this.#endStretch(this.#media.currentTime);
      this.#report();
    });
    this.#on(["ended"], () => this.#onEnded());
    window.addEventListener("pagehide", () => this.#flush());
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "hidden" && this.#flush(),
    );
  }

  #on(types: string[], listener: () => void): void {
    for (const type of types) this.#media.addEventListener(type, listener);
  }

  /** If the page may not play by itself, the startup time counts from the viewer's click. */
  #onPlay(): void {
    const isClick =
      navigator.userActivation?.isActive === true &&
      this.#media.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    if (isClick && !this.#isStarted) this.#requestedMs = performance.now();
  }

  #onProgress(): void {
    const media = this.#media;
    if (
      media.paused ||
      media.seeking ||
      media.ended ||
      media.readyState < HTMLMediaElement.HAVE_FUTURE_DATA
    )
      return;
    this.#followVideo();
    const nowMs = performance.now();
    this.#endStall();
    const isFirst = !this.#isStarted;
    if (isFirst) this.#start(nowMs);
    const rung = rungOf(media);
    if (this.#stretch !== null && rung !== this.#rung) {
      this.#endStretch(media.currentTime);
      this.#push({ kind: "quality", rung });
    }
    this.#rung = rung;
    if (this.#stretch === null) {
      this.#stretch = beginStretch(
        media,
        this.#soughtS ?? (isFirst ? playedFrom(media) : media.currentTime),
        nowMs,
      );
      this.#soughtS = null;
    } else extendStretch(this.#stretch, media.currentTime, nowMs);
  }

  /** Starts again if the player has moved on to another video. */
  #followVideo(): void {
    const id = this.player.video?.id ?? null;
    if (id === this.#videoId) return;
    this.#report();
    this.#videoId = id;
    this.#isStarted = false;
    this.#rung = null;
    this.#reportedMs = 0;
  }

  #start(nowMs: number): void {
    this.#isStarted = true;
    this.#push({ kind: "start", startup_ms: Math.round(nowMs - (this.#requestedMs ?? nowMs)) });
  }

  #onWaiting(): void {
    if (this.#stretch === null) return;
    this.#endStretch(this.#media.currentTime);
    if (!this.#media.seeking && !this.#media.ended) this.#stalledMs = performance.now();
  }

  #endStall(): void {
    if (this.#stalledMs === null) return;
    const stallMs = performance.now() - this.#stalledMs;
    this.#stalledMs = null;
    if (stallMs >= MIN_STALL_MS) this.#push({ kind: "stall", stall_s: stallMs / 1000 });
  }

  #onEnded(): void {
    this.#endStretch(this.#media.currentTime);
    this.#push({ kind: "end" });
    this.#report();
  }

  /** Returns about where the playhead was before a seek moved it. */
  #estimatePositionS(): number {
    const stretch = this.#stretch;
    if (stretch === null) return 0;
    const passedMs = Math.min(performance.now() - stretch.lastMs, TICK_MS);
    return stretch.lastS + (passedMs / 1000) * this.#media.playbackRate;
  }

  /** Ends the current stretch at a position and records its watch time. */
  #endStretch(atS: number): void {
    this.#endStall();
    const stretch = this.#stretch;
    this.#stretch = null;
    if (stretch === null) return;
    extendStretch(stretch, atS, performance.now());
    if (stretch.playedMs > 0)
      this.#push(
        {
          kind: "time",
          from_s: stretch.fromS,
          played_s: stretch.playedMs / 1000,
          rung: this.#rung,
        },
        stretch.lastS,
      );
  }

  #push(event: BeaconEvent, positionS = this.#media.currentTime): void {
    this.#events.push({
      ...event,
      at_s: (performance.now() - this.#openedMs) / 1000,
      position_s: positionS,
    });
    if (this.#events.length >= MAX_EVENTS) this.#report();
  }

  #tick(): void {
    const faults = this.player.playback.faults;
    for (const fault of faults.slice(this.#faults)) if (!fault.isTransient) this.#fail();
    this.#faults = faults.length;
    const nowMs = performance.now();
    const isDue =
      this.#reportedMs === 0
        ? (this.#stretch?.playedMs ?? 0) >= FIRST_REPORT_MS
        : nowMs - this.#reportedMs >= REPORT_INTERVAL_MS;
    if (isDue) {
      this.#reportedMs = nowMs;
      if (this.#stretch !== null) this.#endStretch(this.#media.currentTime);
      this.#report();
      this.#onProgress();
    }
    if (!this.player.isConnected) this.#stop();
  }

  #fail(): void {
    this.#followVideo();
    this.#push({ kind: "error" });
    this.#report();
  }

  /** Sends everything now, since the page may be closed. */
  #flush(): void {
    this.#endStretch(this.#media.currentTime);
    this.#makeBatch();
    this.#unsent = this.#unsent.filter((body) => !navigator.sendBeacon(BEACONS_URL, body));
    this.#onProgress();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  #report(): void {
    this.#makeBatch();
    void this.#send();
  }

  /**
   * Makes a batch of the events. Its sequence number lets the server ignore a batch that it has
   * already.
   */
  #makeBatch(): void {
    if (this.#videoId !== null && this.#events.length > 0) {
      this.#unsent.push(
        JSON.stringify({
          session: this.#session.id,
          video_id: this.#videoId,
          seq: this.#session.next(),
          events: this.#events,
        }),
      );
    }
    this.#events = [];
    this.#unsent = this.#unsent.slice(-MAX_UNSENT);
  }

  /** Sends the batches in order. A batch that fails is sent again with the next report. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (
      let body = this.#unsent[0];
      body !== undefined && (await sendBatch(body));
      body = this.#unsent[0]
    ) {
      this.#unsent = this.#unsent.filter((other) => other !== body);
    }
    this.#isSending = false;
  }
}

/** A busy page learns late that playback has started, so the stretch starts where it did. */
function beginStretch(media: HTMLMediaElement, fromS: number, nowMs: number): Stretch {
  const lastS = media.currentTime;
  const startS = Math.min(fromS, lastS);
  return {
    fromS: startS,
    lastS,
    lastMs: nowMs,
    playedMs: ((lastS - startS) / media.playbackRate) * 1000,
  };
}

/** Returns the start of the played range at the current position. */
function playedFrom(media: HTMLMediaElement): number {
  const { currentTime, played } = media;
  for (let index = 0; index < played.length; index++) {
    if (played.start(index) <= currentTime && currentTime <= played.end(index))
      return played.start(index);
  }
  return currentTime;
}

function extendStretch(stretch: Stretch, atS: number, nowMs: number): void {
  stretch.playedMs += Math.min(nowMs - stretch.lastMs, MAX_STEP_MS);
  stretch.lastS = Math.max(stretch.lastS, atS);
  stretch.lastMs = nowMs;
}

/** Returns true if the server answered, also if it refused the batch for good. */
async function sendBatch(body: string): Promise<boolean> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(BEACONS_URL, {
    method: "POST",
    body,
    headers,
    keepalive: true,
  }).catch(() => null);
  return response !== null && response.status < 500 && response.status !== 429;
}

/** Returns the name of the visible rung, by its shorter side. */
function rungOf(media: HTMLVideoElement): string | null {
  const side = Math.min(media.videoWidth, media.videoHeight);
  return side >= 10 && side <= 9999 ? `${side}p` : null;
}
