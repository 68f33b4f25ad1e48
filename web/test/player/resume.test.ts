import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import {
  fetchPosition,
  savePositions,
  startFrom,
  storedPosition,
} from "../../src/player/resume.ts";
import { settle } from "../harness/globals.ts";
import { fakeFetch, json, problem } from "../harness/http.ts";
import { FakeMedia } from "../harness/media.ts";
import type { MemoryStorage } from "../harness/storage.ts";

const KEY = "yeoul_positions";
const storage = localStorage as MemoryStorage;
const signIn = (isSignedIn: boolean): void => {
  if (isSignedIn) document.documentElement.dataset.session = "";
  else delete document.documentElement.dataset.session;
};

beforeEach(() => {
  storage.clear();
  storage.isBlocked = false;
  signIn(false);
  mock.restoreAll();
});

describe("startFrom", () => {
  test("is the watch position", () => {
    assert.equal(startFrom(30, 60), 30);
    assert.equal(startFrom(30, null), 30);
  });

  test("is the beginning in the first and the last five seconds", () => {
    assert.deepEqual([startFrom(4.9, 60), startFrom(5, 60)], [0, 5]);
    assert.deepEqual([startFrom(55, 60), startFrom(55.1, 60)], [55, 0]);
    assert.equal(startFrom(8, 10), 0);
  });
});

describe("positions in the browser", () => {
  const watch = (id: string, seconds: number, state: Partial<FakeMedia> = {}): void => {
    const media = new FakeMedia();
    savePositions(id, media.video);
    media.emit("pause", { currentTime: seconds, ...state });
  };

  test("are saved when playback stops, and found again", async () => {
    watch("a", 12.345);
    watch("b", 7);
    assert.deepEqual([storedPosition("a"), storedPosition("b"), storedPosition("c")], [12.3, 7, 0]);
    assert.equal(await fetchPosition("a"), 12.3);
  });

  test("are 0 after the end", () => {
    watch("a", 60, { ended: true });
    assert.equal(storedPosition("a"), 0);
  });

  test("are not saved before anything was played", () => {
    watch("a", 0);
    watch("a", 30, { readyState: 0 });
    assert.equal(storage.length, 0);
  });

  test("are kept of the last 200 videos", () => {
    for (let i = 0; i < 205; i++) watch(`v${i}`, 10);
    watch("v100", 20);
    const kept = JSON.parse(storage.getItem(KEY) ?? "[]") as unknown[];
    assert.equal(kept.length, 200);
    assert.deepEqual(
      [storedPosition("v4"), storedPosition("v5"), storedPosition("v100")],
      [0, 10, 20],
    );
  });

  test("are saved every ten seconds during playback, and when the page is closed", () => {
    let nowMs = 0;
    mock.method(performance, "now", () => nowMs);
    const media = new FakeMedia();
    savePositions("a", media.video);
    const playTo = (seconds: number): void => {
      nowMs = seconds * 1000;
      media.emit("timeupdate", { currentTime: seconds, paused: false });
    };
    playTo(9);
    assert.equal(storedPosition("a"), 0);
    playTo(11);
    assert.equal(storedPosition("a"), 11);
    playTo(15);
    assert.equal(storedPosition("a"), 11);
    window.dispatchEvent(new Event("pagehide"));
    assert.equal(storedPosition("a"), 15);
  });

  test("do no harm without storage, or with anything in it", () => {
    for (const stored of ["null", "3", "{}", "[", '"text"']) {
      storage.setItem(KEY, stored);
      assert.equal(storedPosition("a"), 0, stored);
      watch("a", 9);
      assert.equal(storedPosition("a"), 9, stored);
    }
    storage.isBlocked = true;
    watch("a", 20);
    assert.equal(storedPosition("a"), 0);
  });
});

describe("positions of signed-in viewers", () => {
  test("come from the server", async (context) => {
    signIn(true);
    fakeFetch(context, () => json({ position_s: 42 }));
    assert.equal(await fetchPosition("a"), 42);
    fakeFetch(context, () => problem(500, "server.error"));
    assert.equal(await fetchPosition("a"), 0);
  });

  test("are sent to the server, also from a page that is closed", async (context) => {
    signIn(true);
    const requests = fakeFetch(context, () => new Response(null, { status: 204 }));
    const media = new FakeMedia();
    savePositions("a/b", media.video);
    media.emit("pause", { currentTime: 12.34 });
    await settle();
    assert.deepEqual(
      requests.map(({ method, url, body, keepalive }) => [method, url, body, keepalive]),
      [["PUT", "/api/v1/videos/a%2Fb/position", { position_s: 12.3 }, true]],
    );
    assert.equal(storage.length, 0);
  });

  test("of an earlier guest in this browser are not used", () => {
    storage.setItem(KEY, JSON.stringify([["a", 30]]));
    signIn(true);
    assert.equal(storedPosition("a"), 0);
  });
});
