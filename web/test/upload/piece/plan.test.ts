import assert from "node:assert/strict";
import { describe, test } from "node:test";

import type { PacketTable } from "../../../src/upload/index/packet-table.ts";
import { findBorders, type PlannedPiece, planPieces } from "../../../src/upload/piece/plan.ts";
import { assertAscending } from "../../harness/order.ts";
import { constantFrames, randomFrames, tableOf } from "../../harness/packets.ts";
import { forAll, type Random } from "../../harness/random.ts";

const FPS = 25;
const AAC = { ticksPerS: 48_000, packetTicks: 1024 };

function audioOf(seconds: number): PacketTable {
  const count = Math.ceil((seconds * AAC.ticksPerS) / AAC.packetTicks);
  return tableOf(
    AAC.ticksPerS,
    Array.from({ length: count }, (_, i) => ({
      pts: i * AAC.packetTicks,
      key: true,
      duration: AAC.packetTicks,
      bytes: 300,
    })),
  );
}

function bordersInS(frames: number, gop: number, targetS: number): number[] {
  return findBorders(tableOf(FPS, constantFrames(frames, gop)), targetS).map((pts) => pts / FPS);
}

describe("borders", () => {
  test("are short at first, for a fast start, and then at the target", () => {
    assert.deepEqual(bordersInS(30 * FPS, 2 * FPS, 6), [0, 2, 6, 12, 18, 24, 30]);
  });

  test("of a short target are at the target from the start", () => {
    assert.deepEqual(bordersInS(4 * FPS, FPS, 1), [0, 1, 2, 3, 4]);
  });

  test("are at the nearest keyframes", () => {
    assert.deepEqual(bordersInS(20 * FPS, 5 * FPS, 6), [0, 2, 5, 10, 15, 20]);
  });

  test("divide a GOP that is too long, at frames", () => {
    assert.deepEqual(bordersInS(20 * FPS, 1000 * FPS, 6), [0, 2, 6, 12, 20]);
  });

  test("leave no tail that is shorter than half a second", () => {
    assert.deepEqual(bordersInS(2 * FPS + 5, FPS, 2), [0, 2.2]);
    assert.deepEqual(bordersInS(3 * FPS, FPS, 2), [0, 2, 3]);
  });

  test("of one frame are its start and end", () => {
    assert.deepEqual(findBorders(tableOf(FPS, constantFrames(1, 1)), 6), [0, 1]);
  });

  test("increase, start with the first frame and end with the last", () => {
    forAll(100, (random) => {
      const table = tableOf(FPS, randomFrames(random, random.int(1, 600), random.int(1, 400)));
      const borders = findBorders(table, random.pick([1, 2, 6]));
      assert.deepEqual([borders[0], borders.at(-1)], [table.startPts, table.endPts]);
      assertAscending(borders, true);
    });
  });
});

describe("video packets of a piece", () => {
  test("start with the keyframe of its first frame", () => {
    const table = tableOf(FPS, constantFrames(10 * FPS, 2 * FPS));
    const pieces = planPieces(table, null, "", null, 6);
    assert.deepEqual(
      pieces.map(({ video }) => [video.start, video.stop]),
      [
        [0, 50],
        [50, 150],
        [150, 250],
      ],
    );
    assert.deepEqual(
      pieces.map(({ piece }) => piece.base),
      [0, 50, 150],
    );
    assert.deepEqual(
      pieces.map(({ piece }) => piece.last),
      [false, false, true],
    );
  });

  test("of a piece within a GOP start with the keyframe before it", () => {
    const table = tableOf(FPS, constantFrames(20 * FPS, 1000 * FPS));
    const [, second] = planPieces(table, null, "", null, 6);
    assert.deepEqual(second?.video, { start: 0, stop: 6 * FPS });
    assert.deepEqual([second?.piece.start_pts, second?.piece.frames], [2 * FPS, 4 * FPS]);
  });

  test("start one keyframe earlier in an open GOP", () => {
    // The second keyframe (pts 52) is followed by two frames that are displayed before it.
    const open = [
      ...constantFrames(50, 50),
      { pts: 52, key: true },
      { pts: 50 },
      { pts: 51 },
      ...Array.from({ length: 100 }, (_, i) => ({ pts: 53 + i })),
    ];
    const pieces = planPieces(tableOf(FPS, open), null, "", null, 2);
    assert.equal(pieces[0]?.piece.end_pts, 52);
    assert.equal(pieces[1]?.video.start, 0);
  });
});

