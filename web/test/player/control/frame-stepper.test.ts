import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FrameStepper } from "../../../src/player/control/frame-stepper.ts";
import { FakeMedia } from "../../harness/media.ts";

const FPS = 25;

describe("FrameStepper", () => {
  test("seeks to the middle of the next or the previous frame", () => {
    const media = new FakeMedia();
    const stepper = new FrameStepper(media.video);
    media.showFrame(10 / FPS);
    stepper.step(1, FPS, 100);
    assert.ok(Math.abs(media.currentTime - 11.5 / FPS) < 1e-9);
    media.showFrame(11 / FPS);
    stepper.step(-1, FPS, 100);
    assert.ok(Math.abs(media.currentTime - 10.5 / FPS) < 1e-9);
  });

  test("pauses, and stays within the video", async () => {
    const media = new FakeMedia();
    const stepper = new FrameStepper(media.video);
    await media.play();
    stepper.step(-1, FPS, 100);
    assert.deepEqual([media.paused, media.currentTime], [true, 0]);
    media.showFrame(99.99);
    stepper.step(1, FPS, 100);
    assert.equal(media.currentTime, 100);
  });

  test("stops to watch frames at its end", () => {
    const media = new FakeMedia();
    const stepper = new FrameStepper(media.video);
    stepper.end();
    media.showFrame(1);
    assert.equal(media.frameCallbacks.length, 0);
  });
});
