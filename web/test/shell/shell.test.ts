import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Problem } from "../../src/api/client.ts";
import { moveSelection } from "../../src/shell/move-selection.ts";
import { copyWithToast, toastOutcome, toastProblem } from "../../src/shell/outcome.ts";
import { listenForToasts, type Toast, toast } from "../../src/shell/toast.ts";
import { text } from "../../src/text/text.ts";
import { replaceGlobal, settle } from "../harness/globals.ts";

describe("moveSelection", () => {
  test("goes through the suggestions and back to the typed text", () => {
    let selected = -1;
    const visited = Array.from({ length: 5 }, () => {
      selected = moveSelection(selected, 1, 3);
      return selected;
    });
    assert.deepEqual(visited, [0, 1, 2, -1, 0]);
  });

  test("goes backwards from the typed text to the last suggestion", () => {
    assert.equal(moveSelection(-1, -1, 3), 2);
    assert.equal(moveSelection(0, -1, 3), -1);
  });
});

describe("toasts", () => {
  function listen(): Toast[] {
    const shown: Toast[] = [];
    listenForToasts((next) => shown.push(next));
    return shown;
  }

  test("are told apart by their ids", () => {
    const shown = listen();
    toast("a");
    toast("a", "bad", { label: "Undo", act: () => undefined });
    assert.deepEqual(
      shown.map(({ words, mood }) => [words, mood]),
      [
        ["a", "good"],
        ["a", "bad"],
      ],
    );
    assert.notEqual(shown[0]?.id, shown[1]?.id);
  });

  test("end with their listener", () => {
    const shown: Toast[] = [];
    const end = listenForToasts((next) => shown.push(next));
    end();
    toast("a");
    assert.equal(shown.length, 0);
  });

  test("report the outcome of an action", async () => {
    const shown = listen();
    toastOutcome(Promise.resolve(), "Saved");
    toastOutcome(Promise.reject(new Problem(0, "network", "")), "Saved");
    await settle();
    assert.deepEqual(
      shown.map(({ words, mood }) => [words, mood]),
      [
        ["Saved", "good"],
        [text.problem.network, "bad"],
      ],
    );
  });

  test("never show the text of an exception", () => {
    const shown = listen();
    toastProblem(new TypeError("undefined is not a function"));
    assert.equal(shown[0]?.words, text.state.trouble);
  });

  test("report copying, and that a page over plain HTTP has no clipboard", async (context) => {
    const shown = listen();
    const copied: string[] = [];
    replaceGlobal(context, "navigator", {
      clipboard: { writeText: async (words: string) => copied.push(words) },
    });
    copyWithToast("link", "Copied");
    await settle();
    replaceGlobal(context, "navigator", {});
    copyWithToast("link", "Copied");
    await settle();
    assert.deepEqual(
      [copied, shown.map(({ words }) => words)],
      [["link"], ["Copied", text.form.failed]],
    );
  });
});
