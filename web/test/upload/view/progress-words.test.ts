import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { formatBytes, formatDuration, formatPercent } from "../../../src/text/format.ts";
import { text } from "../../../src/text/text.ts";
import type { Progress } from "../../../src/upload/send/upload.ts";
import {
  describeProgress,
  describeTotal,
  shareOf,
} from "../../../src/upload/view/progress-words.ts";

const SENDING: Progress = {
  state: "sending",
  videoId: "v",
  reason: null,
  items: ["landed", "sending"],
  sentBytes: 250,
  totalBytes: 1000,
  bytesPerS: 50,
  etaS: 15,
  resumed: false,
  error: null,
};

describe("shareOf", () => {
  test("is the part that was sent; all of it when done, and nothing of nothing", () => {
    assert.equal(shareOf(SENDING), 0.25);
    assert.equal(shareOf({ ...SENDING, state: "done" }), 1);
    assert.equal(shareOf({ ...SENDING, sentBytes: 0, totalBytes: 0 }), 0);
  });
});

describe("describeProgress", () => {
  test("names state, share, rate and remaining time while it is sent", () => {
    assert.equal(
      describeProgress(SENDING),
      [
        text.upload.states.sending,
        formatPercent(0.25),
        text.upload.rate(formatBytes(50)),
        text.upload.left(formatDuration(15)),
      ].join(" · "),
    );
  });

  test("says that it resumes", () => {
    assert.ok(describeProgress({ ...SENDING, resumed: true }).startsWith(text.upload.goingOn));
  });

  test("keeps the share while it is paused, and the state alone when it has ended", () => {
    const idle = { ...SENDING, bytesPerS: 0, etaS: null };
    assert.equal(
      describeProgress({ ...idle, state: "paused" }),
      `${text.upload.states.paused} · ${formatPercent(0.25)}`,
    );
    assert.equal(describeProgress({ ...idle, state: "failed" }), text.upload.states.failed);
  });
});

describe("describeTotal", () => {
  test("adds the rates of uploads that are sent, and the bytes of those that wait", () => {
    const waiting = { ...SENDING, state: "waiting" as const, sentBytes: 0, bytesPerS: 99 };
    assert.equal(
      describeTotal([SENDING, SENDING, waiting]),
      `${text.upload.rate(formatBytes(100))} · ${text.upload.left(formatDuration(25))}`,
    );
  });

  test("is empty if nothing moves", () => {
    assert.equal(describeTotal([]), "");
    assert.equal(describeTotal([{ ...SENDING, bytesPerS: 0 }]), "");
  });
});
