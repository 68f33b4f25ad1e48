import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { pageVideoId, readPageData } from "../../src/player/page-data.ts";
import { prefetch } from "../../src/player/stream/prefetch.ts";
import { replaceGlobal, settle } from "../harness/globals.ts";
import { fakeFetch } from "../harness/http.ts";

type Context = Parameters<typeof replaceGlobal>[0];

const DATA = {
  video: { state: "ready", playback: { hls: "/v.m3u8", dash: "/v.mpd" }, renditions: [] },
  start: {
    rungs: [
      { pixels: 100, bandwidth_bps: 100_000, urls: ["/low/init", "/low/1"] },
      { pixels: 200, bandwidth_bps: 900_000_000, urls: ["/high/init", "/high/1"] },
    ],
    sound: ["/audio/init", "/audio/1"],
  },
};

/** Opens a page with the data that the server writes into it. */
function openPage(context: Context, data: unknown) {
  const known = data === null ? null : { textContent: JSON.stringify(data) };
  replaceGlobal(context, "document", {
    querySelector: (selector: string) => (selector === "#known" ? known : null),
  });
  const requests = fakeFetch(context, () => new Response("x"));
  return () => requests.map(({ url }) => url);
}

describe("prefetch", () => {
  test("fetches manifest, init segments and first segments of the start rung at once", async (context) => {
    const urls = openPage(context, DATA);
    prefetch(true);
    assert.deepEqual(urls(), ["/v.mpd", "/low/init", "/low/1", "/audio/init", "/audio/1"]);
    await settle();
  });

  test("fetches no first segments if playback starts somewhere else", async (context) => {
    const urls = openPage(context, DATA);
    prefetch(false);
    assert.deepEqual(urls(), ["/v.mpd", "/low/init", "/audio/init"]);
    await settle();
  });

  test("fetches nothing of a video that cannot be played, or that the page does not know", (context) => {
    for (const data of [
      null,
      { ...DATA, start: null },
      { ...DATA, video: { ...DATA.video, state: "processing" } },
    ]) {
      const urls = openPage(context, data);
      prefetch(true);
      assert.deepEqual(urls(), []);
    }
  });

  test("ignores failures: the player reports them", async (context) => {
    openPage(context, DATA);
    fakeFetch(context, () => "offline");
    prefetch(true);
    await settle();
  });
});

test("the page's address names the video", (context) => {
  replaceGlobal(context, "location", new URL("http://host/watch/a%20b?t=3"));
  assert.equal(pageVideoId(), "a b");
  replaceGlobal(context, "location", new URL("http://host/"));
  assert.equal(pageVideoId(), "");
  assert.equal(readPageData(), null);
});
