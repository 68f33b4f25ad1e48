import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { readMp4Index } from "../../../src/upload/index/mp4-index.ts";
import { CannotSplit, type Reason } from "../../../src/upload/split-reason.ts";
import * as mp4 from "../../harness/boxes.ts";
import { forAll } from "../../harness/random.ts";

const { box, elst, fullBox, hdlr, mvhd, stts, tkhd, u32, wideBox } = mp4;
const MOVIE_TICKS = 1000;

function track(id: number, ...parts: Uint8Array[]): Uint8Array {
  return box("trak", tkhd(id), ...parts);
}

function moov(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return box("moov", mvhd(MOVIE_TICKS), ...parts);
}

function edits(...entries: mp4.EditEntry[]): Uint8Array {
  return box("edts", elst(entries));
}

function read(...parts: Uint8Array<ArrayBuffer>[]) {
  return readMp4Index(new Blob(parts));
}

async function assertCannotSplit(file: Promise<unknown>, reason: Reason): Promise<void> {
  await assert.rejects(file, (error) => error instanceof CannotSplit && error.reason === reason);
}

describe("edit lists", () => {
  test("are read by track, in seconds of the movie", async () => {
    const index = await read(
      moov(
        track(1, edits({ duration: 4000, mediaTime: 1024 })),
        track(2, edits({ duration: 500, mediaTime: -1 }, { duration: 3500, mediaTime: 0 })),
        track(3),
      ),
    );
    assert.deepEqual(
      [...index.edits],
      [
        [1, { emptyS: 0, durationS: 4, mediaTime: 1024 }],
        [2, { emptyS: 0.5, durationS: 3.5, mediaTime: 0 }],
      ],
    );
    assert.equal(index.fragmented, false);
  });

  test("of version 1 have 64 bits", async () => {
    const edit = { duration: 2 ** 33, mediaTime: 2 ** 34 };
    const wide = box("edts", elst([{ duration: 100, mediaTime: -1 }, edit], 1));
    const index = await read(box("moov", mvhd(MOVIE_TICKS, 1), box("trak", tkhd(7, 1), wide)));
    assert.deepEqual(index.edits.get(7), {
      emptyS: 0.1,
      durationS: 2 ** 33 / MOVIE_TICKS,
      mediaTime: 2 ** 34,
    });
  });

  test("with a duration of 0 last to the end", async () => {
    const index = await read(moov(track(1, edits({ duration: 0, mediaTime: 5 }))));
    assert.equal(index.edits.get(1)?.durationS, Infinity);
  });

  test("without entries are no edit lists", async () => {
    assert.equal((await read(moov(track(1, edits())))).edits.size, 0);
  });

  test("with two edits, another rate, or only an empty edit are left to the server", async () => {
    const first = { duration: 1000, mediaTime: 0 };
    await assertCannotSplit(read(moov(track(1, edits(first, first)))), "edit_list");
    await assertCannotSplit(read(moov(track(1, edits({ ...first, rate: 0x8000 })))), "edit_list");
    await assertCannotSplit(
      read(moov(track(1, edits({ duration: 1000, mediaTime: -1 })))),
      "edit_list",
    );
  });
});

test("decode durations are read as runs", async () => {
  const runs = [
    [3, 512],
    [1, 1024],
  ] as const;
  const media = box("mdia", box("minf", box("stbl", stts(runs))));
  assert.deepEqual((await read(moov(track(1, media)))).steps.get(1), [
    [3, 512],
    [1, 1024],
  ]);
});

