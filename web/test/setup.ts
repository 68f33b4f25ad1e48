/** Browser globals that modules read when they are imported. Loaded before every test file. */

import { MemoryStorage } from "./harness/storage.ts";

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/** An EventTarget whose timers are the global ones, so that mocked timers apply. */
class FakeWindow extends EventTarget {
  setTimeout = (...args: Parameters<typeof setTimeout>) => globalThis.setTimeout(...args);
  clearTimeout = (id: number | undefined) => globalThis.clearTimeout(id);
  setInterval = (...args: Parameters<typeof setInterval>) => globalThis.setInterval(...args);
  clearInterval = (id: number | undefined) => globalThis.clearInterval(id);
}

class FakeDocument extends EventTarget {
  documentElement = { lang: "", dataset: {} };
  cookie = "";
  visibilityState = "visible";
  fullscreenElement = null;
  adoptedStyleSheets = [];
  querySelector = (): null => null;
}

define("window", new FakeWindow());
define("document", new FakeDocument());
define("location", new URL("http://localhost:8000/"));
define("navigator", { languages: ["en"], onLine: true, vendor: "", userAgent: "node" });
define("localStorage", new MemoryStorage());
define("sessionStorage", new MemoryStorage());
define("HTMLMediaElement", { HAVE_CURRENT_DATA: 2, HAVE_FUTURE_DATA: 3 });
