import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";

import type { Video } from "../../../src/api/video.ts";
import { HeldFrame } from "../../../src/player/overlay/held-frame.ts";
import { NextCard } from "../../../src/player/overlay/next-card.ts";
import { RetryNotice } from "../../../src/player/overlay/retry-notice.ts";
import { Stage } from "../../../src/player/overlay/stage.ts";
import { Toast } from "../../../src/player/overlay/toast.ts";
import { setPreference } from "../../../src/player/preference.ts";
import { formatPercent } from "../../../src/text/format.ts";
import { words } from "../../../src/text/watch/words.ts";
import { FakeElement } from "../../harness/dom.ts";
import { replaceGlobal } from "../../harness/globals.ts";
import { FakeMedia } from "../../harness/media.ts";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

describe("Toast", () => {
  test("shows a message for a moment; a new one replaces it", () => {
    const element = new FakeElement();
    const toast = new Toast(element.element);
    toast.show("first");
    mock.timers.tick(800);
    toast.show("second");
    mock.timers.tick(800);
    assert.deepEqual([element.textContent, element.hidden], ["second", false]);
    mock.timers.tick(100);
    assert.equal(element.hidden, true);
  });
});

describe("RetryNotice", () => {
  test("counts down to the retry", () => {
    const player = new FakeElement();
    const notice = new RetryNotice(player.element);
    const root = player.querySelector(".trouble");
    const again = root.querySelector(".trouble-again");
    notice.show("No connection", 2.4);
    assert.deepEqual(
      [root.querySelector("[role=status]").textContent, again.textContent],
      ["No connection", words.fault.againIn(3)],
    );
    mock.timers.tick(1000);
    assert.equal(again.textContent, words.fault.againIn(2));
    mock.timers.tick(1000);
    assert.equal(again.textContent, words.fault.again);
    notice.hide();
    assert.equal(root.hidden, true);
  });
});

describe("Stage", () => {
  function start() {
    const player = new FakeElement();
    let retries = 0;
    const stage = new Stage(player.element, () => {
      retries += 1;
    });
    const root = player.querySelector(".stage");
    const text = (selector: string): string => root.querySelector(selector).textContent;
    return {
      stage,
      root,
      title: () => text(".stage-title"),
      detail: () => text(".stage-detail"),
      retries: () => retries,
    };
  }
  const video = (state: string, more: Partial<Video> = {}): Video =>
    ({ state, progress: 0.42, notice: null, error: null, poster: null, ...more }) as Video;

  test("shows the progress of a video that is processed", () => {
    const { stage, root, title, detail } = start();
    stage.showVideo(video("processing", { poster: "/p.jpg" }));
    assert.deepEqual(
      [title(), detail()],
      [words.stage.processing, words.stage.startsItself(formatPercent(0.42))],
    );
    assert.equal(root.querySelector(".stage-progress").value, 0.42);
    assert.equal(root.querySelector(".stage-poster").src, "/p.jpg");
    assert.ok(root.classes.has("waiting"));
  });

  test("says why a video failed, without a progress bar", () => {
    const { stage, root, title, detail } = start();
    stage.showVideo(
      video("failed", { error: { code: "some.code", message: "It is broken." } as never }),
    );
    assert.deepEqual([title(), detail()], ["It is broken.", "some.code"]);
    assert.equal(root.querySelector(".stage-progress").hidden, true);
  });

  test("offers a retry after a fault", () => {
    const { stage, root, title, retries } = start();
    stage.showFault({ code: "player.3", message: "Cannot be decoded", isTransient: false });
    assert.equal(title(), "Cannot be decoded");
    const button = root.querySelector(".stage-retry");
    assert.equal(button.hidden, false);
    button.dispatchEvent(new Event("click"));
    assert.equal(retries(), 1);
  });

  test("tells what is missing from what is forbidden", () => {
    const { stage, root, title } = start();
    stage.showMissing(404, "request.not_found");
    assert.equal(title(), words.stage.missing);
    stage.showMissing(403, "account.forbidden");
    assert.equal(title(), words.stage.forbidden);
    assert.equal(root.querySelector(".stage-retry").hidden, true);
    stage.hide();
    assert.equal(root.hidden, true);
  });
});

describe("NextCard", () => {
  type Context = Parameters<typeof replaceGlobal>[0];

  function start(context: Context, autoplayNext: boolean) {
    setPreference({ autoplayNext });
    const visited: string[] = [];
    replaceGlobal(context, "location", { assign: (url: string) => visited.push(url) });
    const before = document.createElement;
    document.createElement = (() => new FakeElement()) as never;
    context.after(() => {
      document.createElement = before;
    });
    const [player, media] = [new FakeElement(), new FakeMedia()];
    const next = {
      href: "/watch/b",
      title: "Next one",
      channel: "Ch",
      poster: null,
      duration_s: 65,
    };
    const card = new NextCard(player.element, media.video, next);
    return { player, media, card, visited };
  }

  test("plays the next video eight seconds after the end", (context) => {
    const { media, visited } = start(context, true);
    media.emit("ended");
    for (let second = 1; second < 8; second++) mock.timers.tick(1000);
    assert.deepEqual(visited, []);
    mock.timers.tick(1000);
    assert.deepEqual(visited, ["/watch/b"]);
  });

  test("waits for the viewer if autoplay is off", (context) => {
    const { player, media, visited } = start(context, false);
    media.emit("ended");
    for (let second = 1; second < 60; second++) mock.timers.tick(1000);
    assert.deepEqual([visited.length, player.children.length], [0, 1]);
  });

  test("goes away when the viewer plays or seeks", (context) => {
    for (const type of ["play", "seeking"]) {
      const { player, media, visited } = start(context, true);
      media.emit("ended");
      media.emit(type);
      for (let second = 1; second < 60; second++) mock.timers.tick(1000);
      assert.deepEqual([visited.length, player.children[0]?.isRemoved], [0, true], type);
    }
  });

  test("does not show for a video that loops", (context) => {
    const { player, media } = start(context, true);
    media.emit("ended", { loop: true });
    assert.equal(player.children.length, 0);
  });
});

describe("HeldFrame", () => {
  test("draws the last frame over the video, if there is one", () => {
    const drawn: unknown[] = [];
    const canvas = {
      hidden: true,
      width: 0,
      height: 0,
      getContext: () => ({ drawImage: (media: unknown) => drawn.push(media) }),
    };
    const media = new FakeMedia();
    const held = new HeldFrame(canvas as unknown as HTMLCanvasElement, media.video);
    held.show(true);
    assert.deepEqual(
      [canvas.hidden, canvas.width, canvas.height, drawn.length],
      [false, 1280, 720, 1],
    );
    held.show(false);
    assert.deepEqual([canvas.hidden, drawn.length], [true, 1]);
    media.readyState = 0;
    held.show(true);
    assert.equal(drawn.length, 1);
  });
});
