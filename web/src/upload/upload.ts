/** One upload of one file: pieces in parallel straight to the store, each retried alone; what has landed is never sent again. */

import { ApiError, getVideo } from "../api/video";
import { fingerprint } from "./fingerprint";
import { Lanes } from "./lanes";
import { forget, remember } from "./memory";
import { putSigned } from "./put";
import { Rate } from "./rate";
import type { Reason } from "./reason";
import { isWorthRetry, pauseMs, waitToRetry } from "./retry";
import * as server from "./server";
import { type Items, openItems } from "./split";
import { titleOf } from "./title";
import type { Item, SoundItem } from "./worker";

export type UploadState = "waiting" | "reading" | "sending" | "paused" | "offline" | "done" | "failed" | "cancelled";
export type ItemState = "missing" | "sending" | "landed";

/** What a page shows of an upload. reason: why the file goes up whole. etaS: of the sending alone; null where nothing moves. */
export interface Progress {
  state: UploadState;
  videoId: string | null;
  reason: Reason | null;
  items: readonly ItemState[];
  sentBytes: number;
  totalBytes: number;
  bytesPerS: number;
  etaS: number | null;
  resumed: boolean;
  error: { status: number; code: string; message: string } | null;
}

let count = 0;
const UNKNOWN: ReadonlySet<Reason> = new Set(["container", "unreadable", "no_video", "video_codec"]);
const AHEAD_BYTES = 96 * 2 ** 20; // what may wait in memory, however many lanes there are

/** Says "change" whenever something of its progress has changed. */
export class Upload extends EventTarget {
  private state: UploadState = "waiting";
  private videoId: string | null = null;
  private items: Items | null = null;
  private reason: Reason | null = null;
  private states: ItemState[] = [];
  private sizeBytes: number;
  private sentBytes = 0;
  private doneBytes = 0;
  private resumed = false;
  private error: Progress["error"] = null;
  private stop = new AbortController();
  private readonly rate = new Rate();
  private readonly lanes: Lanes;

  /** Tells the uploads of a page apart. */
  readonly id = (count += 1);

  /** mostLanes: see Lanes. */
  constructor(
    readonly file: File,
    mostLanes: () => number,
  ) {
    super();
    this.lanes = new Lanes(mostLanes);
    this.sizeBytes = file.size;
  }

  get progress(): Progress {
    const now = performance.now();
    const totalBytes = Math.max(this.sizeBytes, this.sentBytes);
    return {
      ...{ state: this.state, videoId: this.videoId, reason: this.reason, items: this.states, resumed: this.resumed },
      ...{ sentBytes: this.sentBytes, totalBytes, bytesPerS: this.rate.bytesPerS(now), error: this.error },
      etaS: this.state === "sending" ? this.rate.etaS(totalBytes - this.sentBytes, now) : null,
    };
  }

  /** Uploads, or goes on with an upload of the same file; ends when it is done, failed, paused or cancelled. */
  async run(): Promise<void> {
    const stop = (this.stop = new AbortController());
    try {
      this.enter("reading");
      await this.persist(() => this.transfer(stop.signal), stop.signal);
      this.enter("done");
      this.close();
    } catch (error) {
      if (stop.signal.aborted) return; // paused or cancelled, which has been said
      this.error = error instanceof ApiError ? error : { status: -1, code: "upload.failed", message: String(error) };
      this.enter("failed");
      this.close();
    }
  }

  /** Whether it moves, or will by itself. */
  get running(): boolean {
    return ["waiting", "reading", "sending", "offline"].includes(this.state);
  }

  /** Says that it will be run again when its turn comes. */
  wait(): void {
    this.error = null;
    this.enter("waiting");
  }

  pause(): void {
    if (!["reading", "sending", "offline", "waiting"].includes(this.state)) return;
    this.enter("paused");
    this.stop.abort();
  }

  /** Gives the upload up and deletes its video. */
  async cancel(): Promise<void> {
    this.enter("cancelled");
    this.stop.abort();
    this.close();
    if (this.videoId !== null) await server.deleteVideo(this.videoId);
    await forget(await fingerprint(this.file));
  }

