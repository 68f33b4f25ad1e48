import { AsyncLocalStorage } from "node:async_hooks";

type Scope = EventTarget & { postMessage(data: unknown): void };

const running = new AsyncLocalStorage<Scope>();
let loading: Scope | undefined;
let queue: Promise<unknown> = Promise.resolve();
let count = 0;

/** The `self` of the worker whose code runs now. */
Object.defineProperty(globalThis, "self", {
  get: () => running.getStore() ?? loading,
  configurable: true,
});

/** Runs a module of a web worker in the same thread. Each worker has a module of its own. */
export class FakeWorker extends EventTarget {
  readonly #scope: Scope;
  readonly #loaded: Promise<unknown>;
  #isTerminated = false;

  constructor(url: URL) {
    super();
    const postMessage = (data: unknown): void => {
      if (!this.#isTerminated) this.dispatchEvent(new MessageEvent("message", { data }));
    };
    this.#scope = Object.assign(new EventTarget(), { postMessage });
    count += 1;
    const address = `${url.href}?worker=${count}`;
    this.#loaded = queue.then(() => {
      loading = this.#scope;
      return import(address);
    });
    queue = this.#loaded;
  }

  postMessage(data: unknown): void {
    const event = new MessageEvent("message", { data });
    void this.#loaded.then(() => running.run(this.#scope, () => this.#scope.dispatchEvent(event)));
  }

  terminate(): void {
    this.#isTerminated = true;
  }
}
