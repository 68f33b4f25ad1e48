/** Many files, two at a time; each succeeds or fails by itself. Says "add" and "change". */

import { Upload } from "./upload";

const AT_ONCE = 2;
/** Browsers open six connections to a host (HTTP/1.1), and what is said of the videos needs some, too. */
const LANES = 4;
const LANES_MULTIPLEXED = 16;

function mostLanes(): number {
  const page = performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined;
  return page?.nextHopProtocol === "http/1.1" ? LANES : LANES_MULTIPLEXED;
}

export class Queue extends EventTarget {
  readonly uploads: Upload[] = [];
  private readonly waiting: Upload[] = [];
  private running = 0;

  /** Puts a file at the end of the queue. */
  add(file: File): Upload {
    const upload = new Upload(file, () => Math.floor(mostLanes() / this.running));
    this.uploads.push(upload);
    upload.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    this.resume(upload);
    this.dispatchEvent(new Event("add"));
    return upload;
  }

  /** Goes on with an upload that was paused or has failed. */
  resume(upload: Upload): void {
    upload.wait();
    if (!this.waiting.includes(upload)) this.waiting.push(upload);
    this.start();
  }

  /** Whether closing the page would break something off. */
  get busy(): boolean {
    return this.running > 0;
  }

  private start(): void {
    while (this.running < AT_ONCE && this.waiting.length > 0) {
      const upload = this.waiting.shift() as Upload;
      if (upload.progress.state !== "waiting") continue; // paused or cancelled before its turn
      this.running += 1;
      void upload.run().finally(() => {
        this.running -= 1;
        this.start();
      });
    }
  }
}
