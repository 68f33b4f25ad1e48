/**
 * The upload of one file: items go to the store in parallel and are retried one by one. What has
 * landed is never sent again.
 */

import { Problem } from "../../api/client.ts";
import type { UploadView } from "../../api/schema.d.ts";
import { getVideo } from "../../api/video.ts";
import { type Items, openItems } from "../items.ts";
import type { Reason } from "../split-reason.ts";
import type { AudioItem, Item } from "../worker.ts";
import { fingerprint } from "./fingerprint.ts";
import { Lanes } from "./lanes.ts";
import { putSigned } from "./put.ts";
import { Rate } from "./rate.ts";
import { isRetriable, pauseMs, waitToRetry } from "./retry.ts";
import * as server from "./server.ts";
import { titleOf } from "./title.ts";
import { removeUnfinished, saveUnfinished } from "./unfinished.ts";

export type UploadState =
  | "waiting"
  | "reading"
  | "sending"
  | "paused"
  | "offline"
  | "done"
  | "failed"
  | "cancelled";
export type ItemState = "missing" | "sending" | "landed";

/** The state of an upload as a page shows it. */
export interface Progress {
  state: UploadState;
  videoId: string | null;
  /** Why the file is uploaded whole. */
  reason: Reason | null;
  items: readonly ItemState[];
  sentBytes: number;
  totalBytes: number;
  bytesPerS: number;
  /** Until all bytes are sent; null if nothing moves. */
  etaS: number | null;
  resumed: boolean;
  /** A Problem, or another error if the browser failed. */
  error: unknown;
}

interface SignedItem {
  item: Item;
  target: server.SignedUrl | undefined;
}

let count = 0;
/** The server is asked about these files before they are sent whole. */
const UNKNOWN: ReadonlySet<Reason> = new Set([
  "container",
  "unreadable",
  "no_video",
  "video_codec",
]);
/** Items that may wait in memory, however many lanes there are. */
const MAX_HELD_BYTES = 96 * 2 ** 20;

/** Dispatches "change" when its progress changes. */
export class Upload extends EventTarget {
  /** Unique among the uploads of a page. */
  readonly id: number;
  readonly file: File;
  private state: UploadState = "waiting";
  private videoId: string | null = null;
  private items: Items | null = null;
  private reason: Reason | null = null;
  private states: ItemState[] = [];
  private sizeBytes: number;
  private sentBytes = 0;
  private landedBytes = 0;
  private resumed = false;
  private error: unknown = null;
  private stop = new AbortController();
  private readonly rate = new Rate();
  private readonly lanes: Lanes;

  /** maxLanes: see Lanes. */
  constructor(file: File, maxLanes: () => number) {
    super();
    count += 1;
    this.id = count;
    this.file = file;
    this.lanes = new Lanes(maxLanes);
    this.sizeBytes = file.size;
  }

  get progress(): Progress {
    const now = performance.now();
    const totalBytes = Math.max(this.sizeBytes, this.sentBytes);
    return {
      state: this.state,
      videoId: this.videoId,
      reason: this.reason,
      items: this.states,
      sentBytes: this.sentBytes,
      totalBytes,
      bytesPerS: this.rate.bytesPerS(now),
      etaS: this.state === "sending" ? this.rate.etaS(totalBytes - this.sentBytes, now) : null,
      resumed: this.resumed,
      error: this.error,
    };
  }

  /**
   * Uploads the file, or continues its upload. Settles when it is done, failed, paused or
   * cancelled.
   */
  async run(): Promise<void> {
    this.stop = new AbortController();
    const stop = this.stop.signal;
    try {
      this.enter("reading");
      await this.persist(() => this.transfer(stop), stop);
      this.enter("done");
      this.close();
    } catch (error) {
      if (stop.aborted) return; // paused or cancelled
      this.error = error;
      this.enter("failed");
      this.close();
    }
  }

  /** True if the upload makes progress, or will without an action of the user. */
  get isRunning(): boolean {
    return ["waiting", "reading", "sending", "offline"].includes(this.state);
  }

  /** Marks the upload as waiting for its turn. */
  wait(): void {
    this.error = null;
    this.enter("waiting");
  }

  pause(): void {
    if (!this.isRunning) return;
    this.enter("paused");
    this.stop.abort();
  }

  /** Stops the upload and deletes its video. */
  async cancel(): Promise<void> {
    this.enter("cancelled");
    this.stop.abort();
    this.close();
    if (this.videoId !== null) await server.deleteVideo(this.videoId);
    await removeUnfinished(await fingerprint(this.file));
  }

