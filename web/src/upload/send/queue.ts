import { Upload } from "./upload.ts";

const MAX_RUNNING = 2;
/**
 * Browsers open six HTTP/1.1 connections to a host, and the page needs some of them for API calls
 * and events.
 */
const LANES = 4;
const LANES_MULTIPLEXED = 16;

function maxLanes(): number {
  const page = performance.getEntriesByType("navigation")[0] as
    | PerformanceNavigationTiming
    | undefined;
  return page?.nextHopProtocol === "http/1.1" ? LANES : LANES_MULTIPLEXED;
}

/**
 * Runs many uploads, two at a time. Each succeeds or fails on its own. Dispatches "add" and
 * "change".
 */
export class Queue extends EventTarget {
  readonly uploads: Upload[] = [];
  private readonly waiting: Upload[] = [];
  private running = 0;

  /** Appends a file to the queue. */
  add(file: File): Upload {
    const upload = new Upload(file, () => Math.floor(maxLanes() / this.running));
    this.uploads.push(upload);
    upload.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    this.resume(upload);
    this.dispatchEvent(new Event("add"));
    return upload;
  }

  /** Continues an upload that was paused or has failed. */
  resume(upload: Upload): void {
    upload.wait();
    if (!this.waiting.includes(upload)) this.waiting.push(upload);
    this.startWaiting();
  }

  /** True if closing the page would interrupt an upload. */
  get isBusy(): boolean {
    return this.running > 0;
  }

  private startWaiting(): void {
    while (this.running < MAX_RUNNING && this.waiting.length > 0) {
      const upload = this.waiting.shift() as Upload;
      if (upload.progress.state !== "waiting") continue; // paused or cancelled meanwhile
      this.running += 1;
      void upload.run().finally(() => {
        this.running -= 1;
        this.startWaiting();
      });
    }
  }
}
