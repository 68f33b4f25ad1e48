import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { call, Problem } from "../../src/api/client.ts";
import { fakeFetch, json, problem } from "../harness/http.ts";

describe("call", () => {
  test("fills in the path and leaves out empty parts of the query", async (context) => {
    const requests = fakeFetch(context, () => json({ items: [] }));
    await call("GET /videos/{video_id}/related", {
      path: { video_id: "a/b?c" },
      query: { cursor: null, limit: 12, q: "", sort: undefined, words: "x y&z" },
    });
    assert.equal(requests[0]?.url, "/api/v1/videos/a%2Fb%3Fc/related?limit=12&words=x+y%26z");
    assert.equal(requests[0]?.method, "GET");
    assert.equal(requests[0]?.body, null);
  });

  test("sends JSON with an idempotency key", async (context) => {
    const requests = fakeFetch(context, () => json({ id: "v" }));
    const video = await call("POST /videos", { body: { title: "T" }, idempotencyKey: "k" });
    assert.equal(video.id, "v");
    assert.deepEqual(requests[0]?.body, { title: "T" });
    assert.equal(requests[0]?.headers["content-type"], "application/json");
    assert.equal(requests[0]?.headers["idempotency-key"], "k");
  });

  test("sends files as they are", async (context) => {
    const requests = fakeFetch(context, () => json({}));
    const picture = new Blob(["x"], { type: "image/png" });
    await call("PUT /videos/{video_id}/poster", { path: { video_id: "v" }, body: picture });
    assert.equal(requests[0]?.body, picture);
    assert.equal(requests[0]?.headers["content-type"], "image/png");
  });

  test("returns undefined for answers without a body", async (context) => {
    fakeFetch(context, () => new Response(null, { status: 204 }));
    assert.equal(await call("DELETE /history"), undefined);
    fakeFetch(context, () => new Response("", { status: 202 }));
    assert.equal(await call("DELETE /history"), undefined);
  });
});

describe("problems", () => {
  async function failure(act: Promise<unknown>): Promise<Problem> {
    const error = await act.then(
      () => assert.fail("the call did not fail"),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Problem);
    return error;
  }

  test("carry status, code, message, facts and the time to retry", async (context) => {
    fakeFetch(context, () =>
      problem(429, "request.too_many", { facts: { limit: 3 } }, { "retry-after": "17" }),
    );
    const error = await failure(call("GET /feed"));
    assert.deepEqual(
      [error.status, error.code, error.message, error.facts, error.retryAfterS],
      [429, "request.too_many", "request.too_many happened", { limit: 3 }, 17],
    );
  });

  test("name the invalid field without its location", () => {
    assert.equal(
      new Problem(422, "request.invalid", "", { field: "body.password" }).field,
      "password",
    );
    assert.equal(new Problem(422, "request.invalid", "", { field: 3 }).field, null);
    assert.equal(new Problem(422, "request.invalid", "").field, null);
  });

  test("of something that is no problem document have the bare status", async (context) => {
    fakeFetch(
      context,
      () => new Response("<html>Bad gateway</html>", { status: 502, statusText: "Bad Gateway" }),
    );
    const error = await failure(call("GET /feed"));
    assert.deepEqual(
      [error.code, error.message, error.retryAfterS],
      ["http.502", "Bad Gateway", null],
    );
    fakeFetch(context, () =>
      json({ title: "Gone", detail: [{ msg: "list" }] }, 410, {
        "retry-after": "Mon, 30 Nov 2026 00:00:00 GMT",
      }),
    );
    const titled = await failure(call("GET /feed"));
    assert.deepEqual([titled.message, titled.retryAfterS], ["Gone", null]);
  });

  test("of a connection that fails have status 0", async (context) => {
    fakeFetch(context, () => "offline");
    const error = await failure(call("GET /feed"));
    assert.deepEqual([error.status, error.code], [0, "network"]);
  });

  test("are not made of calls that the page aborted", async (context) => {
    fakeFetch(context, () => json({}));
    const stop = new AbortController();
    stop.abort();
    await assert.rejects(
      call("GET /feed", { signal: stop.signal }),
      (error) => error instanceof DOMException && error.name === "AbortError",
    );
  });
});