  private async transfer(stop: AbortSignal): Promise<void> {
    const print = await fingerprint(this.file);
    const uploads = await server.findUploads(print);
    this.items ??= await openItems(this.file, uploads.piece_s, uploads.part_bytes, uploads.whole);
    const items = this.items;
    this.reason = items.reason;
    this.sizeBytes = items.sizeBytes;
    if (items.reason !== null && UNKNOWN.has(items.reason)) await this.checkSupport();
    const session =
      (await this.findResumable(uploads.items, items, stop)) ?? (await this.open(print, items));
    stop.throwIfAborted();
    this.videoId = session.video_id;
    await saveUnfinished({
      fingerprint: print,
      name: this.file.name,
      sizeBytes: this.file.size,
      videoId: session.video_id,
      atMs: Date.now(),
    });
    this.startFrom(session, items);
    this.enter("sending");
    await this.finish(session, items, stop);
    await removeUnfinished(print);
  }

  /**
   * Raises Problem if the server does not support the codec. Other failures are ignored here:
   * sending will meet them again.
   */
  private async checkSupport(): Promise<void> {
    try {
      await server.probeFile(this.file);
    } catch (error) {
      if (error instanceof Problem && error.code === "media.unsupported_codec") throw error;
    }
  }

  private async finish(session: UploadView, items: Items, stop: AbortSignal): Promise<void> {
    try {
      await this.sendAll(session.id, items, stop);
      for (let index = 0; index < items.extraAudioCount; index++) {
        await this.sendAudio(session.video_id, await items.makeExtraAudio(index), stop);
      }
      await this.persist(() => server.completeUpload(session.id, items.count), stop);
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "upload.closed") throw error;
      // Another tab completed the upload, or the video failed; then its error says why.
      const failure = (await getVideo(session.video_id)).error;
      if (failure !== null) throw new Problem(409, failure.code, failure.message);
    }
  }

  private close(): void {
    this.items?.close();
    this.items = null;
  }

  /**
   * Returns the newest upload whose landed items equal those of this file. The fingerprint covers
   * only size, start and end.
   */
  private async findResumable(
    sessions: readonly UploadView[],
    items: Items,
    stop: AbortSignal,
  ): Promise<UploadView | null> {
    for (const session of sessions.filter(({ mode }) => mode === items.mode)) {
      if (session.video_id === this.videoId) return session;
      if (!(await this.isSameFile(session, items, stop))) continue;
      this.resumed = true;
      return session;
    }
    return null;
  }

  private async isSameFile(session: UploadView, items: Items, stop: AbortSignal): Promise<boolean> {
    for (const { index, sha256 } of session.pieces.filter(({ landed }) => landed)) {
      stop.throwIfAborted();
      if (index >= items.count || (await items.make(index)).declared.sha256 !== sha256)
        return false;
    }
    return true;
  }

  private async open(print: string, { source, mode }: Items): Promise<UploadView> {
    const video = await server.createVideo(
      { title: titleOf(this.file.name), visibility: "private" },
      `${print}-${Date.now()}`,
    );
    const request = {
      mode,
      file_name: this.file.name.slice(0, 500),
      size_bytes: this.file.size,
      fingerprint: print,
    };
    return server.openUpload(video.id, source === null ? request : { ...request, source });
  }

  private startFrom(session: UploadView, items: Items): void {
    const landed = new Map(
      session.pieces
        .filter((piece) => piece.landed)
        .map(({ index, size_bytes }) => [index, size_bytes]),
    );
    this.states = Array.from({ length: items.count }, (_, index) =>
      landed.has(index) ? "landed" : "missing",
    );
    this.landedBytes = [...landed.values()].reduce((sum, size) => sum + size, 0);
    this.sentBytes = this.landedBytes;
    this.rate.clear();
  }

  /**
   * Sends all missing items. While the lanes are busy, the next items are cut and their URLs
   * requested; the first item is sent alone.
   */
  private async sendAll(uploadId: string, items: Items, stop: AbortSignal): Promise<void> {
    const missing = this.states.flatMap((state, index) => (state === "missing" ? [index] : []));
    const sending = new Map<number, Promise<void>>();
    const signed: SignedItem[] = [];
    const held = new Map<number, number>();
    let preparing: Promise<void> | null = null;
    let failure: unknown = null;
    const fail = (error: unknown): void => {
      failure ??= error;
    };
    const broken = new AbortController(); // stops the other lanes after a permanent failure
    const lane = AbortSignal.any([stop, broken.signal]);
    const prepare = async (): Promise<void> => {
      const batch = await this.cutBatch(items, missing, held, this.lanes.allowed);
      const targets = await this.persist(
        () =>
          server.signUrls(
            uploadId,
            batch.map(({ declared }) => declared),
          ),
        stop,
      );
      signed.push(...batch.map((item) => ({ item, target: targets.get(item.declared.index) })));
    };
    while (
      failure === null &&
      (missing.length > 0 || preparing !== null || signed.length > 0 || sending.size > 0)
    ) {
      while (signed.length > 0 && sending.size < this.lanes.allowed) {
        const next = signed.shift() as SignedItem;
        const index = next.item.declared.index;
        const end = (): void => void [sending.delete(index), held.delete(index)];
        sending.set(index, this.send(uploadId, next, lane).catch(fail).then(end));
      }
      if (preparing === null && signed.length === 0 && missing.length > 0) {
        preparing = prepare()
          .catch(fail)
          .then(() => {
            preparing = null;
          });
      }
      await Promise.race([...sending.values(), ...(preparing === null ? [] : [preparing])]);
    }
    if (failure === null) return;
    broken.abort();
    throw failure;
  }

  /** Cuts at least one item and at most `max`, within the memory limit. */
  private async cutBatch(
    items: Items,
    missing: number[],
    held: Map<number, number>,
    max: number,
  ): Promise<Item[]> {
    const batch: Item[] = [];
    const heldBytes = (): number => [...held.values()].reduce((sum, size) => sum + size, 0);
    while (
      missing.length > 0 &&
      batch.length < max &&
      (batch.length === 0 || heldBytes() < MAX_HELD_BYTES)
    ) {
      const item = await items.make(missing.shift() as number);
      held.set(item.declared.index, item.body.length);
      batch.push(item);
    }
    return batch;
  }

  /** Sends one item until it has landed. */
  private async send(
    uploadId: string,
    { item, target }: SignedItem,
    stop: AbortSignal,
  ): Promise<void> {
    const { index } = item.declared;
    this.setItem(index, "sending");
    let unused = target;
    await this.persist(async () => {
      // A URL that failed may have expired, so the next attempt requests another.
      const signed = unused ?? (await server.signUrls(uploadId, [item.declared])).get(index);
      unused = undefined;
      if (signed?.url) await putSigned(signed, item.body, (bytes) => this.addSent(bytes), stop);
      await server.reportLanded(uploadId, [index]);
    }, stop);
    this.landedBytes += item.body.length;
    this.lanes.succeeded(this.rate.bytesPerS(performance.now()));
    this.setItem(index, "landed");
  }

  /** Sends an additional audio track. The server recognizes a track that it has by its bytes. */
  private async sendAudio(
    videoId: string,
    { track, body }: AudioItem,
    stop: AbortSignal,
  ): Promise<void> {
    await this.persist(async () => {
      const { name, target } = await server.openTrack(videoId, track);
      if (target.url !== null) await putSigned(target, body, (bytes) => this.addSent(bytes), stop);
      await server.reportTrack(videoId, name);
    }, stop);
    this.landedBytes += body.length;
  }

  /**
   * Repeats an action until it succeeds, if the connection or the server is at fault. The state is
   * "offline" meanwhile.
   */
  private async persist<T>(act: () => Promise<T>, stop: AbortSignal): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      stop.throwIfAborted();
      try {
        const value = await act();
        if (this.state === "offline") this.enter("sending");
        return value;
      } catch (error) {
        stop.throwIfAborted();
        if (!isRetriable(error, attempt)) throw error;
        this.lanes.failed();
        this.rate.clear();
        this.enter("offline");
        await waitToRetry(pauseMs(attempt), stop);
      }
    }
  }

  private setItem(index: number, state: ItemState): void {
    this.states[index] = state;
    this.notify();
  }

  private addSent(bytes: number): void {
    this.sentBytes = Math.max(this.landedBytes, this.sentBytes + bytes);
    this.rate.add(bytes, performance.now());
    this.notify();
  }

  private enter(state: UploadState): void {
    this.state = state;
    this.notify();
  }

  private notify(): void {
    this.dispatchEvent(new Event("change"));
  }
}
