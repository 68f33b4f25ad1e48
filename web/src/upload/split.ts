/** A file as a list of objects to send: pieces cut at GOPs, or byte-range parts where that cannot be. The work is a worker's. */

import { CannotSplit, type Reason } from "./reason";
import type { Source } from "./nouns";
import type { Answer, Item, Opened, Request, SoundItem } from "./worker";

/** What is sent of a file. */
export interface Items {
  mode: "pieces" | "whole";
  count: number;
  /** Bytes of all items, about. */
  sizeBytes: number;
  /** Only pieces have it. */
  source: Source | null;
  /** Why it goes up whole; null for pieces. */
  reason: Reason | null;
  /** Audio tracks that are sent beside the pieces. */
  soundCount: number;
  make(index: number): Promise<Item>;
  makeSound(index: number): Promise<SoundItem>;
  close(): void;
}

type Asked = Request extends infer One ? (One extends Request ? Omit<One, "id"> : never) : never;

class FileWorker {
  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, { done: (value: never) => void; failed: (error: Error) => void }>();
  private serial = 0;

  constructor() {
    this.worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => this.take(data));
    this.worker.addEventListener("error", (event) => this.waiting.forEach(({ failed }) => failed(new Error(event.message))));
  }

  ask<T>(request: Asked): Promise<T> {
    const id = this.serial++;
    return new Promise<T>((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.worker.postMessage({ ...request, id });
    });
  }

  close(): void {
    this.worker.terminate();
    this.waiting.forEach(({ failed }) => failed(new Error("closed")));
    this.waiting.clear();
  }

  private take(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ("value" in answer) waiting?.done(answer.value as never);
    else waiting?.failed("reason" in answer ? new CannotSplit(answer.reason) : new Error(answer.error));
  }
}

/** Opens a file for sending. whole: the server's pipeline wants it as it is. */
export async function openItems(file: File, pieceS: number, partBytes: number, whole: boolean): Promise<Items> {
  const worker = new FileWorker();
  const close = (): void => worker.close();
  const makeSound = (index: number): Promise<SoundItem> => worker.ask<SoundItem>({ kind: "sound", index });
  let reason: Reason = "pipeline";
  if (!whole) {
    try {
      const opened = await worker.ask<Opened>({ kind: "open", file, pieceS });
      const make = (index: number): Promise<Item> => worker.ask<Item>({ kind: "piece", index });
      return { mode: "pieces", reason: null, ...opened, make, makeSound, close };
    } catch (error) {
      // Whatever broke here, the server has better means; that it can be a damaged file it will tell.
      reason = error instanceof CannotSplit ? error.reason : "unreadable";
    }
  }
  const count = Math.ceil(file.size / partBytes);
  const make = (index: number): Promise<Item> => worker.ask<Item>({ kind: "part", file, index, partBytes });
  return { mode: "whole", count, sizeBytes: file.size, source: null, reason, soundCount: 0, make, makeSound, close };
}
