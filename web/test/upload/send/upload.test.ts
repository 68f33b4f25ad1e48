import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import type { Problem } from "../../../src/api/client.ts";
import { Upload, type UploadState } from "../../../src/upload/send/upload.ts";
import { makeClip } from "../../harness/clips.ts";
import { FakeWorker } from "../../harness/fake-worker.ts";
import { replaceGlobal } from "../../harness/globals.ts";
import { problem } from "../../harness/http.ts";
import { readNut } from "../../harness/nut-reader.ts";
import { Random } from "../../harness/random.ts";
import { UploadServer } from "../../harness/upload-server.ts";

type Context = Parameters<typeof replaceGlobal>[0];

let clip: Blob;
const PIECES = 10;

beforeEach(async () => {
  clip ??= await makeClip({ frames: 500, gop: 50 });
});

function start(context: Context, file: Blob = clip, name = "my_clip.mp4") {
  replaceGlobal(context, "Worker", FakeWorker);
  const server = new UploadServer().install(context);
  const upload = new Upload(new File([file], name), () => 16);
  const states: UploadState[] = [];
  upload.addEventListener("change", () => {
    const { state } = upload.progress;
    if (states.at(-1) !== state) states.push(state);
  });
  return { server, upload, states };
}

describe("an upload", () => {
  test("cuts a file into pieces, and all of them land", async (context) => {
    const { server, upload, states } = start(context);
    await upload.run();
    assert.deepEqual(states, ["reading", "sending", "done"]);
    const [served] = server.uploads;
    assert.ok(served?.isComplete);
    assert.equal(served.mode, "pieces");
    assert.deepEqual(upload.progress.items, Array(served.pieces.size).fill("landed"));
    assert.equal(served.pieces.size, PIECES);
    const frames = [...server.stored.values()].map((bytes) => readNut(bytes).frames.length);
    assert.equal(
      frames.reduce((sum, count) => sum + count, 0),
      500,
    );
  });

  test("names the video after the file, and describes the source", async (context) => {
    const { server, upload } = start(context);
    await upload.run();
    const bodyOf = (path: string): Record<string, unknown> =>
      server.requests.find(({ method, url }) => method === "POST" && url.endsWith(path))
        ?.body as Record<string, unknown>;
    assert.deepEqual(bodyOf("/videos"), { title: "my clip", visibility: "private" });
    const opened = bodyOf("/upload");
    assert.deepEqual([opened.file_name, opened.size_bytes], ["my_clip.mp4", clip.size]);
    assert.equal((opened.source as { video: { frames: number } }).video.frames, 500);
  });

  test("sends the first object alone, and then several at once", async (context) => {
    const { server, upload } = start(context);
    let first = 0;
    server.onPut = () => {
      first ||= server.mostAtOnce;
      return "take";
    };
    await upload.run();
    assert.equal(first, 1);
    assert.equal(server.mostAtOnce, 4);
  });

  test("counts the bytes it has sent", async (context) => {
    const { server, upload } = start(context);
    await upload.run();
    const stored = [...server.stored.values()].reduce((sum, bytes) => sum + bytes.length, 0);
    assert.equal(upload.progress.sentBytes, stored);
    assert.ok(upload.progress.totalBytes >= stored);
  });

  test("sends additional audio tracks beside the pieces", async (context) => {
    const { server, upload } = start(context, await makeClip({ audioS: [4, 4, 4] }));
    await upload.run();
    assert.deepEqual(server.tracks, [
      { name: "dub0", landed: true },
      { name: "dub1", landed: true },
    ]);
  });
});

describe("a file that cannot be cut", () => {
  const garbage = new Blob([new Random(1).bytes(9000)]);

  test("is uploaded in parts, and the page learns why", async (context) => {
    const { server, upload } = start(context, garbage);
    await upload.run();
    assert.equal(upload.progress.state, "done");
    assert.equal(upload.progress.reason, "container");
    const parts = [...server.stored.values()].map(({ length }) => length);
    assert.deepEqual(
      [server.uploads[0]?.mode, parts.sort((a, b) => a - b)],
      ["whole", [1000, 4000, 4000]],
    );
  });

  test("is not sent if the server does not support it", async (context) => {
    const { server, upload } = start(context, garbage);
    server.onRequest = ({ url }) =>
      url.endsWith("/probe") ? problem(422, "media.unsupported_codec") : null;
    await upload.run();
    assert.equal(upload.progress.state, "failed");
    assert.equal((upload.progress.error as Problem).code, "media.unsupported_codec");
    assert.deepEqual([server.puts, server.uploads.length], [0, 0]);
  });

  test("is sent if the server cannot say", async (context) => {
    const { server, upload } = start(context, garbage);
    server.onRequest = ({ url }) => (url.endsWith("/probe") ? problem(500, "server.error") : null);
    await upload.run();
    assert.equal(upload.progress.state, "done");
  });

  test("is not probed if the pipeline wants the file whole", async (context) => {
    const { server, upload } = start(context);
    server.wantsWhole = true;
    await upload.run();
    assert.equal(upload.progress.reason, "pipeline");
    assert.ok(!server.paths().includes("POST /uploads/probe"));
  });
});

