import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Queue } from "../../../src/upload/send/queue.ts";
import type { Upload } from "../../../src/upload/send/upload.ts";
import { FakeWorker } from "../../harness/fake-worker.ts";
import { replaceGlobal } from "../../harness/globals.ts";
import { problem } from "../../harness/http.ts";
import { UploadServer } from "../../harness/upload-server.ts";

type Context = Parameters<typeof replaceGlobal>[0];

function start(context: Context, count: number) {
  replaceGlobal(context, "Worker", FakeWorker);
  const server = new UploadServer().install(context);
  server.wantsWhole = true;
  const queue = new Queue();
  const files = Array.from({ length: count }, (_, i) => new File([`file number ${i}`], `${i}.avi`));
  return { server, queue, files };
}

function until(queue: Queue, isReached: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => void (isReached() && resolve());
    queue.addEventListener("change", check);
    check();
  });
}

const stateOf = ({ progress }: Upload): string => progress.state;

describe("Queue", () => {
  test("runs two uploads at a time until all are done", async (context) => {
    const { queue, files } = start(context, 5);
    let most = 0;
    queue.addEventListener("change", () => {
      most = Math.max(
        most,
        queue.uploads.filter(({ progress }) => ["reading", "sending"].includes(progress.state))
          .length,
      );
    });
    for (const file of files) queue.add(file);
    assert.equal(queue.isBusy, true);
    await until(queue, () => queue.uploads.every(({ progress }) => progress.state === "done"));
    assert.equal(most, 2);
    await new Promise((resolve) => setImmediate(() => resolve(undefined)));
    assert.equal(queue.isBusy, false);
  });

  test("goes on with the others after a failure", async (context) => {
    const { server, queue, files } = start(context, 3);
    let opened = 0;
    server.onRequest = ({ method, url }) =>
      method === "POST" && url.endsWith("/videos") && ++opened === 1
        ? problem(403, "account.forbidden")
        : null;
    for (const file of files) queue.add(file);
    await until(queue, () => queue.uploads.every(({ isRunning }) => !isRunning));
    assert.deepEqual(queue.uploads.map(stateOf).sort(), ["done", "done", "failed"]);
  });

  test("leaves out uploads that were paused before their turn, and takes them later", async (context) => {
    const { queue, files } = start(context, 3);
    const uploads = files.map((file) => queue.add(file));
    const last = uploads[2] as Upload;
    last.pause();
    await until(queue, () => uploads.slice(0, 2).every((upload) => stateOf(upload) === "done"));
    assert.equal(stateOf(last), "paused");
    queue.resume(last);
    await until(queue, () => stateOf(last) === "done");
  });

  test("announces new uploads", (context) => {
    const { queue, files } = start(context, 2);
    let added = 0;
    queue.addEventListener("add", () => {
      added += 1;
    });
    for (const file of files) queue.add(file);
    assert.deepEqual([added, queue.uploads.length], [2, 2]);
    assert.notEqual(queue.uploads[0]?.id, queue.uploads[1]?.id);
    for (const upload of queue.uploads) upload.pause();
  });
});
