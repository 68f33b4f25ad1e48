import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { Video } from "../../../src/api/video.ts";
import { misreadTracks } from "../../../src/player/stream/engine.ts";
import {
  chooseStream,
  countListedRungs,
  requestedProtocol,
} from "../../../src/player/stream/stream.ts";
import { replaceGlobal } from "../../harness/globals.ts";

function video(state: string, playback: unknown = { hls: "/a.m3u8", dash: "/a.mpd" }): Video {
  const renditions = [{ kind: "video" }, { kind: "video" }, { kind: "audio" }];
  return { state, playback, renditions } as unknown as Video;
}

describe("chooseStream", () => {
  test("plays DASH, and HLS on devices of Apple", () => {
    assert.deepEqual(chooseStream(video("ready"), null, false), {
      url: "/a.mpd",
      protocol: "dash",
      growing: false,
      rungs: 2,
    });
    assert.equal(chooseStream(video("ready"), null, true)?.protocol, "hls");
  });

  test("follows the request of the address", () => {
    assert.equal(chooseStream(video("ready"), "hls", false)?.url, "/a.m3u8");
    assert.equal(chooseStream(video("ready"), "dash", true)?.url, "/a.mpd");
  });

  test("plays HLS while the video grows, and where there is no DASH", () => {
    assert.deepEqual(chooseStream(video("playable"), "dash", false), {
      url: "/a.m3u8",
      protocol: "hls",
      growing: true,
      rungs: 2,
    });
    assert.equal(
      chooseStream(video("ready", { hls: "/a.m3u8", dash: null }), "dash", false)?.protocol,
      "hls",
    );
  });

  test("plays nothing before there is a stream, or after it is gone", () => {
    assert.equal(chooseStream(video("processing", null), null, false), null);
    for (const state of ["created", "uploading", "processing", "failed", "deleted"]) {
      assert.equal(chooseStream(video(state), null, false), null, state);
    }
  });
});

test("requestedProtocol reads the address", (context) => {
  const protocolOf = (query: string): string | null => {
    replaceGlobal(context, "location", new URL(`http://localhost/watch/v${query}`));
    return requestedProtocol();
  };
  assert.deepEqual(["?proto=hls", "?proto=dash", "?proto=smooth", ""].map(protocolOf), [
    "hls",
    "dash",
    null,
    null,
  ]);
});

describe("countListedRungs", () => {
  test("counts the playlists of variants once", () => {
    const playlist = [
      "#EXTM3U",
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="audio.m3u8"',
      "#EXT-X-STREAM-INF:BANDWIDTH=1",
      "480p.m3u8",
      '#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="b"',
      "480p.m3u8",
      "#EXT-X-STREAM-INF:BANDWIDTH=3",
      "# a comment",
      "",
      "720p.m3u8",
      '#EXT-X-I-FRAME-STREAM-INF:URI="i.m3u8"',
    ];
    assert.equal(countListedRungs(playlist.join("\n")), 2);
    assert.equal(countListedRungs(playlist.join("\r\n")), 2);
  });

  test("finds none in anything else", () => {
    assert.equal(countListedRungs(""), 0);
    assert.equal(countListedRungs("#EXTM3U\n#EXTINF:6,\nsegment.m4s"), 0);
    assert.equal(countListedRungs("#EXT-X-STREAM-INF:BANDWIDTH=1"), 0);
  });
});

test("misreadTracks names all tracks in WebKit on GStreamer, sound in Firefox, and nothing else", () => {
  const agents = {
    "GNOME Web": [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
      ["audio", "video"],
    ],
    Chrome: [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
      [],
    ],
    Safari: [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
      [],
    ],
    iPhone: [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
      [],
    ],
    Firefox: ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", ["audio"]],
  } as const;
  for (const [name, [agent, expected]] of Object.entries(agents))
    assert.deepEqual(misreadTracks(agent), expected, name);
});
