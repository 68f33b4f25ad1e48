import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { describeFault, isInterruption } from "../../../src/player/stream/fault.ts";
import { words } from "../../../src/text/watch/words.ts";

const shakaError = (category: number, code: number, data: unknown[] = []) => ({
  category,
  code,
  data,
});
const httpError = (status: number) => shakaError(1, 1001, ["http://host/segment", status]);

describe("describeFault", () => {
  test("retries failures of the network and the server", () => {
    assert.deepEqual(describeFault(httpError(503)), {
      code: "player.1001",
      message: words.fault.server,
      isTransient: true,
    });
    assert.deepEqual(describeFault(shakaError(1, 1002)), {
      code: "player.1002",
      message: words.fault.network,
      isTransient: true,
    });
    assert.deepEqual(describeFault(httpError(404)), {
      code: "player.1001",
      message: words.fault.missing,
      isTransient: true,
    });
    assert.equal(describeFault(httpError(410)).isTransient, true);
  });

  test("does not retry what the viewer may not watch", () => {
    for (const status of [401, 403]) {
      assert.deepEqual(describeFault(httpError(status)), {
        code: "player.1001",
        message: words.stage.forbidden,
        isTransient: false,
      });
    }
  });

  test("names the kind of other errors", () => {
    const messages = [3, 4, 6, 7].map(
      (category) => describeFault(shakaError(category, category * 1000)).message,
    );
    assert.deepEqual(messages, [
      words.fault.media,
      words.fault.manifest,
      words.fault.locked,
      words.fault.other,
    ]);
  });

  test("describes anything that is thrown", () => {
    assert.deepEqual(describeFault(new Error("bug")), {
      code: "player.unexpected",
      message: words.fault.other,
      isTransient: false,
    });
    for (const thrown of ["text", null, undefined, 3])
      assert.equal(describeFault(thrown).code, "player.unexpected");
  });
});

test("isInterruption is true only for operations that the player itself ended", () => {
  assert.deepEqual(
    [7000, 7001, 7002, 1001].map((code) => isInterruption(shakaError(7, code))),
    [true, true, true, false],
  );
  assert.equal(isInterruption(new Error("7000")), false);
});
