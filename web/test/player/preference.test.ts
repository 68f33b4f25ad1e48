import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { replaceGlobal } from "../harness/globals.ts";
import type { MemoryStorage } from "../harness/storage.ts";

type Module = typeof import("../../src/player/preference.ts");

const KEY = "yeoul_player";
const storage = localStorage as MemoryStorage;
let pages = 0;

/** Loads the module as a new page does. */
function openPage(): Promise<Module> {
  pages += 1;
  const address = new URL(`../../src/player/preference.ts?page=${pages}`, import.meta.url).href;
  return import(address) as Promise<Module>;
}

beforeEach(() => {
  storage.clear();
  storage.isBlocked = false;
});

describe("preference", () => {
  test("has defaults", async () => {
    const { preference } = await openPage();
    assert.deepEqual(
      [preference().speed, preference().captions, preference().saver],
      [1, false, null],
    );
  });

  test("is kept for the next page", async () => {
    const first = await openPage();
    first.setPreference({ speed: 1.5 });
    first.setPreference({ captions: true });
    const { preference } = await openPage();
    assert.deepEqual([preference().speed, preference().captions], [1.5, true]);
  });

  test("of an older version gets the new defaults", async () => {
    storage.setItem(KEY, JSON.stringify({ speed: 2 }));
    const { preference, DEFAULT_CAPTION_STYLE } = await openPage();
    assert.deepEqual([preference().speed, preference().captionStyle], [2, DEFAULT_CAPTION_STYLE]);
  });

  test("lasts as long as the page without storage", async () => {
    storage.isBlocked = true;
    const { preference, setPreference } = await openPage();
    setPreference({ speed: 2 });
    assert.equal(preference().speed, 2);
  });

  test("ignores what it cannot read", async () => {
    for (const stored of ["null", "3", "{", ""]) {
      storage.setItem(KEY, stored);
      assert.equal((await openPage()).preference().speed, 1, stored);
    }
  });
});

test("data is saved as the viewer chose, or else as the browser is configured", async (context) => {
  const { savesData, setPreference } = await openPage();
  assert.equal(savesData(), false);
  replaceGlobal(context, "navigator", { connection: { saveData: true } });
  assert.equal(savesData(), true);
  setPreference({ saver: false });
  assert.equal(savesData(), false);
});

test("the next video plays as the viewer chose, or else unless motion is reduced", async (context) => {
  const { playsNext, setPreference } = await openPage();
  replaceGlobal(context, "matchMedia", () => ({ matches: true }));
  assert.equal(playsNext(), false);
  replaceGlobal(context, "matchMedia", () => ({ matches: false }));
  assert.equal(playsNext(), true);
  setPreference({ autoplayNext: false });
  assert.equal(playsNext(), false);
});
