import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { StallCounter } from "../../../src/player/stream/stall-counter.ts";
import { FakeMedia } from "../../harness/media.ts";

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

function playing(): { media: FakeMedia; stalls: StallCounter } {
  const media = new FakeMedia();
  const stalls = new StallCounter(media.video);
  media.emit("playing", { paused: false });
  return { media, stalls };
}

describe("StallCounter", () => {
  test("counts a stop of 100 ms", () => {
    const { media, stalls } = playing();
    media.emit("waiting");
    mock.timers.tick(100);
    assert.equal(stalls.count, 1);
    media.emit("playing");
    media.emit("waiting");
    mock.timers.tick(5000);
    assert.equal(stalls.count, 2);
  });

  test("does not count a shorter stop", () => {
    const { media, stalls } = playing();
    media.emit("waiting");
    mock.timers.tick(99);
    media.emit("playing");
    mock.timers.tick(5000);
    assert.equal(stalls.count, 0);
  });

  test("does not count loading, seeking, pausing or the end", () => {
    const loading = new FakeMedia();
    const stalls = new StallCounter(loading.video);
    loading.emit("waiting");
    mock.timers.tick(5000);
    assert.equal(stalls.count, 0);
    for (const type of ["seeking", "emptied", "ended", "pause"]) {
      const { media, stalls: counter } = playing();
      media.emit("waiting");
      media.emit(type);
      mock.timers.tick(5000);
      media.emit("waiting");
      mock.timers.tick(5000);
      assert.equal(counter.count, 0, type);
    }
  });

  test("does not count what it was told to expect, until playback continues", () => {
    const { media, stalls } = playing();
    stalls.expect();
    media.emit("waiting");
    mock.timers.tick(5000);
    assert.equal(stalls.count, 0);
    media.emit("playing");
    media.emit("waiting");
    mock.timers.tick(100);
    assert.equal(stalls.count, 1);
  });
});
