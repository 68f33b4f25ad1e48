import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Video } from "../../../src/api/video.ts";
import { updateMediaSession } from "../../../src/player/control/media-session.ts";
import { replaceGlobal } from "../../harness/globals.ts";
import { FakeMedia } from "../../harness/media.ts";

type Handler = ((details: { seekOffset?: number; seekTime?: number }) => void) | null;

function start(context: Parameters<typeof replaceGlobal>[0], onNext: (() => void) | null = null) {
  const handlers = new Map<string, Handler>();
  const session = {
    metadata: null as Record<string, unknown> | null,
    setActionHandler: (name: string, handler: Handler) => {
      if (name === "seekto") throw new TypeError("not supported");
      handlers.set(name, handler);
    },
  };
  replaceGlobal(context, "navigator", { mediaSession: session });
  replaceGlobal(
    context,
    "MediaMetadata",
    class {
      constructor(fields: Record<string, unknown>) {
        Object.assign(this, fields);
      }
    },
  );
  const media = new FakeMedia();
  const calls: unknown[][] = [];
  const target = {
    player: { media: media.video, seekTo: (seconds: number) => calls.push(["seekTo", seconds]) },
    seekBy: (seconds: number) => calls.push(["seekBy", seconds]),
    togglePlay: () => calls.push(["togglePlay"]),
  };
  const video = {
    title: "A title",
    channel: { display_name: "A channel" },
    poster: "/poster.jpg",
  } as Video;
  updateMediaSession(video, target as never, onNext);
  return { handlers, session, media, calls };
}

describe("updateMediaSession", () => {
  test("shows title, channel and poster", (context) => {
    const { session } = start(context);
    assert.equal(session.metadata?.title, "A title");
    assert.equal(session.metadata?.artist, "A channel");
    assert.deepEqual(session.metadata?.artwork, [
      { src: "http://localhost:8000/poster.jpg", type: "image/jpeg" },
    ]);
  });

  test("plays only what is paused, and pauses only what plays", (context) => {
    const { handlers, media, calls } = start(context);
    handlers.get("pause")?.({});
    handlers.get("play")?.({});
    media.paused = false;
    handlers.get("play")?.({});
    handlers.get("pause")?.({});
    assert.deepEqual(calls, [["togglePlay"], ["togglePlay"]]);
  });

  test("seeks by ten seconds, or as the system asks", (context) => {
    const { handlers, calls } = start(context);
    handlers.get("seekbackward")?.({});
    handlers.get("seekforward")?.({ seekOffset: 30 });
    assert.deepEqual(calls, [
      ["seekBy", -10],
      ["seekBy", 30],
    ]);
  });

  test("offers the next video only if there is one, whatever the browser supports", (context) => {
    assert.equal(start(context).handlers.get("nexttrack"), null);
    const next = (): void => undefined;
    assert.equal(start(context, next).handlers.get("nexttrack"), next);
  });

  test("does nothing in browsers without a media session", (context) => {
    replaceGlobal(context, "navigator", {});
    updateMediaSession({} as Video, {} as never, null);
  });
});
