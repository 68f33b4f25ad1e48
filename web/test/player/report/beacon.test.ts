import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";

import { reportPlayback } from "../../../src/player/report/beacon.ts";
import type { Fault } from "../../../src/player/stream/fault.ts";
import { replaceGlobal, settle } from "../../harness/globals.ts";
import { fakeFetch } from "../../harness/http.ts";
import { FakeMedia, ranges } from "../../harness/media.ts";

interface Batch {
  session: string;
  video_id: string;
  seq: number;
  events: {
    kind: string;
    from_s?: number;
    played_s?: number;
    position_s: number;
    stall_s?: number;
    startup_ms?: number;
    rung?: string | null;
  }[];
}

type Context = Parameters<typeof replaceGlobal>[0];

let nowMs = 0;

beforeEach(() => {
  nowMs = 0;
  sessionStorage.clear();
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  mock.method(performance, "now", () => nowMs);
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

/** Lets time pass, without playing. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 250) {
    nowMs += Math.min(250, left);
    mock.timers.tick(Math.min(250, left));
  }
}

function start(context: Context) {
  const media = new FakeMedia();
  const player = {
    media: media.video,
    video: { id: "v1" } as { id: string } | null,
    playback: { faults: [] as Fault[] },
    isConnected: true,
  };
  let status: number | "offline" = 204;
  const requests = fakeFetch(context, () =>
    status === "offline" ? "offline" : new Response(null, { status }),
  );
  const beacons: string[] = [];
  replaceGlobal(context, "navigator", {
    ...navigator,
    sendBeacon: (_url: string, body: string) => beacons.push(body) > 0,
  });
  reportPlayback(player);
  const batches = (): Batch[] => requests.map(({ body }) => body as Batch);
  return {
    media,
    player,
    requests,
    batches,
    beacons: () => beacons.map((body) => JSON.parse(body) as Batch),
    events: () => batches().flatMap(({ events }) => events),
    answer: (next: number | "offline") => {
      status = next;
    },
    /** Plays for some seconds, with the events of a media element. */
    play: async (seconds: number) => {
      if (media.paused) media.emit("play", { paused: false });
      media.emit("playing");
      for (let step = 0; step < seconds * 4; step++) {
        media.currentTime += 0.25 * media.playbackRate;
        pass(250);
        media.emit("timeupdate");
        await settle(5);
      }
    },
  };
}

const sum = (values: (number | undefined)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);

