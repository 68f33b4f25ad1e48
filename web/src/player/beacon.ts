/** Tells the server what is played, so that owners learn how their videos are watched. Nobody waits for it, and its failures stay unseen. */

import type { Fault } from "./fault";

const URL = "/api/v1/beacons";
const TOLD_EVERY_MS = 10_000;
/** Soon after the 3 seconds that make a view. */
const FIRST_TOLD_MS = 4000;
const TICK_MS = 1000;
/** A longer step between two signs of life is a machine that slept, not a picture that moved. */
const LONGEST_STEP_MS = 5000;
/** As `stall.ts` has it. */
const NOTICED_MS = 100;
const MOST_EVENTS = 50;
const MOST_UNSENT = 30;
const SESSION_KEY = "yeoul_session";

/** What is asked of a player. */
interface Watched {
  readonly media: HTMLVideoElement;
  readonly video: { id: string } | null;
  readonly playback: { readonly faults: readonly Fault[] };
  readonly isConnected: boolean;
}

/** docs/analytics.md */
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

/** A stretch of the media that was played without a leap, and for how long the picture moved. */
interface Stretch {
  fromS: number;
  lastS: number;
  lastMs: number;
  playedMs: number;
}

/** Listens to a player until it leaves its page. */
export function tellPlayback(player: Watched): void {
  new Teller(player);
}

class Teller {
  readonly #media: HTMLVideoElement;
  readonly #session = openSession();
  readonly #openedMs = performance.now();
  readonly #timer: number;
  #videoId: string | null = null;
  #events: BeaconEvent[] = [];
  #stretch: Stretch | null = null;
  #stalledMs: number | null = null;
  #wantedMs: number | null = null;
  #started = false;
  #rung: string | null = null;
  /** Where the next stretch begins; null where only the playhead tells. */
  #soughtS: number | null = null;
  #faults = 0;
  #toldMs = 0;
  #unsent: string[] = [];
  #sending = false;

  constructor(readonly player: Watched) {
    this.#media = player.media;
    this.#timer = window.setInterval(() => this.#tick(), TICK_MS);
    this.#on(["loadstart"], () => (this.#wantedMs ??= performance.now()));
    this.#on(["play"], () => this.#noteClick());
    this.#on(["playing", "timeupdate"], () => this.#move());
    this.#on(["waiting"], () => this.#stall());
    this.#on(["seeking", "emptied"], () => this.#halt(this.#reckonS()));
    this.#on(["seeking"], () => (this.#soughtS = this.#media.currentTime));
    this.#on(["emptied"], () => (this.#soughtS = null));
    this.#on(["pause"], () => this.#halt(this.#media.currentTime, true));
    this.#on(["ended"], () => this.#end());
    window.addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.#leave());
  }