describe("tables that promise far more samples than there are", () => {
  const sizes = (count: number, size = 0): Uint8Array =>
    fullBox("stsz", 0, 0, u32(size), u32(count), size === 0 ? new Uint8Array(4 * count) : []);
  const table = (...parts: Uint8Array[]) =>
    read(moov(track(1, box("mdia", box("minf", box("stbl", ...parts))))));
  const chunks = (samples: number): Uint8Array =>
    fullBox("stsc", 0, 0, u32(1), u32(1), u32(samples), u32(1));

  test("are damaged: mediabunny would look for all of them", async () => {
    await assertCannotSplit(table(stts([[2 ** 31, 1]]), sizes(3)), "unreadable");
    await assertCannotSplit(
      table(sizes(3), fullBox("ctts", 0, 0, u32(1), u32(5000), u32(0))),
      "unreadable",
    );
    await assertCannotSplit(table(chunks(2 ** 30), sizes(3)), "unreadable");
    await assertCannotSplit(table(stts([[5000, 1]]), sizes(2 ** 31, 4)), "unreadable");
    await assertCannotSplit(table(stts([[5000, 1]])), "unreadable");
  });

  test("pass if they differ by little", async () => {
    await table(stts([[4, 1]]), sizes(3), chunks(4));
  });
});

test("a table of decode durations that promises too many runs is read as far as it goes", async () => {
  const cut = fullBox("stts", 0, 0, u32(2 ** 31), u32(3), u32(512));
  const index = await read(moov(track(1, box("mdia", box("minf", box("stbl", cut))))));
  assert.deepEqual(index.steps.get(1), [[3, 512]]);
});

describe("text", () => {
  test("tracks of captions or chapters are left to the server", async () => {
    for (const kind of ["text", "sbtl", "subt", "clcp", "subp"]) {
      const file = read(moov(track(1, box("mdia", hdlr(kind)))));
      await assertCannotSplit(file, "text_tracks");
    }
    await read(moov(track(1, box("mdia", hdlr("vide"))), track(2, box("mdia", hdlr("soun")))));
  });

  test("chapters of Nero are left to the server", async () => {
    await assertCannotSplit(read(moov(box("udta", box("chpl", [0])))), "text_tracks");
  });
});

describe("truncation", () => {
  test("of the media is found, with sizes of 32 and 64 bits", async () => {
    const mdat = box("mdat", new Uint8Array(1000));
    await read(moov(), mdat);
    await assertCannotSplit(read(moov(), mdat.slice(0, 500)), "truncated");
    const wide = wideBox("mdat", new Uint8Array(1000));
    await read(wide, moov());
    await assertCannotSplit(read(wide.slice(0, 500)), "truncated");
  });

  test("does not concern media that lasts to the end of the file", async () => {
    const open = mp4.join(u32(0), mp4.ascii("mdat"), [1, 2, 3]);
    assert.equal((await read(moov(), open)).fragmented, false);
  });
});

describe("fragments", () => {
  const fragmented = moov(track(1), box("mvex"));
  const frame = { duration: 512, bytes: [1], isKey: true };

  test("are recognized", async () => {
    assert.equal((await read(fragmented, mp4.fragment(0, [frame]))).fragmented, true);
  });

  test("with negative composition offsets are left to the server", async () => {
    await read(fragmented, mp4.fragment(0, [{ ...frame, offset: 512 }]));
    const file = read(fragmented, mp4.fragment(0, [frame, { ...frame, offset: -512 }]));
    await assertCannotSplit(file, "edit_list");
  });
});

test("hostile bytes end in an answer or an error, never in a hang", async () => {
  const whole = mp4.join(
    moov(
      track(
        1,
        edits({ duration: 4000, mediaTime: 0 }),
        box("mdia", hdlr("vide"), box("minf", box("stbl", stts([[9, 1]])))),
      ),
      box("mvex"),
    ),
    mp4.fragment(0, [{ duration: 1, bytes: [1, 2, 3] }]),
  );
  const pending: Promise<unknown>[] = [];
  forAll(200, (random) => {
    const damaged = whole.slice();
    for (let i = 0; i < 4; i++) damaged[random.int(0, damaged.length - 1)] = random.int(0, 255);
    pending.push(readMp4Index(new Blob([damaged.slice(0, random.int(0, damaged.length))])));
  });
  for (const outcome of await Promise.allSettled(pending)) {
    if (outcome.status === "rejected") assert.ok(outcome.reason instanceof Error);
  }
});
