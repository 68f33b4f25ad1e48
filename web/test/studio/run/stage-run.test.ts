import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findBlock, makeBlocks, moodIn, rowsOf } from "../../../src/studio/run/cell-blocks.ts";
import { hintFor } from "../../../src/studio/run/error-hint.ts";
import {
  makeStages,
  moodOf,
  pickStage,
  pickTask,
  sumUp,
  worstOf,
} from "../../../src/studio/run/stage-run.ts";
import { describeStage, nameTask, scopeOf } from "../../../src/studio/run/stage-words.ts";
import { text } from "../../../src/text/text.ts";
import { makeNode, makeTask } from "../../harness/tasks.ts";

describe("sumUp", () => {
  test("counts tasks by state, and completed work", () => {
    const sum = sumUp([
      makeTask({ state: "done" }),
      makeTask({ state: "running", progress: 0.5 }),
      makeTask({ state: "waiting" }),
      makeTask({ state: "ready" }),
    ]);
    assert.deepEqual(sum, {
      done: 1,
      running: 1,
      waiting: 2,
      failed: 0,
      cancelled: 0,
      total: 4,
      share: 1.5 / 4,
    });
    assert.equal(sumUp([]).share, 0);
  });

  test("takes unknown states as waiting", () => {
    assert.equal(moodOf(makeTask({ state: "something new" as never })), "waiting");
  });
});

describe("worstOf", () => {
  test("prefers failures, then work, then waiting", () => {
    const worst = (...states: string[]): string =>
      worstOf(sumUp(states.map((state) => makeTask({ state: state as never }))));
    assert.equal(worst("done", "failed", "running"), "failed");
    assert.equal(worst("done", "running", "ready"), "running");
    assert.equal(worst("done", "ready", "cancelled"), "waiting");
    assert.equal(worst("done", "cancelled"), "cancelled");
    assert.equal(worst("done"), "done");
    assert.equal(worst(), "none");
  });
});

describe("makeStages", () => {
  const stages = makeStages(
    [makeNode("inspect"), makeNode("encode"), makeNode("poster")],
    [
      makeTask({ stage: "encode", piece: 10, rung: "480p", state: "running" }),
      makeTask({ stage: "encode", piece: 2, rung: "1080p" }),
      makeTask({ stage: "encode", piece: 2, rung: "480p" }),
      makeTask({ stage: "inspect", state: "done" }),
      makeTask({ stage: "unknown" }),
    ],
  );

  test("orders tasks by piece, then by the size of the rung", () => {
    assert.deepEqual(
      stages[1]?.tasks.map(({ piece, rung }) => [piece, rung]),
      [
        [2, "480p"],
        [2, "1080p"],
        [10, "480p"],
      ],
    );
    assert.deepEqual(
      stages.map(({ mood }) => mood),
      ["done", "running", "none"],
    );
  });

  test("shows the stage that runs first, a failed one before it, or the largest", () => {
    assert.equal(pickStage(stages)?.node.name, "encode");
    const failed = makeStages(
      [makeNode("a"), makeNode("b")],
      [makeTask({ stage: "a", state: "running" }), makeTask({ stage: "b", state: "failed" })],
    );
    assert.equal(pickStage(failed)?.node.name, "b");
    const done = makeStages(
      [makeNode("a"), makeNode("b")],
      [makeTask({ stage: "b", state: "done" })],
    );
    assert.equal(pickStage(done)?.node.name, "b");
    assert.equal(pickStage([]), undefined);
  });

  test("shows a failed task first, or the only one", () => {
    const stageOf = (...states: string[]) =>
      makeStages(
        [makeNode("a")],
        states.map((state, i) => makeTask({ stage: "a", piece: i, state: state as never })),
      )[0];
    const pick = (...states: string[]): number | null | undefined => {
      const stage = stageOf(...states);
      return stage === undefined ? undefined : pickTask(stage)?.piece;
    };
    assert.equal(pick("done", "failed"), 1);
    assert.equal(pick("done"), 0);
    assert.equal(pick("done", "done"), undefined);
  });
});

describe("cells", () => {
  const pieces = (count: number) =>
    Array.from({ length: count }, (_, i) => makeTask({ piece: i, id: `t${i}` }));

  test("are one block up to 120 pieces, and then blocks of 60", () => {
    assert.deepEqual(
      makeBlocks(pieces(120)).map(({ length }) => length),
      [120],
    );
    assert.deepEqual(
      makeBlocks(pieces(150)).map(({ length }) => length),
      [60, 60, 30],
    );
    assert.deepEqual(makeBlocks([]), []);
  });

  test("show the block of the chosen task, or of a running one", () => {
    const tasks = pieces(200);
    const blocks = makeBlocks(
      tasks.map((task, i) => (i === 130 ? { ...task, state: "running" as const } : task)),
    );
    assert.deepEqual(
      [findBlock(blocks, "t70"), findBlock(blocks, null), findBlock(makeBlocks(tasks), null)],
      [1, 2, -1],
    );
    assert.equal(moodIn(blocks[2] ?? []), "running");
    assert.equal(moodIn([]), "waiting");
  });

  test("have a row for each rung, the largest first", () => {
    const tasks = ["480p", "1080p", "480p", "240p"].map((rung) => makeTask({ rung }));
    assert.deepEqual(
      rowsOf(tasks).map(([rung, row]) => [rung, row.length]),
      [
        ["1080p", 1],
        ["480p", 2],
        ["240p", 1],
      ],
    );
  });
});

describe("words", () => {
  test("name a task by stage, piece from 1, and rung", () => {
    assert.equal(
      nameTask({ stage: "encode", piece: 3, rung: "480p" }),
      `encode, ${text.run.piece(4)}, 480p`,
    );
    assert.equal(nameTask({ stage: "poster", piece: null, rung: null }), "poster");
  });

  test("describe a stage with state and counts", () => {
    const [stage] = makeStages(
      [makeNode("encode")],
      [makeTask({ piece: 0, state: "done" }), makeTask({ piece: 1, state: "failed" })],
    );
    assert.ok(stage !== undefined);
    assert.equal(
      describeStage(stage, false),
      `encode: ${text.run.moods.failed}. ${text.run.doneOf(1, 2)}, ${text.run.failed(1)}`,
    );
    const [empty] = makeStages([makeNode("poster")], []);
    assert.ok(empty !== undefined);
    assert.equal(describeStage(empty, false), `poster: ${text.run.notBegun}`);
    assert.equal(describeStage(empty, true), `poster: ${text.run.noTasks}`);
  });

  test("say what a stage runs for", () => {
    assert.equal(scopeOf(makeNode("a", { scope: "video" })), text.run.scopes.video);
    assert.equal(scopeOf(makeNode("a", { scope: "rung" })), text.run.scopes.rung);
  });

  test("advise by the kind of an error", () => {
    const { hints } = text.run;
    assert.equal(hintFor("media.invalid"), hints.file);
    assert.equal(hintFor("pipeline.poison_piece"), hints.file);
    assert.equal(hintFor("media.timeout"), hints.server);
    assert.equal(hintFor("upload.expired"), hints.upload);
    assert.equal(hintFor("storage.checksum_mismatch"), hints.damaged);
    assert.equal(hintFor("pipeline.task_cancelled"), hints.cancelled);
    assert.equal(hintFor("anything.else"), hints.server);
  });
});
