import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { Problem } from "../../../src/api/client.ts";
import { isRetriable, pauseMs, waitToRetry } from "../../../src/upload/send/retry.ts";

describe("isRetriable", () => {
  test("is true for failures of the connection and the server, however often", () => {
    for (const status of [0, 408, 429, 500, 503]) {
      assert.equal(isRetriable(new Problem(status, "any", ""), 1000), true, String(status));
    }
  });

  test("is false for refusals and for bugs", () => {
    for (const status of [400, 401, 404, 409, 413]) {
      assert.equal(isRetriable(new Problem(status, "any", ""), 0), false, String(status));
    }
    assert.equal(isRetriable(new TypeError("bug"), 0), false);
    assert.equal(isRetriable(new DOMException("stopped", "AbortError"), 0), false);
  });

  test("is true four times for a URL that may have expired", () => {
    const expired = new Problem(403, "storage.bad_signature", "");
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((attempt) => isRetriable(expired, attempt)),
      [true, true, true, true, false],
    );
  });

  test("is true as long as the store still receives the object", () => {
    assert.equal(isRetriable(new Problem(409, "storage.receiving", ""), 1000), true);
  });
});

test("pauses grow from 200 ms to 5 s, with jitter", () => {
  for (let attempt = 0; attempt < 2000; attempt++) {
    const full = Math.min(5000, 200 * 2 ** attempt);
    const pause = pauseMs(attempt);
    assert.ok(pause >= full / 2 && pause <= full, `${attempt}: ${pause}`);
  }
});

describe("waitToRetry", () => {
  const online = (isOnline: boolean): void => void Object.assign(navigator, { onLine: isOnline });
  afterEach(() => online(true));

  async function isSettled(promise: Promise<void>): Promise<boolean> {
    let settled = false;
    void promise.then(() => {
      settled = true;
    });
    await Promise.resolve();
    await Promise.resolve();
    return settled;
  }

  test("waits for the pause", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const waiting = waitToRetry(1000, new AbortController().signal);
    context.mock.timers.tick(999);
    assert.equal(await isSettled(waiting), false);
    context.mock.timers.tick(1);
    assert.equal(await isSettled(waiting), true);
  });

  test("ends when the network is back", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const waiting = waitToRetry(60_000, new AbortController().signal);
    window.dispatchEvent(new Event("online"));
    assert.equal(await isSettled(waiting), true);
  });

  test("waits while the browser is offline, however long", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    online(false);
    const waiting = waitToRetry(10, new AbortController().signal);
    context.mock.timers.tick(1e6);
    assert.equal(await isSettled(waiting), false);
    window.dispatchEvent(new Event("online"));
    assert.equal(await isSettled(waiting), true);
  });

  test("ends when the upload is stopped", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const stop = new AbortController();
    const waiting = waitToRetry(60_000, stop.signal);
    stop.abort();
    assert.equal(await isSettled(waiting), true);
  });
});
