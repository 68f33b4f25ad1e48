import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Splitter } from "../../../src/upload/piece/splitter.ts";
import { CannotSplit, type Reason } from "../../../src/upload/split-reason.ts";
import { type ClipOptions, makeClip } from "../../harness/clips.ts";
import { readNut } from "../../harness/nut-reader.ts";
import { assertAscending } from "../../harness/order.ts";
import { Random } from "../../harness/random.ts";

const TARGET_S = 2;

async function open(options: ClipOptions = {}): Promise<Splitter> {
  return Splitter.open(await makeClip(options), TARGET_S);
}

async function assertCannotSplit(options: ClipOptions, reason: Reason): Promise<void> {
  await assert.rejects(
    open(options),
    (error) => error instanceof CannotSplit && error.reason === reason,
  );
}

describe("an MP4 file", () => {
  test("is described as the server would describe it", async () => {
    const { source } = await open({ audioS: [4], rotation: 90, audioLanguages: ["kor"] });
    assert.equal(source.container, "mov");
    assert.ok(Math.abs(source.duration_s - 4) < 0.05);
    assert.deepEqual(
      { ...source.video, colour_primaries: null },
      {
        codec: "h264",
        width: 320,
        height: 180,
        time_base: { num: 1, den: 25 },
        sar: { num: 1, den: 1 },
        rotation_deg: 90,
        mirrored: false,
        pix_fmt: "yuv420p",
        bit_depth: 8,
        colour_primaries: null,
        colour_transfer: null,
        colour_matrix: null,
        colour_range: null,
        interlaced: false,
        frame_rate: 25,
        frames: 100,
      },
    );
    assert.deepEqual(
      [
        source.audio?.codec,
        source.audio?.profile,
        source.audio?.sample_rate,
        source.audio?.channels,
        source.audio?.language,
      ],
      ["aac", "LC", 48_000, 2, "kor"],
    );
    assert.equal(source.audio?.bitrate_bps, (60 * 8 * 48_000) / 1024);
  });

  test("is cut into pieces that hold its packets", async () => {
    for (const bFrames of [false, true]) {
      const splitter = await open({ bFrames, audioS: [4] });
      assert.equal(splitter.count, 2);
      const shown: number[] = [];
      for (let index = 0; index < splitter.count; index++) {
        const { piece } = splitter.piece(index);
        const file = readNut(await splitter.cut(index));
        assert.deepEqual(
          [file.streams.length, file.streams[0]?.reorderDepth],
          [2, bFrames ? 1 : 0],
        );
        const frames = file.frames.filter(({ stream }) => stream === 0);
        assert.equal(frames[0]?.key, true);
        const pts = frames.map((frame) => frame.pts + piece.base);
        shown.push(...pts.filter((time) => time >= piece.start_pts && time < piece.end_pts));
        assert.ok(frames.every(({ pts: time }) => time >= 0));
      }
      const start = splitter.source.start_pts;
      assert.deepEqual(
        shown.sort((a, b) => a - b),
        Array.from({ length: 100 }, (_, i) => start + i),
      );
    }
  });

  test("gives the same bytes each time, and the bytes of its packets", async () => {
    const splitter = await open({ audioS: [4] });
    const [first, again] = [await splitter.cut(1), await splitter.cut(1)];
    assert.deepEqual(first, again);
    const videoBytes = readNut(first)
      .frames.filter(({ stream }) => stream === 0)
      .map(({ data }) => data.length);
    assert.deepEqual(
      videoBytes,
      Array.from({ length: 50 }, (_, i) => (i % 25 === 0 ? 400 : 40)),
    );
  });

  test("interleaves packets by decode time", async () => {
    const splitter = await open({ audioS: [4] });
    const times = readNut(await splitter.cut(0)).frames.map(
      ({ stream, pts }) => pts / (stream === 0 ? 25 : 48_000),
    );
    assertAscending(times);
  });

  test("estimates its size", async () => {
    const splitter = await open({ audioS: [4, 4] });
    const pieces = await Promise.all([splitter.cut(0), splitter.cut(1)]);
    const extra = await splitter.makeExtraAudio(0);
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, extra.body.length);
    assert.ok(splitter.sizeBytes < bytes && splitter.sizeBytes > bytes * 0.6);
  });

  test("in fragments is cut alike", async () => {
    const [plain, fragmented] = [await open(), await open({ format: "fragmented" })];
    assert.equal(fragmented.source.video.frames, plain.source.video.frames);
    assert.deepEqual(readNut(await fragmented.cut(1)).frames, readNut(await plain.cut(1)).frames);
  });
});

