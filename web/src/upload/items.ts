/**
 * A file as a list of items to upload: pieces cut at GOPs, or byte ranges (parts) if the browser
 * cannot cut it. A worker makes the items.
 */

import type { Source } from "./model.ts";
import { CannotSplit, type Reason } from "./split-reason.ts";
import type { Answer, AudioItem, Item, OpenedFile, Request } from "./worker.ts";

export interface Items {
  mode: "pieces" | "whole";
  count: number;
  /** Approximate size of all items. */
  sizeBytes: number;
  /** Null for parts. */
  source: Source | null;
  /** Why the file is uploaded whole. Null for pieces. */
  reason: Reason | null;
  /** Audio tracks that are uploaded in addition to the pieces. */
  extraAudioCount: number;
  make(index: number): Promise<Item>;
  makeExtraAudio(index: number): Promise<AudioItem>;
  close(): void;
}

type RequestBody = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

class FileWorker {
  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  private readonly pending = new Map<
    number,
    { resolve: (value: never) => void; reject: (error: Error) => void }
  >();
  private serial = 0;

  constructor() {
    this.worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.settle(data));
    this.worker.addEventListener("error", (event) => this.rejectAll(event.message));
  }

  request<T>(request: RequestBody): Promise<T> {
    const id = this.serial++;
    return new Promise<T>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ ...request, id });
    });
  }

  close(): void {
    this.worker.terminate();
    this.rejectAll("closed");
    this.pending.clear();
  }

  private rejectAll(message: string): void {
    for (const { reject } of this.pending.values()) reject(new Error(message));
  }

  private settle(answer: Answer): void {
    const pending = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if ("value" in answer) pending?.resolve(answer.value as never);
    else
      pending?.reject(
        "reason" in answer ? new CannotSplit(answer.reason) : new Error(answer.error),
      );
  }
}

/** Opens a file for upload. whole: the server's pipeline needs the file as it is. */
export async function openItems(
  file: File,
  pieceS: number,
  partBytes: number,
  whole: boolean,
): Promise<Items> {
  const worker = new FileWorker();
  const common = {
    makeExtraAudio: (index: number) => worker.request<AudioItem>({ kind: "audio", index }),
    close: () => worker.close(),
  };
  let reason: Reason = "pipeline";
  if (!whole) {
    try {
      const opened = await worker.request<OpenedFile>({ kind: "open", file, pieceS });
      return {
        mode: "pieces",
        reason: null,
        ...opened,
        ...common,
        make: (index) => worker.request<Item>({ kind: "piece", index }),
      };
    } catch (error) {
      // The server can read more damaged files, and reports those that it cannot read.
      reason = error instanceof CannotSplit ? error.reason : "unreadable";
    }
  }
  const make = (index: number): Promise<Item> =>
    worker.request<Item>({ kind: "part", file, index, partBytes });
  return {
    mode: "whole",
    count: Math.ceil(file.size / partBytes),
    sizeBytes: file.size,
    source: null,
    reason,
    extraAudioCount: 0,
    ...common,
    make,
  };
}