  private async transfer(stop: AbortSignal): Promise<void> {
    const mark = await fingerprint(this.file);
    const known = await server.findUploads(mark);
    const items = (this.items ??= await openItems(this.file, known.piece_s, known.part_bytes, known.whole));
    this.reason = items.reason;
    this.sizeBytes = items.sizeBytes;
    if (items.reason !== null && UNKNOWN.has(items.reason)) await this.check();
    const session = (await this.findSame(known.items, items, stop)) ?? (await this.open(mark, items));
    stop.throwIfAborted();
    this.videoId = session.video_id;
    await remember({ fingerprint: mark, name: this.file.name, sizeBytes: this.file.size, videoId: session.video_id, atMs: Date.now() });
    this.startFrom(session, items);
    this.enter("sending");
    await this.finish(session, items, stop);
    await forget(mark);
  }

  /** Has the server look at the ends of a file that the browser does not know; whatever else goes wrong there, sending will tell. */
  private async check(): Promise<void> {
    try {
      await server.probeFile(this.file);
    } catch (error) {
      if (error instanceof ApiError && error.code === "media.unsupported_codec") throw error;
    }
  }

  private async finish(session: server.Session, items: Items, stop: AbortSignal): Promise<void> {
    try {
      await this.sendAll(session.id, items, stop);
      for (let index = 0; index < items.soundCount; index++) await this.sendSound(session.video_id, await items.makeSound(index), stop);
      await this.persist(() => server.completeUpload(session.id, items.count), stop);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "upload.closed") throw error;
      // Another tab completed it, which is fine, or the video failed, which says why.
      const failed = (await getVideo(session.video_id)).error;
      if (failed !== null) throw new ApiError(409, failed.code, failed.message);
    }
  }

  private close(): void {
    this.items?.close();
    this.items = null;
  }

  /** The newest upload of which all that has landed is of this very file: the fingerprint looks only at size, start and end. */
  private async findSame(sessions: readonly server.Session[], items: Items, stop: AbortSignal): Promise<server.Session | null> {
    for (const session of sessions.filter(({ mode }) => mode === items.mode)) {
      if (session.video_id === this.videoId) return session;
      let same = true;
      for (const piece of session.pieces.filter(({ landed }) => landed)) {
        stop.throwIfAborted();
        same = piece.index < items.count && (await items.make(piece.index)).declared.sha256 === piece.sha256;
        if (!same) break;
      }
      if (same) {
        this.resumed = true;
        return session;
      }
    }
    return null;
  }

  private async open(mark: string, items: Items): Promise<server.Session> {
    const video = await server.createVideo({ title: titleOf(this.file.name), visibility: "private" }, `${mark}-${Date.now()}`);
    const { source, mode } = items;
    const request = { mode, file_name: this.file.name.slice(0, 500), size_bytes: this.file.size, fingerprint: mark };
    return server.openUpload(video.id, source === null ? request : { ...request, source });
  }

  private startFrom(session: server.Session, items: Items): void {
    const landed = new Map(session.pieces.filter((piece) => piece.landed).map(({ index, size_bytes }) => [index, size_bytes]));
    this.states = Array.from({ length: items.count }, (_, index) => (landed.has(index) ? "landed" : "missing"));
    this.doneBytes = this.sentBytes = [...landed.values()].reduce((sum, size) => sum + size, 0);
    this.rate.clear();
  }

  /** Keeps the lanes busy, and cuts and asks for addresses ahead of them meanwhile; the first object goes alone. */
  private async sendAll(uploadId: string, items: Items, stop: AbortSignal): Promise<void> {
    const missing = this.states.flatMap((state, index) => (state === "missing" ? [index] : []));
    const sending = new Map<number, Promise<void>>();
    const signed: [Item, server.SignedUrl | undefined][] = [];
    const held = new Map<number, number>();
    let preparing: Promise<void> | null = null;
    let failure: unknown = null;
    const fail = (error: unknown): void => void (failure ??= error);
    const broken = new AbortController(); // one lane has failed for good: the others need not go on
    const lane = AbortSignal.any([stop, broken.signal]);
    const prepare = async (): Promise<void> => {
      const batch = await this.cutBatch(items, missing, held, this.lanes.allowed);
      const urls = await this.persist(() => server.signUrls(uploadId, batch.map(({ declared }) => declared)), stop);
      signed.push(...batch.map((item): [Item, server.SignedUrl | undefined] => [item, urls.find(({ index }) => index === item.declared.index)]));
    };
    while (failure === null && (missing.length > 0 || preparing !== null || signed.length > 0 || sending.size > 0)) {
      while (signed.length > 0 && sending.size < this.lanes.allowed) {
        const [item, url] = signed.shift() as [Item, server.SignedUrl | undefined];
        const index = item.declared.index;
        const end = (): void => void [sending.delete(index), held.delete(index)];
        sending.set(index, this.send(uploadId, item, url, lane).catch(fail).then(end));
      }
      if (preparing === null && signed.length === 0 && missing.length > 0) preparing = prepare().catch(fail).then(() => void (preparing = null));
      await Promise.race([...sending.values(), ...(preparing === null ? [] : [preparing])]);
    }
    if (failure === null) return;
    broken.abort();
    throw failure;
  }

  /** At least one item, at most `count`, not more in memory than may be. */
  private async cutBatch(items: Items, missing: number[], held: Map<number, number>, count: number): Promise<Item[]> {
    const batch: Item[] = [];
    const heldBytes = (): number => [...held.values()].reduce((sum, size) => sum + size, 0);
    while (missing.length > 0 && batch.length < count && (batch.length === 0 || heldBytes() < AHEAD_BYTES)) {
      const item = await items.make(missing.shift() as number);
      held.set(item.declared.index, item.body.length);
      batch.push(item);
    }
    return batch;
  }

  /** One object, until it has landed. */
  private async send(uploadId: string, item: Item, url: server.SignedUrl | undefined, stop: AbortSignal): Promise<void> {
    const { index } = item.declared;
    this.mark(index, "sending");
    let fresh = url;
    await this.persist(async () => {
      // An address that failed may have expired: the next attempt asks for another.
      const target = fresh ?? (await server.signUrls(uploadId, [item.declared]))[0];
      fresh = undefined;
      if (target?.url) await putSigned(target, item.body, (bytes) => this.count(bytes), stop);
      await server.reportLanded(uploadId, [index]);
    }, stop);
    this.doneBytes += item.body.length;
    this.lanes.succeeded(this.rate.bytesPerS(performance.now()));
    this.mark(index, "landed");
  }

  /** The file of an audio track; the server knows by its bytes one that it has. */
  private async sendSound(videoId: string, { track, body }: SoundItem, stop: AbortSignal): Promise<void> {
    await this.persist(async () => {
      const { name, target } = await server.openTrack(videoId, track);
      if (target.url !== null) await putSigned(target, body, (bytes) => this.count(bytes), stop);
      await server.reportTrack(videoId, name);
    }, stop);
    this.doneBytes += body.length;
  }

  /** Tries again, as long as it takes, what fails because of the line or the server; the state says when it is offline. */
  private async persist<T>(act: () => Promise<T>, stop: AbortSignal): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      stop.throwIfAborted();
      try {
        const value = await act();
        if (this.state === "offline") this.enter("sending");
        return value;
      } catch (error) {
        stop.throwIfAborted();
        if (!isWorthRetry(error, attempt)) throw error;
        this.lanes.failed();
        this.rate.clear();
        this.enter("offline");
        await waitToRetry(pauseMs(attempt), stop);
      }
    }
  }

  private mark(index: number, state: ItemState): void {
    this.states[index] = state;
    this.say();
  }

  private count(bytes: number): void {
    this.sentBytes = Math.max(this.doneBytes, this.sentBytes + bytes);
    this.rate.add(bytes, performance.now());
    this.say();
  }

  private enter(state: UploadState): void {
    this.state = state;
    this.say();
  }

  private say(): void {
    this.dispatchEvent(new Event("change"));
  }
}
