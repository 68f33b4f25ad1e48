import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  changesOf,
  discardEdits,
  type Edits,
  editField,
  type Fields,
  hasConflict,
} from "../../../src/studio/edit/draft.ts";
import { addTags, MAX_TAGS } from "../../../src/studio/edit/tags.ts";

const SAVED: Fields = { title: "Title", description: "", tags: ["a"], visibility: "private" };

describe("a draft", () => {
  test("holds only what differs from the saved video", () => {
    let edits: Edits = editField({}, SAVED, "title", "New");
    edits = editField(edits, SAVED, "tags", ["a", "b"]);
    assert.deepEqual(changesOf(edits, SAVED), { title: "New", tags: ["a", "b"] });
    edits = editField(edits, SAVED, "title", "Title");
    edits = editField(edits, SAVED, "tags", ["a"]);
    assert.deepEqual(changesOf(edits, SAVED), {});
  });

  test("has no changes once they are saved", () => {
    const edits = editField({}, SAVED, "title", "New");
    assert.deepEqual(changesOf(edits, { ...SAVED, title: "New" }), {});
  });

  test("has a conflict if the same field was changed elsewhere", () => {
    const edits = editField({}, SAVED, "title", "Mine");
    const theirs = { ...SAVED, title: "Theirs" };
    assert.equal(hasConflict(edits, SAVED, "title"), false);
    assert.equal(hasConflict(edits, theirs, "title"), true);
    assert.equal(hasConflict(edits, { ...SAVED, description: "Theirs" }, "title"), false);
    assert.equal(hasConflict(edits, { ...SAVED, description: "Theirs" }, "description"), false);
  });

  test("keeps its conflict while the viewer goes on typing", () => {
    const theirs = { ...SAVED, title: "Theirs" };
    const edits = editField(editField({}, SAVED, "title", "Mine"), theirs, "title", "Mine, too");
    assert.equal(hasConflict(edits, theirs, "title"), true);
  });

  test("has no conflict if both typed the same", () => {
    const edits = editField({}, SAVED, "title", "Same");
    assert.equal(hasConflict(edits, { ...SAVED, title: "Same" }, "title"), false);
  });

  test("can be discarded, one field or all", () => {
    const edits = editField(editField({}, SAVED, "title", "New"), SAVED, "visibility", "public");
    assert.deepEqual(changesOf(discardEdits(edits, "title"), SAVED), { visibility: "public" });
    assert.deepEqual(changesOf(discardEdits(edits), SAVED), {});
    assert.deepEqual(Object.keys(edits), ["title", "visibility"]);
  });
});

describe("addTags", () => {
  test("splits at commas and trims", () => {
    assert.deepEqual(addTags(["x"], " river , 여울,,  "), ["x", "river", "여울"]);
  });

  test("leaves out tags that exist, in any case", () => {
    assert.deepEqual(addTags(["River"], "river, RIVER, lake, Lake"), ["River", "lake"]);
  });

  test("cuts long tags, and stops at the limit", () => {
    assert.equal(addTags([], "x".repeat(100))[0]?.length, 40);
    const many = Array.from({ length: 30 }, (_, i) => `t${i}`).join(",");
    assert.equal(addTags(["first"], many).length, MAX_TAGS);
  });

  test("of nothing are the same tags", () => {
    assert.deepEqual(addTags(["a"], " , "), ["a"]);
  });
});
