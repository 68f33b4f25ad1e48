import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Problem } from "../../src/api/client.ts";
import { en } from "../../src/text/en.ts";
import { ko } from "../../src/text/ko.ts";
import { describeProblem } from "../../src/text/problem.ts";
import { describeReason } from "../../src/text/reason.ts";
import { text } from "../../src/text/text.ts";
import { en as watchEn } from "../../src/text/watch/en.ts";
import { ko as watchKo } from "../../src/text/watch/ko.ts";

const HANGUL = /[\uac00-\ud7a3]/;

/** Lists all values of a catalogue by their path. */
function flatten(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) => flatten(inner, `${path}.${name}`));
}

describe("catalogues", () => {
  for (const [name, english, korean] of [
    ["of the pages", en, ko],
    ["of the watch page", watchEn, watchKo],
  ] as const) {
    test(`${name} have the same keys in both languages`, () => {
      const [left, right] = [flatten(english), flatten(korean)];
      assert.deepEqual(right.map(([path]) => path).sort(), left.map(([path]) => path).sort());
      const kinds = new Map(left.map(([path, value]) => [path, typeof value]));
      for (const [path, value] of right) assert.equal(typeof value, kinds.get(path), path);
    });

    test(`${name} have no Korean in English, and no sentence twice spaced`, () => {
      for (const [path, value] of flatten(english)) {
        if (typeof value !== "string") continue;
        assert.ok(!HANGUL.test(value), path);
        assert.ok(!/ {2}|^ | $/.test(value), path);
      }
    });

    test(`${name} leave nothing empty in Korean`, () => {
      const koreanOf = new Map(flatten(korean));
      for (const [path, value] of flatten(english)) {
        const other = koreanOf.get(path);
        if (typeof value === "string" && typeof other === "string" && value !== "")
          assert.notEqual(other, "", path);
      }
    });
  }
});

describe("describeProblem", () => {
  test("explains what users meet often", () => {
    assert.equal(describeProblem(new Problem(0, "network", "fetch failed")), text.problem.network);
    assert.equal(
      describeProblem(new Problem(401, "account.bad_credentials", "")),
      text.problem.badCredentials,
    );
    assert.equal(
      describeProblem(new Problem(429, "request.too_many", "", {}, 30)),
      text.problem.tooMany(30),
    );
  });

  test("does not show what a broken server says", () => {
    assert.equal(
      describeProblem(new Problem(500, "server.error", "Traceback (most recent call last)")),
      text.problem.server,
    );
  });

  test("does not show the text of an exception", () => {
    for (const error of [new TypeError("x is undefined"), "text", null, undefined])
      assert.equal(describeProblem(error), text.state.trouble);
  });
});

describe("describeReason", () => {
  test("falls back to the server's words", () => {
    assert.equal(
      describeReason({ code: "some.code", message: "The server's words" }),
      "The server's words",
    );
  });

  test("has words for known codes", () => {
    assert.notEqual(describeReason({ code: "account.quota_exceeded", message: "?" }), "?");
  });
});
