import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { openSession } from "../../../src/player/report/beacon-session.ts";
import { replaceGlobal } from "../../harness/globals.ts";
import type { MemoryStorage } from "../../harness/storage.ts";

const storage = sessionStorage as MemoryStorage;

beforeEach(() => {
  storage.clear();
  storage.isBlocked = false;
});

describe("openSession", () => {
  test("gives a random id of 32 hex digits", () => {
    const { id } = openSession();
    assert.match(id, /^[0-9a-f]{32}$/);
    storage.clear();
    assert.notEqual(openSession().id, id);
  });

  test("continues on the next page of the tab", () => {
    const first = openSession();
    assert.deepEqual([first.next(), first.next()], [1, 2]);
    const second = openSession();
    assert.deepEqual([second.id, second.next()], [first.id, 3]);
  });

  test("ends with the page if the viewer asks not to be tracked", (context) => {
    for (const wish of [{ doNotTrack: "1" }, { globalPrivacyControl: true }]) {
      replaceGlobal(context, "navigator", wish);
      const first = openSession();
      first.next();
      assert.equal(storage.length, 0);
      assert.notEqual(openSession().id, first.id);
    }
  });

  test("ignores a stored session of a viewer who now asks not to be tracked", (context) => {
    const tracked = openSession();
    tracked.next();
    replaceGlobal(context, "navigator", { doNotTrack: "1" });
    assert.notEqual(openSession().id, tracked.id);
  });

  test("works without storage, and with anything in it", () => {
    for (const stored of ["", "null", "3", "[]", '{"id":7,"seq":1}', '{"id":"a"}', "{"]) {
      storage.setItem("yeoul_session", stored);
      assert.equal(openSession().next(), 1, stored);
    }
    storage.isBlocked = true;
    const session = openSession();
    assert.deepEqual([session.next(), session.next()], [1, 2]);
  });
});
