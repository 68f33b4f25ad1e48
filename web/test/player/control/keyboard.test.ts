import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { type KeyTarget, listenForKeys } from "../../../src/player/control/keyboard.ts";
import { replaceGlobal } from "../../harness/globals.ts";

class FakeElement {
  localName = "div";
  type = "";
  isContentEditable = false;
}

interface Press {
  shiftKey?: boolean;
  ctrlKey?: boolean;
  metaKey?: boolean;
  altKey?: boolean;
  on?: Partial<FakeElement>;
}

type Context = Parameters<typeof replaceGlobal>[0];

function start(context: Context) {
  replaceGlobal(context, "HTMLElement", FakeElement);
  const calls: unknown[][] = [];
  const target = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          calls.push([name, ...args]),
    },
  ) as KeyTarget;
  const end = listenForKeys(target);
  context.after(end);
  const press = (key: string, { on = {}, ...modifiers }: Press = {}): boolean => {
    const event = new Event("keydown", { cancelable: true });
    const node = Object.assign(new FakeElement(), on);
    Object.assign(event, {
      key,
      ctrlKey: false,
      metaKey: false,
      altKey: false,
      shiftKey: false,
      ...modifiers,
      composedPath: () => [node, {}],
    });
    document.dispatchEvent(event);
    return event.defaultPrevented;
  };
  return { calls, press, end };
}

describe("keyboard shortcuts", () => {
  test("act on the player and stop the browser's own action", (context) => {
    const { calls, press } = start(context);
    for (const key of [
      "k",
      " ",
      "j",
      "l",
      "ArrowLeft",
      "ArrowRight",
      "Home",
      ",",
      "m",
      "f",
      "c",
      "i",
    ])
      assert.equal(press(key), true, key);
    assert.deepEqual(calls, [
      ["togglePlay"],
      ["togglePlay"],
      ["seekBy", -10],
      ["seekBy", 10],
      ["seekBy", -5],
      ["seekBy", 5],
      ["seekToShare", 0],
      ["stepFrame", -1],
      ["toggleMute"],
      ["toggleFullscreen"],
      ["toggleCaptions"],
      ["togglePictureInPicture"],
    ]);
  });

  test("seek by digits to tenths of the video", (context) => {
    const { calls, press } = start(context);
    press("0");
    press("9");
    assert.deepEqual(calls, [
      ["seekToShare", 0],
      ["seekToShare", 0.9],
    ]);
  });

  test("distinguish Shift, but not caps lock", (context) => {
    const { calls, press } = start(context);
    press("N", { shiftKey: true });
    press("K");
    press(">", { shiftKey: true });
    press("?", { shiftKey: true });
    assert.deepEqual(
      calls.map(([name]) => name),
      ["playNext", "togglePlay", "changeSpeed", "showKeys"],
    );
  });

  test("leave the browser its shortcuts, and other keys", (context) => {
    const { calls, press } = start(context);
    for (const modifier of ["ctrlKey", "metaKey", "altKey"])
      assert.equal(press("f", { [modifier]: true }), false);
    for (const key of ["Tab", "x", "Escape", "F5"]) assert.equal(press(key), false, key);
    assert.deepEqual(calls, []);
  });

  test("do nothing while the viewer types", (context) => {
    const { calls, press } = start(context);
    for (const localName of ["input", "textarea", "select"]) press("k", { on: { localName } });
    press("k", { on: { isContentEditable: true } });
    assert.deepEqual(calls, []);
  });

  test("leave buttons and sliders their own keys only", (context) => {
    const { calls, press } = start(context);
    press(" ", { on: { localName: "button" } });
    press("ArrowLeft", { on: { localName: "media-time-range" } });
    press("Enter", { on: { localName: "media-chrome-menu-item" } });
    assert.deepEqual(calls, []);
    press("k", { on: { localName: "button" } });
    press("m", { on: { localName: "input", type: "range" } });
    assert.deepEqual(
      calls.map(([name]) => name),
      ["togglePlay", "toggleMute"],
    );
  });

  test("do nothing while a dialog is open, and after their end", (context) => {
    const { calls, press, end } = start(context);
    const before = document.querySelector;
    document.querySelector = (() => ({})) as never;
    press("k");
    document.querySelector = before;
    end();
    press("k");
    assert.deepEqual(calls, []);
  });
});