describe("audio packets of a piece", () => {
  const video = tableOf(FPS, constantFrames(10 * FPS, 2 * FPS));

  function packetsOf(codec: string): [number, number][] {
    return planPieces(video, audioOf(10), codec, null, 6).map(({ audio }) => [
      ((audio?.start ?? 0) * AAC.packetTicks) / AAC.ticksPerS,
      ((audio?.stop ?? 0) * AAC.packetTicks) / AAC.ticksPerS,
    ]);
  }

  test("start a margin before it and end 120 ms after it", () => {
    const [, second, last] = packetsOf("aac");
    const packetS = AAC.packetTicks / AAC.ticksPerS;
    assert.ok(second !== undefined && last !== undefined);
    assert.ok(second[0] <= 2 - 0.25 && second[0] > 2 - 0.25 - 2 * packetS);
    assert.ok(second[1] >= 6 + 0.12 && second[1] < 6 + 0.12 + 2 * packetS);
    assert.ok(last[1] >= 10);
  });

  test("have a longer margin for codecs that settle slowly", () => {
    const starts = ["aac", "mp3", "opus"].map((codec) => packetsOf(codec)[1]?.[0] ?? Number.NaN);
    assert.ok((starts[1] as number) <= 2 - 0.45 && (starts[2] as number) <= 2 - 0.6);
    assert.ok((starts[0] as number) > (starts[1] as number));
  });

  test("carry the end sample in the piece that holds the last packet", () => {
    const ends = planPieces(video, audioOf(10), "aac", 480_000, 6).map(
      ({ piece }) => piece.audio?.end_sample,
    );
    assert.deepEqual(ends, [null, null, 480_000]);
  });

  test("are none after the end of a short track", () => {
    const pieces = planPieces(video, audioOf(1), "aac", 48_000, 6);
    assert.notEqual(pieces[0]?.audio, null);
    assert.deepEqual(
      [pieces[1]?.audio, pieces[1]?.piece.audio, pieces[1]?.piece.audio_base],
      [null, null, 0],
    );
  });
});

describe("every plan", () => {
  function randomPlan(random: Random): {
    video: PacketTable;
    audio: PacketTable;
    pieces: PlannedPiece[];
  } {
    const video = tableOf(FPS, randomFrames(random, random.int(1, 500), random.int(1, 120)));
    const audio = audioOf(random.int(1, 25));
    return {
      video,
      audio,
      pieces: planPieces(
        video,
        audio,
        random.pick(["aac", "opus", "mp3"]),
        null,
        random.pick([1, 2, 6]),
      ),
    };
  }

  test("owns each frame in exactly one piece", () => {
    forAll(60, (random) => {
      const { video, pieces } = randomPlan(random);
      assert.equal(
        pieces.reduce((sum, { piece }) => sum + piece.frames, 0),
        video.frames,
      );
      pieces.forEach(({ piece }, i) => {
        assert.equal(piece.index, i);
        assert.equal(piece.start_pts, i === 0 ? video.startPts : pieces[i - 1]?.piece.end_pts);
      });
    });
  });

  test("gives each piece the packets of all its frames, from a keyframe on", () => {
    forAll(60, (random) => {
      const { video, pieces } = randomPlan(random);
      for (const { piece, video: range } of pieces) {
        assert.equal(video.key[range.start], 1);
        video.pts.forEach((pts, i) => {
          const isOwn = video.shown[i] === 1 && pts >= piece.start_pts && pts < piece.end_pts;
          if (isOwn) assert.ok(i >= range.start && i < range.stop);
        });
      }
    });
  });

  test("sums up its bytes, and no time is negative after subtracting its bases", () => {
    forAll(60, (random) => {
      const { video, audio, pieces } = randomPlan(random);
      for (const { piece, video: range, audio: span, sizeBytes } of pieces) {
        const bytes = video.sizeBytes
          .slice(range.start, range.stop)
          .reduce((sum, size) => sum + size, 0);
        const audioBytes =
          span === null
            ? 0
            : audio.sizeBytes.slice(span.start, span.stop).reduce((sum, size) => sum + size, 0);
        assert.equal(sizeBytes, bytes + audioBytes);
        const times = [
          ...video.pts.slice(range.start, range.stop),
          ...video.dts.slice(range.start, range.stop),
        ];
        assert.equal(Math.min(...times) - piece.base, 0);
      }
    });
  });
});
