import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { activeRung, chooseRung, listRungs } from "../../../src/player/stream/rungs.ts";
import {
  bandwidthFor,
  pickStartRung,
  SAVER_PIXELS,
} from "../../../src/player/stream/start-rung.ts";
import { forAll } from "../../harness/random.ts";

type Track = {
  width: number | null;
  height: number | null;
  videoBandwidth: number | null;
  bandwidth: number;
  frameRate: number | null;
  active: boolean;
  audioId: number;
};

const track = (width: number | null, height: number | null, more: Partial<Track> = {}): Track => ({
  width,
  height,
  videoBandwidth: (height ?? 0) * 1000,
  bandwidth: 1,
  frameRate: 25,
  active: false,
  audioId: 1,
  ...more,
});

function playerOf(tracks: Track[]) {
  const calls: unknown[][] = [];
  const player = {
    getVariantTracks: () => tracks,
    configure: (...args: unknown[]) => calls.push(["configure", ...args]),
    selectVariantTrack: (...args: unknown[]) => calls.push(["select", ...args]),
  };
  return { player: player as unknown as Parameters<typeof listRungs>[0], calls };
}

describe("listRungs", () => {
  test("lists each size once, largest first, without audio-only variants", () => {
    const { player } = playerOf([
      track(640, 360),
      track(1280, 720),
      track(640, 360, { audioId: 2 }),
      track(null, null),
    ]);
    assert.deepEqual(
      listRungs(player).map(({ id, bitrate, frameRate }) => [id, bitrate, frameRate]),
      [
        ["1280x720", 720_000, 25],
        ["640x360", 360_000, 25],
      ],
    );
  });

  test("falls back to the bandwidth of the variant", () => {
    const { player } = playerOf([
      track(640, 360, { videoBandwidth: null, bandwidth: 5, frameRate: null }),
    ]);
    assert.deepEqual([listRungs(player)[0]?.bitrate, listRungs(player)[0]?.frameRate], [5, 0]);
  });

  test("has an active rung once one is fetched", () => {
    assert.equal(activeRung(playerOf([track(640, 360)]).player), undefined);
    assert.equal(
      activeRung(playerOf([track(640, 360), track(1280, 720, { active: true })]).player),
      "1280x720",
    );
  });
});

describe("chooseRung", () => {
  test("keeps the audio track", () => {
    const wanted = track(1280, 720, { audioId: 2 });
    const { player, calls } = playerOf([
      track(640, 360, { active: true, audioId: 2 }),
      track(1280, 720),
      wanted,
    ]);
    chooseRung(player, "1280x720");
    assert.deepEqual(calls, [
      ["configure", "abr.enabled", false],
      ["select", wanted, true, 3],
    ]);
  });

  test("does not select what is active already", () => {
    const { player, calls } = playerOf([track(640, 360, { active: true })]);
    chooseRung(player, "640x360");
    assert.deepEqual(calls, [["configure", "abr.enabled", false]]);
  });

  test("ignores a rung that the stream does not have", () => {
    const { player, calls } = playerOf([track(640, 360)]);
    chooseRung(player, "1x1");
    assert.deepEqual(calls, []);
  });

  test("leaves the choice to the bandwidth again", () => {
    const { player, calls } = playerOf([]);
    chooseRung(player, null);
    assert.deepEqual(calls, [["configure", "abr.enabled", true]]);
  });
});

describe("pickStartRung", () => {
  const rung = (height: number, bandwidth_bps: number) => ({
    pixels: ((height * 16) / 9) * height,
    bandwidth_bps,
  });
  const rungs = [
    rung(720, 2_000_000),
    rung(240, 300_000),
    rung(480, 900_000),
    rung(1080, 4_000_000),
  ];

  test("picks the largest rung that the bandwidth carries", () => {
    assert.equal(pickStartRung(rungs, { bandwidth_bps: 2_500_000, pixels: Infinity }), rungs[0]);
    assert.equal(pickStartRung(rungs, { bandwidth_bps: 2_000_000, pixels: Infinity }), rungs[2]);
  });

  test("saves data with 480p, in either orientation", () => {
    assert.equal(pickStartRung(rungs, { bandwidth_bps: 1e9, pixels: SAVER_PIXELS }), rungs[2]);
  });

  test("picks the smallest rung if none fits, and none of none", () => {
    assert.equal(pickStartRung(rungs, { bandwidth_bps: 1000, pixels: Infinity }), rungs[1]);
    assert.equal(pickStartRung([], { bandwidth_bps: 1e9, pixels: Infinity }), undefined);
  });

  test("agrees with what Shaka picks for the bandwidth that it is given", () => {
    forAll(100, (random) => {
      const made = Array.from({ length: random.int(1, 6) }, (_, i) =>
        rung(100 * (i + 1), (i + 1) * random.int(100_000, 120_000)),
      );
      const picked = random.pick(made);
      const usable = bandwidthFor(made, picked) * 0.95;
      const shaka = made
        .filter(({ bandwidth_bps }) => bandwidth_bps <= usable)
        .sort((a, b) => b.bandwidth_bps - a.bandwidth_bps)[0];
      assert.equal(shaka?.bandwidth_bps, picked.bandwidth_bps);
    });
  });
});