describe("additional audio tracks", () => {
  test("become files of their own, with language, title and role", async () => {
    const splitter = await open({
      audioS: [4, 3],
      audioLanguages: ["eng", "kor"],
      audioNames: ["", "  Audio\u0000two "],
    });
    assert.equal(splitter.extraAudioCount, 1);
    const { track, body } = await splitter.makeExtraAudio(0);
    assert.deepEqual([track.language, track.role], ["kor", "dub"]);
    assert.equal(track.label, "Audio two");
    assert.deepEqual(track.sound.tick, { num: 1, den: 48_000 });
    const file = readNut(body);
    assert.equal(file.streams.length, 1);
    assert.equal(file.frames.length, Math.ceil((3 * 48_000) / 1024));
    assert.equal(file.frames[0]?.pts, 0);
  });

  test("know where they start and end", async () => {
    const splitter = await open({ audioS: [4, 3] });
    const { sound } = (await splitter.makeExtraAudio(0)).track;
    assert.equal(sound.start_ns, 0);
    assert.equal(sound.end_sample, Math.ceil((3 * 48_000) / 1024) * 1024);
  });

  test("that do not exist raise a RangeError", async () => {
    const splitter = await open();
    await assert.rejects(splitter.makeExtraAudio(0), (error) => error instanceof RangeError);
    assert.throws(
      () => splitter.piece(99),
      (error) => error instanceof RangeError,
    );
  });
});

test("a Matroska file without sound is cut", async () => {
  const splitter = await open({ format: "mkv" });
  assert.equal(splitter.source.container, "matroska");
  assert.equal(splitter.source.video.time_base.den, 1000);
  assert.equal(readNut(await splitter.cut(0)).frames.length, 50);
});

describe("left to the server are", () => {
  test("files in no container that we know", async () => {
    for (const bytes of [
      new Random(1).bytes(5000),
      new Uint8Array(0),
      new TextEncoder().encode("RIFF1234AVI LIST"),
    ]) {
      await assert.rejects(
        Splitter.open(new Blob([bytes]), TARGET_S),
        (error) => error instanceof CannotSplit && error.reason === "container",
      );
    }
  });

  test("Matroska files with sound, whose times are too coarse", async () => {
    await assertCannotSplit({ format: "mkv", audioS: [4] }, "audio_times");
    await assertCannotSplit({ format: "webm", videoCodec: "vp9", audioS: [4] }, "audio_times");
  });

  test("interlaced video", async () => {
    await assertCannotSplit({ sps: { interlaced: true } }, "interlaced");
  });

  test("AAC of a rate at which SBR may hide", async () => {
    await assertCannotSplit({ audioS: [4], audioRate: 24_000 }, "audio_codec");
    await open({ audioS: [4], audioRate: 32_000 });
  });

  test("sound that outlasts the video", async () => {
    await assertCannotSplit({ audioS: [4.5] }, "sound_longer");
    await open({ audioS: [3] });
  });

  test("keyframes so far apart that pieces would repeat most of the file", async () => {
    await assertCannotSplit({ frames: 500, gop: 500 }, "far_keyframes");
  });

  test("truncated files", async () => {
    const clip = await makeClip({ audioS: [4] });
    for (const share of [0.95, 0.7, 0.3]) {
      const cut = clip.slice(0, Math.floor(clip.size * share));
      await assert.rejects(Splitter.open(cut, TARGET_S), (error) => error instanceof CannotSplit);
    }
  });
});

test("damaged files end in pieces or an error, never in a hang", async (context) => {
  for (const name of ["warn", "error"] as const)
    context.mock.method(console, name, () => undefined);
  const whole = new Uint8Array(await (await makeClip({ audioS: [4] })).arrayBuffer());
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const damaged = whole.slice();
    for (let i = 0; i < 6; i++) damaged[random.int(0, damaged.length - 1)] = random.int(0, 255);
    try {
      const splitter = await Splitter.open(new Blob([damaged]), TARGET_S);
      for (let index = 0; index < splitter.count; index++) readNut(await splitter.cut(index));
    } catch (error) {
      assert.ok(error instanceof Error);
      assert.notEqual((error as { code?: string }).code, "ERR_ASSERTION", error.message);
    }
  }
});
