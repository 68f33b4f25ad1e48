import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import type { ListedVideo } from "../../../src/api/shape.ts";
import { listenForToasts, type Toast } from "../../../src/shell/toast.ts";
import { text } from "../../../src/text/text.ts";
import { settle } from "../../harness/globals.ts";
import { fakeFetch, json, problem } from "../../harness/http.ts";

type Module = typeof import("../../../src/studio/videos/deletion.ts");

const video = (id: string): ListedVideo =>
  ({ id, title: id === "untitled" ? "" : `Video ${id}` }) as ListedVideo;
let toasts: Toast[] = [];
let pages = 0;

/** Loads the module as a new page does: it remembers how long the server keeps deleted videos. */
function openPage(): Promise<Module> {
  pages += 1;
  return import(
    new URL(`../../../src/studio/videos/deletion.ts?page=${pages}`, import.meta.url).href
  ) as Promise<Module>;
}

beforeEach((): void => {
  toasts = [];
  listenForToasts((shown) => toasts.push(shown));
});

describe("deleteVideos", () => {
  test("deletes and offers to undo it", async (context) => {
    const requests = fakeFetch(context, ({ method, url }) =>
      method === "GET"
        ? json({ items: [], next: null, days: 30 })
        : method === "DELETE"
          ? new Response(null, { status: 204 })
          : json({ id: url.split("/")[4] }),
    );
    const { deleteVideos } = await openPage();
    const restored: string[] = [];
    const deleted = await deleteVideos([video("a"), video("b")], (videos) =>
      restored.push(...videos.map(({ id }) => id)),
    );
    assert.deepEqual(
      deleted.map(({ id }) => id),
      ["a", "b"],
    );
    assert.equal(toasts.at(-1)?.words, text.trash.deleted(2, 30));
    toasts.at(-1)?.action?.act();
    await settle(100);
    assert.deepEqual(restored, ["a", "b"]);
    assert.deepEqual(
      requests.map(({ method }) => method),
      ["GET", "DELETE", "DELETE", "POST", "POST"],
    );
  });

  test("returns only what was deleted, and says what was not", async (context) => {
    fakeFetch(context, ({ method, url }) =>
      method === "GET"
        ? json({ days: 30 })
        : url.endsWith("/untitled")
          ? problem(403, "account.forbidden")
          : new Response(null, { status: 204 }),
    );
    const { deleteVideos } = await openPage();
    const deleted = await deleteVideos([video("untitled"), video("b")], () => undefined);
    assert.deepEqual(
      deleted.map(({ id }) => id),
      ["b"],
    );
    const bad = toasts.find(({ mood }) => mood === "bad");
    assert.ok(bad?.words.startsWith(text.video.untitled));
  });

  test("asks first if the server has no trash, and offers no undo", async (context) => {
    const requests = fakeFetch(context, ({ method }) =>
      method === "GET" ? json({ days: 0 }) : new Response(null, { status: 204 }),
    );
    const { deleteVideos } = await openPage();
    const asked: string[] = [];
    let answer = false;
    Object.assign(window, { confirm: (words: string) => asked.push(words) > 0 && answer });
    assert.deepEqual(await deleteVideos([video("a")], () => undefined), []);
    assert.deepEqual([asked, requests.length], [[text.trash.atOnce], 1]);
    answer = true;
    assert.equal((await deleteVideos([video("a")], () => undefined)).length, 1);
    assert.equal(toasts.at(-1)?.action, undefined);
  });
});