  #on(types: string[], listener: () => void): void {
    for (const type of types) this.#media.addEventListener(type, listener);
  }

  /** Where a page may not play by itself, what counts is how long its reader waited after the click. */
  #noteClick(): void {
    const clicked = navigator.userActivation?.isActive === true && this.#media.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    if (clicked && !this.#started) this.#wantedMs = performance.now();
  }

  /** The picture moves. */
  #move(): void {
    const media = this.#media;
    if (media.paused || media.seeking || media.ended || media.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) return;
    this.#follow();
    const nowMs = performance.now();
    this.#endStall();
    const isFirst = !this.#started;
    if (isFirst) this.#start(nowMs);
    const rung = rungOf(media);
    if (this.#stretch !== null && rung !== this.#rung) {
      this.#halt(media.currentTime);
      this.#push({ kind: "quality", rung });
    }
    this.#rung = rung;
    if (this.#stretch === null) {
      this.#stretch = begin(media, this.#soughtS ?? (isFirst ? playedFrom(media) : media.currentTime), nowMs);
      this.#soughtS = null;
    } else step(this.#stretch, media.currentTime, nowMs);
  }

  /** The player may go on to another video. */
  #follow(): void {
    const id = this.player.video?.id ?? null;
    if (id === this.#videoId) return;
    this.#tell();
    this.#videoId = id;
    this.#started = false;
    this.#rung = null;
    this.#toldMs = 0;
  }

  #start(nowMs: number): void {
    this.#started = true;
    this.#push({ kind: "start", startup_ms: Math.round(nowMs - (this.#wantedMs ?? nowMs)) });
  }

  #stall(): void {
    if (this.#stretch === null) return;
    this.#halt(this.#media.currentTime);
    if (!this.#media.seeking && !this.#media.ended) this.#stalledMs = performance.now();
  }

  #endStall(): void {
    if (this.#stalledMs === null) return;
    const stallMs = performance.now() - this.#stalledMs;
    this.#stalledMs = null;
    if (stallMs >= NOTICED_MS) this.#push({ kind: "stall", stall_s: stallMs / 1000 });
  }

  #end(): void {
    this.#halt(this.#media.currentTime);
    this.#push({ kind: "end" });
    this.#tell();
  }

  /** Where the playhead was before it was moved elsewhere. */
  #reckonS(): number {
    const stretch = this.#stretch;
    if (stretch === null) return 0;
    const passedMs = Math.min(performance.now() - stretch.lastMs, TICK_MS);
    return stretch.lastS + (passedMs / 1000) * this.#media.playbackRate;
  }

  /** The stretch ends, with the playhead at `atS`. */
  #halt(atS: number, tell = false): void {
    this.#endStall();
    const stretch = this.#stretch;
    this.#stretch = null;
    if (stretch !== null) {
      step(stretch, atS, performance.now());
      if (stretch.playedMs > 0) this.#push({ kind: "time", from_s: stretch.fromS, played_s: stretch.playedMs / 1000, rung: this.#rung }, stretch.lastS);
    }
    if (tell) this.#tell();
  }

  #push(event: BeaconEvent, positionS = this.#media.currentTime): void {
    this.#events.push({ ...event, at_s: (performance.now() - this.#openedMs) / 1000, position_s: positionS });
    if (this.#events.length >= MOST_EVENTS) this.#tell();
  }

  #tick(): void {
    const faults = this.player.playback.faults;
    for (const fault of faults.slice(this.#faults)) if (!fault.passing) this.#fail();
    this.#faults = faults.length;
    const nowMs = performance.now();
    const due = this.#toldMs === 0 ? (this.#stretch?.playedMs ?? 0) >= FIRST_TOLD_MS : nowMs - this.#toldMs >= TOLD_EVERY_MS;
    if (due) {
      this.#toldMs = nowMs;
      if (this.#stretch !== null) this.#halt(this.#media.currentTime);
      this.#tell();
      this.#move();
    }
    if (!this.player.isConnected) this.#stop();
  }

  #fail(): void {
    this.#follow();
    this.#push({ kind: "error" });
    this.#tell();
  }

  /** The page may never be seen again. */
  #leave(): void {
    this.#halt(this.#media.currentTime);
    this.#pack();
    this.#unsent = this.#unsent.filter((body) => !navigator.sendBeacon(URL, body));
    this.#move();
  }

  #stop(): void {
    window.clearInterval(this.#timer);
    this.#leave();
  }

  #tell(): void {
    this.#pack();
    void this.#send();
  }

  /** What happened becomes a batch with a number of its own, by which the server knows it again. */
  #pack(): void {
    if (this.#videoId !== null && this.#events.length > 0) {
      this.#unsent.push(JSON.stringify({ session: this.#session.id, video_id: this.#videoId, seq: this.#session.next(), events: this.#events }));
    }
    this.#events = [];
    this.#unsent = this.#unsent.slice(-MOST_UNSENT);
  }

  /** Sends what was not taken yet, in order; what fails is tried again with what comes next. */
  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let body = this.#unsent[0]; body !== undefined && (await wasTaken(body)); body = this.#unsent[0]) {
      this.#unsent = this.#unsent.filter((other) => other !== body);
    }
    this.#sending = false;
  }
}

/** A busy page learns late that playing has begun: the stretch goes back to where that was. */
function begin(media: HTMLMediaElement, fromS: number, nowMs: number): Stretch {
  const lastS = media.currentTime;
  const beganS = Math.min(fromS, lastS);
  return { fromS: beganS, lastS, lastMs: nowMs, playedMs: ((lastS - beganS) / media.playbackRate) * 1000 };
}

/** Where what is played now began. */
function playedFrom(media: HTMLMediaElement): number {
  const { currentTime, played } = media;
  for (let index = 0; index < played.length; index++) {
    if (played.start(index) <= currentTime && currentTime <= played.end(index)) return played.start(index);
  }
  return currentTime;
}

function step(stretch: Stretch, atS: number, nowMs: number): void {
  stretch.playedMs += Math.min(nowMs - stretch.lastMs, LONGEST_STEP_MS);
  stretch.lastS = Math.max(stretch.lastS, atS);
  stretch.lastMs = nowMs;
}

/** Whether the server answered, be it that it does not want this. */
async function wasTaken(body: string): Promise<boolean> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(URL, { method: "POST", body, headers, keepalive: true }).catch(() => null);
  return answer !== null && answer.status < 500 && answer.status !== 429;
}

/** The name of the rung that shows: its shorter side. */
function rungOf(media: HTMLVideoElement): string | null {
  const side = Math.min(media.videoWidth, media.videoHeight);
  return side >= 10 && side <= 9999 ? `${side}p` : null;
}

interface Session {
  id: string;
  /** Counts up, also from page to page. */
  next: () => number;
}

/** A random name that the browser keeps as long as the tab is open; only as long as the page is where people wish not to be followed. */
function openSession(): Session {
  const known = isUnfollowed() ? null : readStored();
  const id = known?.id ?? [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  let seq = known?.seq ?? 0;
  const next = (): number => {
    seq += 1;
    if (!isUnfollowed()) store({ id, seq });
    return seq;
  };
  return { id, next };
}

function isUnfollowed(): boolean {
  return navigator.doNotTrack === "1" || (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
}

function readStored(): { id: string; seq: number } | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(SESSION_KEY) ?? "null") as { id?: unknown; seq?: unknown } | null;
    return typeof found?.id === "string" && typeof found.seq === "number" ? { id: found.id, seq: found.seq } : null;
  } catch {
    return null; // storage that is refused, or was written by somebody else
  }
}

function store(session: { id: string; seq: number }): void {
  try {
    sessionStorage.setItem(SESSION_KEY, JSON.stringify(session));
  } catch {
    // Without storage a session is as long as its page.
  }
}