describe("beacons", () => {
  test("report the start first, with the time that the viewer waited", async (context) => {
    const { media, play, events } = start(context);
    media.emit("loadstart");
    pass(750);
    await play(5);
    assert.deepEqual([events()[0]?.kind, events()[0]?.startup_ms], ["start", 750]);
  });

  test("report within 5 seconds that a video was watched, and then every 10 seconds", async (context) => {
    const { play, batches } = start(context);
    await play(3);
    assert.equal(batches().length, 0);
    await play(2);
    assert.equal(batches().length, 1);
    await play(20);
    assert.equal(batches().length, 3);
    assert.deepEqual(
      batches().map(({ seq }) => seq),
      [1, 2, 3],
    );
  });

  test("add up to the time that was watched", async (context) => {
    const { media, play, events } = start(context);
    await play(12);
    media.pause();
    await settle();
    const times = events().filter(({ kind }) => kind === "time");
    assert.ok(Math.abs(sum(times.map(({ played_s }) => played_s)) - 12) < 0.3);
    assert.equal(times[0]?.from_s, 0);
    assert.equal(times.at(-1)?.position_s, 12);
  });

  test("do not count a pause, or a machine that slept", async (context) => {
    const { media, play, events } = start(context);
    await play(2);
    media.pause();
    pass(60_000);
    await play(2);
    nowMs += 3_600_000;
    media.emit("timeupdate");
    media.pause();
    await settle();
    const watchedS = sum(events().map(({ played_s }) => played_s));
    assert.ok(watchedS < 4 + 5.5, String(watchedS));
  });

  test("split the time at a seek", async (context) => {
    const { media, play, events } = start(context);
    await play(4);
    media.emit("seeking", { currentTime: 60, seeking: true });
    media.emit("seeked", { seeking: false });
    await play(4);
    media.pause();
    await settle();
    const times = events().filter(({ kind }) => kind === "time");
    const second = times.find(({ from_s }) => (from_s ?? 0) >= 60);
    assert.equal(second?.from_s, 60);
    assert.ok(times.every(({ from_s, position_s }) => position_s - (from_s ?? 0) < 10));
  });

  test("report stalls of more than 100 ms", async (context) => {
    const { media, play, events } = start(context);
    await play(2);
    media.emit("waiting");
    pass(1500);
    await play(1);
    media.emit("waiting");
    await play(1);
    media.pause();
    await settle();
    const stalls = events().filter(({ kind }) => kind === "stall");
    assert.deepEqual(
      stalls.map(({ stall_s }) => stall_s),
      [1.5],
    );
  });

  test("report a change of quality, and the rung of each stretch", async (context) => {
    const { media, play, events } = start(context);
    await play(3);
    Object.assign(media, { videoWidth: 640, videoHeight: 360 });
    await play(3);
    media.pause();
    await settle();
    assert.deepEqual(
      events()
        .filter(({ kind }) => kind !== "start")
        .map(({ kind, rung }) => [kind, rung]),
      [
        ["time", "720p"],
        ["quality", "360p"],
        ["time", "360p"],
      ],
    );
  });

  test("report the end, and fatal errors once", async (context) => {
    const { media, player, play, events } = start(context);
    await play(2);
    media.emit("ended", { ended: true });
    await settle();
    assert.equal(events().at(-1)?.kind, "end");
    player.playback.faults.push(
      { code: "a", message: "", isTransient: true },
      { code: "b", message: "", isTransient: false },
    );
    pass(3000);
    await settle();
    assert.equal(events().filter(({ kind }) => kind === "error").length, 1);
  });

  test("learn late that a busy page has begun to play", async (context) => {
    const { media, play, events } = start(context);
    media.played = ranges([0, 3]);
    media.currentTime = 3;
    await play(2);
    media.pause();
    await settle();
    const [first] = events().filter(({ kind }) => kind === "time");
    assert.deepEqual([first?.from_s, Math.round(first?.played_s ?? 0)], [0, 5]);
  });

  test("start anew with another video", async (context) => {
    const { media, player, play, batches } = start(context);
    await play(5);
    player.video = { id: "v2" };
    media.emit("emptied", { currentTime: 0 });
    await play(5);
    media.pause();
    await settle();
    const second = batches().filter(({ video_id }) => video_id === "v2");
    assert.equal(second[0]?.events.filter(({ kind }) => kind === "start").length, 1);
    assert.ok(batches().some(({ video_id }) => video_id === "v1"));
  });
});

describe("delivery", () => {
  test("repeats what the server did not take, with the same number", async (context) => {
    const { media, play, requests, answer } = start(context);
    answer("offline");
    await play(6);
    answer(503);
    media.pause();
    await settle();
    answer(204);
    await play(2);
    media.pause();
    await settle(200);
    const bodies = requests.map(({ body }) => body as Batch);
    assert.deepEqual(
      bodies.map(({ seq }) => seq),
      [1, 1, 1, 2, 3],
    );
  });

  test("does not repeat what the server refuses", async (context) => {
    const { media, play, requests, answer } = start(context);
    answer(422);
    await play(5);
    media.pause();
    await settle();
    assert.equal(new Set(requests.map(({ body }) => (body as Batch).seq)).size, requests.length);
  });

  test("uses a beacon when the page is left, and loses nothing", async (context) => {
    const { play, beacons, batches } = start(context);
    await play(2);
    window.dispatchEvent(new Event("pagehide"));
    assert.deepEqual(
      beacons().flatMap(({ events }) => events.map(({ kind }) => kind)),
      ["start", "time"],
    );
    assert.equal(batches().length, 0);
  });

  test("is kept alive, and ends when the player is removed", async (context) => {
    const { player, play, requests, beacons } = start(context);
    await play(5);
    assert.equal(requests[0]?.keepalive, true);
    player.isConnected = false;
    pass(1000);
    const sent = beacons().length;
    assert.ok(sent >= 1);
    pass(60_000);
    assert.equal(beacons().length, sent);
  });
});
