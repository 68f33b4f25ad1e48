import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Problem } from "../../src/api/client.ts";
import { followVideo } from "../../src/api/follow.ts";
import { isSettled, type Video } from "../../src/api/video.ts";
import { replaceGlobal, settle } from "../harness/globals.ts";
import { fakeFetch, json, problem } from "../harness/http.ts";

class FakeEventSource extends EventTarget {
  static readonly OPEN = 1;
  static all: FakeEventSource[] = [];
  readyState = 0;
  isClosed = false;
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
    FakeEventSource.all.push(this);
  }

  close(): void {
    this.isClosed = true;
  }

  send(type: string, data: unknown): void {
    this.dispatchEvent(Object.assign(new Event(type), { data: JSON.stringify(data) }));
  }
}

interface Followed {
  states: string[];
  gone: Problem[];
  end: () => void;
  source: () => FakeEventSource | undefined;
}

function follow(context: Parameters<typeof replaceGlobal>[0]): Followed {
  FakeEventSource.all = [];
  replaceGlobal(context, "EventSource", FakeEventSource);
  const [states, gone]: [string[], Problem[]] = [[], []];
  const end = followVideo("v 1", {
    onVideo: ({ state }) => states.push(state),
    onGone: (error) => gone.push(error),
  });
  return { states, gone, end, source: () => FakeEventSource.all[0] };
}

describe("followVideo", () => {
  test("reads the video once, and then follows its events", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const requests = fakeFetch(context, () => json({ state: "processing" }));
    const { states, source } = follow(context);
    await settle();
    assert.equal(source()?.url, "/api/v1/videos/v%201/events");
    Object.assign(source() ?? {}, { readyState: 1 });
    context.mock.timers.tick(2000);
    await settle();
    source()?.send("video", { state: "playable" });
    context.mock.timers.tick(10_000);
    await settle();
    assert.equal(requests.length, 2);
    assert.deepEqual(states, ["processing", "processing", "playable"]);
  });

  test("polls while events do not arrive", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const requests = fakeFetch(context, () => json({ state: "processing" }));
    follow(context);
    for (let turn = 0; turn < 5; turn++) {
      await settle();
      context.mock.timers.tick(2000);
    }
    assert.equal(requests.length, 6);
  });

  test("ends when the video settles", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const requests = fakeFetch(context, () => json({ state: "ready" }));
    const { states, source } = follow(context);
    await settle();
    context.mock.timers.tick(60_000);
    await settle();
    assert.deepEqual([states, requests.length, source()], [["ready"], 1, undefined]);
  });

  test("ignores events after its end", async (context) => {
    fakeFetch(context, () => json({ state: "processing" }));
    const { states, end, source } = follow(context);
    await settle();
    end();
    source()?.send("video", { state: "ready" });
    assert.deepEqual(states, ["processing"]);
    assert.equal(source()?.isClosed, true);
  });

  test("reports a refusal, and that the video is gone", async (context) => {
    fakeFetch(context, () => problem(404, "request.not_found"));
    const refused = follow(context);
    await settle();
    assert.deepEqual(
      refused.gone.map(({ status }) => status),
      [404],
    );
    fakeFetch(context, () => json({ state: "processing" }));
    const deleted = follow(context);
    await settle();
    deleted.source()?.send("gone", { code: "request.not_found" });
    assert.deepEqual(
      deleted.gone.map(({ status, code }) => [status, code]),
      [[410, "request.not_found"]],
    );
  });

  test("goes on after server errors and without a connection", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const answers = [
      "offline",
      problem(503, "server.busy"),
      problem(429, "request.too_many"),
      json({ state: "ready" }),
    ] as const;
    let turn = 0;
    fakeFetch(context, () => answers[turn++] ?? "offline");
    const { states, gone } = follow(context);
    for (let i = 0; i < 4; i++) {
      await settle();
      context.mock.timers.tick(2000);
    }
    await settle();
    assert.deepEqual([states, gone], [["ready"], []]);
  });
});

test("a video is settled when it is ready, failed or deleted", () => {
  const settled = [
    "created",
    "uploading",
    "processing",
    "playable",
    "ready",
    "failed",
    "deleted",
  ].filter((state) => isSettled({ state } as Video));
  assert.deepEqual(settled, ["ready", "failed", "deleted"]);
});