describe("failures", () => {
  test("of the connection are retried until they pass", async (context) => {
    const { server, upload, states } = start(context);
    let failures = 3;
    server.onPut = () => (failures-- > 0 ? "fail" : "take");
    await upload.run();
    assert.equal(upload.progress.state, "done");
    assert.ok(states.includes("offline"));
    assert.equal(server.uploads[0]?.isComplete, true);
  });

  test("of the API are retried, too", async (context) => {
    const { server, upload } = start(context);
    let failures = 2;
    server.onRequest = ({ url }) => (url.endsWith("/urls") && failures-- > 0 ? "offline" : null);
    await upload.run();
    assert.equal(upload.progress.state, "done");
  });

  test("of one object do not send the others again", async (context) => {
    const { server, upload } = start(context);
    let failures = 1;
    server.onPut = (url) => (url.endsWith("/2") && failures-- > 0 ? 503 : "take");
    await upload.run();
    assert.equal(server.puts, PIECES + 1);
  });

  test("of a signature are retried with a new URL", async (context) => {
    const { server, upload } = start(context);
    let failures = 1;
    server.onPut = (url) => (url.endsWith("/1") && failures-- > 0 ? 403 : "take");
    await upload.run();
    assert.equal(upload.progress.state, "done");
    const signed = server.requests
      .filter(({ url }) => url.endsWith("/urls"))
      .map(({ body }) =>
        (body as { pieces: { index: number }[] }).pieces.map(({ index }) => index),
      );
    assert.equal(signed.flat().filter((index) => index === 1).length, 2);
  });

  test("that are permanent end the upload with the problem", async (context) => {
    const { server, upload } = start(context);
    server.onRequest = ({ method, url }) =>
      method === "POST" && url.endsWith("/videos") ? problem(403, "account.forbidden") : null;
    await upload.run();
    assert.equal(upload.progress.state, "failed");
    assert.equal((upload.progress.error as Problem).code, "account.forbidden");
  });

  test("say why the video failed if its upload was closed", async (context) => {
    const { server, upload } = start(context);
    server.onRequest = ({ method, url }) => {
      if (url.endsWith("/complete")) return problem(409, "upload.closed");
      if (method === "GET" && url.includes("/videos/")) {
        return new Response(
          JSON.stringify({ state: "failed", error: { code: "media.invalid", message: "no" } }),
        );
      }
      return null;
    };
    await upload.run();
    assert.equal((upload.progress.error as Problem).code, "media.invalid");
  });
});

describe("an upload of the same file", () => {
  test("resumes: what has landed is not sent again", async (context) => {
    const { server, upload } = start(context);
    let taken = 0;
    server.onPut = () => (++taken <= 3 ? "take" : 500);
    upload.addEventListener("change", () => upload.progress.state === "offline" && upload.pause());
    await upload.run();
    assert.equal(upload.progress.state, "paused");
    const landed = [...(server.uploads[0]?.pieces.values() ?? [])].filter(
      (piece) => piece.landed,
    ).length;
    assert.equal(landed, 3);
    server.onPut = () => "take";
    server.puts = 0;
    const again = new Upload(new File([clip], "other name.mp4"), () => 16);
    await again.run();
    assert.deepEqual(
      [again.progress.state, again.progress.resumed, server.puts],
      ["done", true, PIECES - 3],
    );
    assert.equal(server.uploads.length, 1);
  });

  test("starts again if only start and end of the file are the same", async (context) => {
    const { server, upload } = start(context, new Blob([new Random(1).bytes(9000)]));
    await upload.run();
    const [served] = server.uploads;
    assert.ok(served !== undefined);
    served.isComplete = false;
    for (const piece of served.pieces.values()) piece.sha256 = "0".repeat(64);
    const again = new Upload(upload.file, () => 16);
    await again.run();
    assert.deepEqual([again.progress.resumed, server.uploads.length], [false, 2]);
  });
});

describe("pause and cancel", () => {
  test("a paused upload continues where it was", async (context) => {
    const { server, upload, states } = start(context);
    let isPaused = false;
    server.onPut = () => {
      if (!isPaused && server.puts >= 3) {
        isPaused = true;
        upload.pause();
      }
      return "take";
    };
    await upload.run();
    assert.equal(upload.progress.state, "paused");
    assert.equal(upload.isRunning, false);
    upload.wait();
    await upload.run();
    assert.equal(upload.progress.state, "done");
    assert.equal(server.uploads.length, 1);
    assert.deepEqual(
      states.filter((state) => state === "paused" || state === "waiting"),
      ["paused", "waiting"],
    );
  });

  test("cancelling deletes the video", async (context) => {
    const { server, upload } = start(context);
    let cancelled: Promise<void> | undefined;
    server.onPut = () => {
      cancelled ??= upload.cancel();
      return "take";
    };
    await upload.run();
    await cancelled;
    assert.equal(upload.progress.state, "cancelled");
    assert.deepEqual(server.deleted, ["video1"]);
  });

  test("cancelling an upload whose video is already gone is no error", async (context) => {
    const { server, upload } = start(context);
    await upload.run();
    server.onRequest = ({ method }) =>
      method === "DELETE" ? problem(404, "request.not_found") : null;
    await upload.cancel();
    assert.equal(upload.progress.state, "cancelled");
  });
});
