import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Problem } from "../../../src/api/client.ts";
import { putSigned } from "../../../src/upload/send/put.ts";
import { replaceGlobal } from "../../harness/globals.ts";

class FakeRequest extends EventTarget {
  static last: FakeRequest;
  readonly upload = new EventTarget();
  readonly headers: Record<string, string> = {};
  method = "";
  url = "";
  status = 0;
  responseText = "";
  isAborted = false;

  constructor() {
    super();
    FakeRequest.last = this;
  }

  open(method: string, url: string): void {
    [this.method, this.url] = [method, url];
  }

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  send(): void {
    // The test answers.
  }

  abort(): void {
    this.isAborted = true;
    this.end(0);
  }

  progress(loaded: number): void {
    this.upload.dispatchEvent(Object.assign(new Event("progress"), { loaded }));
  }

  end(status: number, responseText = ""): void {
    Object.assign(this, { status, responseText });
    this.dispatchEvent(new Event("loadend"));
  }
}

const TARGET = { url: "http://store/a", path: null, headers: { "content-md5": "x" } };
const BODY = new Uint8Array(100);

function put(
  context: Parameters<typeof replaceGlobal>[0],
  target = TARGET,
  stop = new AbortController(),
) {
  replaceGlobal(context, "XMLHttpRequest", FakeRequest);
  const sent: number[] = [];
  const done = putSigned(target, BODY, (bytes) => sent.push(bytes), stop.signal);
  return { done, sent, request: FakeRequest.last, stop };
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

describe("putSigned", () => {
  test("sends the body with the signed headers", async (context) => {
    const { done, request } = put(context);
    assert.deepEqual(
      [request.method, request.url, request.headers],
      ["PUT", "http://store/a", { "content-md5": "x" }],
    );
    request.end(200);
    await done;
  });

  test("prefers the address on this server", async (context) => {
    const { done, request } = put(context, { ...TARGET, path: "/blob/a" as never });
    assert.equal(request.url, "/blob/a");
    request.end(204);
    await done;
  });

  test("reports the bytes as they are sent, and each of them once", async (context) => {
    const { done, sent, request } = put(context);
    request.progress(30);
    request.progress(70);
    request.end(201);
    await done;
    assert.deepEqual(sent, [30, 40, 30]);
  });

  test("takes back the bytes of a failed attempt", async (context) => {
    const { done, sent, request } = put(context);
    request.progress(60);
    request.end(500, "not JSON");
    await assert.rejects(done, (error) => error instanceof Problem && error.code === "http.500");
    assert.equal(sum(sent), 0);
  });

  test("raises the store's problem", async (context) => {
    const { done, request } = put(context);
    request.end(403, JSON.stringify({ code: "storage.bad_signature" }));
    await assert.rejects(
      done,
      (error) => error instanceof Problem && error.code === "storage.bad_signature",
    );
  });

  test("gives up after 30 seconds in which no byte moved", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { done, request } = put(context);
    context.mock.timers.tick(29_000);
    request.progress(10);
    context.mock.timers.tick(29_000);
    assert.equal(request.isAborted, false);
    context.mock.timers.tick(1000);
    assert.equal(request.isAborted, true);
    await assert.rejects(done, (error) => error instanceof Problem && error.status === 0);
  });

  test("raises AbortError when it is stopped, also if it was stopped before", async (context) => {
    const isAbort = (error: unknown): boolean =>
      error instanceof DOMException && error.name === "AbortError";
    const running = put(context);
    running.stop.abort();
    await assert.rejects(running.done, isAbort);
    const stop = new AbortController();
    stop.abort();
    await assert.rejects(put(context, TARGET, stop).done, isAbort);
  });
});
