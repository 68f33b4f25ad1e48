import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Problem } from "../../../src/api/client.ts";
import { deleteVideo, openTrack, probeFile, signUrls } from "../../../src/upload/send/server.ts";
import { replaceGlobal } from "../../harness/globals.ts";
import { fakeFetch, json, problem, type SentRequest } from "../../harness/http.ts";

const signed = (index: number, url: string | null) => ({
  index,
  method: "PUT",
  url,
  path: null,
  headers: {},
});
const declared = { index: 0, size_bytes: 1, sha256: "" };

describe("signUrls", () => {
  test("returns targets by index, without a URL for what has landed", async (context) => {
    fakeFetch(context, () => json({ urls: [signed(4, null), signed(2, "http://store/2?sig=x")] }));
    const targets = await signUrls("u", [declared]);
    assert.equal(targets.get(4)?.url, null);
    assert.equal(targets.get(2)?.url, "http://store/2?sig=x");
    assert.equal(targets.get(0), undefined);
  });

  test("replaces localhost by the name under which the page knows the server", async (context) => {
    replaceGlobal(context, "location", new URL("http://video.home:8000/upload"));
    fakeFetch(context, () =>
      json({
        urls: [
          signed(0, "http://localhost:8000/blob/a?sig=x%2F"),
          signed(1, "http://localhost:9000/blob/b"),
          signed(2, "https://localhost:8000/blob/c"),
        ],
      }),
    );
    const targets = await signUrls("u", [declared]);
    assert.equal(targets.get(0)?.url, "http://video.home:8000/blob/a?sig=x%2F");
    assert.equal(targets.get(1)?.url, "http://localhost:9000/blob/b");
    assert.equal(targets.get(2)?.url, "https://localhost:8000/blob/c");
  });
});

test("openTrack returns the track's name and its target", async (context) => {
  fakeFetch(context, () =>
    json({
      track: { name: "dub" },
      method: "PUT",
      url: "http://store/dub",
      path: "/blob/dub",
      headers: { a: "b" },
    }),
  );
  const { name, target } = await openTrack("v", {} as never);
  assert.deepEqual(
    [name, target.url, target.path, target.headers],
    ["dub", "http://store/dub", "/blob/dub", { a: "b" }],
  );
});

test("probeFile sends the first and the last MiB", async (context) => {
  const requests = fakeFetch(context, () => json({}));
  await probeFile(
    new Blob([new Uint8Array(2 ** 20).fill(1), new Uint8Array(2 ** 20).fill(2), "end"]),
  );
  const { first, last, size_bytes } = (requests[0] as SentRequest).body as {
    first: string;
    last: string;
    size_bytes: number;
  };
  assert.equal(size_bytes, 2 ** 21 + 3);
  assert.deepEqual([atob(first).length, atob(first).charCodeAt(0)], [2 ** 20, 1]);
  assert.deepEqual([atob(last).length, atob(last).slice(-3)], [2 ** 20, "end"]);
});

describe("deleteVideo", () => {
  test("deletes permanently", async (context) => {
    const requests = fakeFetch(context, () => new Response(null, { status: 204 }));
    await deleteVideo("a b");
    assert.deepEqual(
      [requests[0]?.method, requests[0]?.url],
      ["DELETE", "/api/v1/videos/a%20b?forever=true"],
    );
  });

  test("accepts that the video is gone, and nothing else", async (context) => {
    fakeFetch(context, () => problem(404, "request.not_found"));
    await deleteVideo("v");
    fakeFetch(context, () => problem(403, "account.forbidden"));
    await assert.rejects(
      deleteVideo("v"),
      (error) => error instanceof Problem && error.status === 403,
    );
  });
});
