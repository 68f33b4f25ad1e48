import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { findTimes, readTime, splitDescription } from "../../src/watch/description.ts";
import { makeEmbedCode } from "../../src/watch/embed-code.ts";
import { forAll } from "../harness/random.ts";

describe("findTimes", () => {
  test("finds times with and without hours", () => {
    assert.deepEqual(findTimes("at 1:23 and 1:02:03"), [
      { at: 3, text: "1:23", time_s: 83 },
      { at: 12, text: "1:02:03", time_s: 3723 },
    ]);
  });

  test("does not find parts of other numbers", () => {
    for (const text of ["1:234", "12:3", "1:60", "a 1:2:3:04", "10.1:23", "99:99"])
      assert.deepEqual(findTimes(text), [], text);
  });
});

describe("splitDescription", () => {
  test("separates text, addresses and times", () => {
    assert.deepEqual(splitDescription("See https://example.org/a?t=1:23, then 0:45."), [
      { kind: "text", text: "See " },
      { kind: "url", text: "https://example.org/a?t=1:23" },
      { kind: "text", text: ", then " },
      { kind: "time", text: "0:45", time_s: 45 },
      { kind: "text", text: "." },
    ]);
  });

  test("leaves the punctuation around an address outside", () => {
    const urls = (text: string): string[] =>
      splitDescription(text)
        .filter(({ kind }) => kind === "url")
        .map((part) => part.text);
    assert.deepEqual(urls("(http://a.example/b) <https://c.example>. 'http://d.example/'!"), [
      "http://a.example/b",
      "https://c.example",
      "http://d.example/",
    ]);
  });

  test("links only to web pages", () => {
    for (const text of [
      "javascript:alert(1)",
      "ftp://a.example/b",
      "data:text/html,x",
      "https://",
    ]) {
      assert.ok(
        splitDescription(text).every(({ kind }) => kind === "text"),
        text,
      );
    }
  });

  test("loses no letter", () => {
    forAll(300, (random) => {
      const text = random.text("ab :./0123456789\n<>\"'()https://example.org", 80);
      assert.equal(
        splitDescription(text)
          .map((part) => part.text)
          .join(""),
        text,
      );
    });
  });
});

describe("readTime", () => {
  test("reads the forms of ?t=", () => {
    for (const [value, seconds] of [
      ["83", 83],
      ["83s", 83],
      ["1m23s", 83],
      ["1h2m3s", 3723],
      ["1m2", 62],
      ["2h", 7200],
      ["12.5", 12.5],
      ["1:23", 83],
      ["1:02:03", 3723],
    ] as const) {
      assert.equal(readTime(value), seconds, value);
    }
  });

  test("reads anything else as 0", () => {
    for (const value of [null, "", "abc", "-5", "1:99", "s", "1e9", " 83", "83x"]) {
      assert.equal(readTime(value), 0, String(value));
    }
  });
});

describe("makeEmbedCode", () => {
  const source = { width: 1280, height: 720 } as never;

  test("has the aspect ratio of the video", () => {
    assert.match(
      makeEmbedCode("https://host/embed/v", { title: "T", source }),
      /width="640" height="360"/,
    );
    assert.match(
      makeEmbedCode("https://host/embed/v", {
        title: "T",
        source: { width: 9, height: 16 } as never,
      }),
      /height="1138"/,
    );
    assert.match(
      makeEmbedCode("https://host/embed/v", { title: "T", source: null }),
      /height="360"/,
    );
  });

  test("escapes title and address", () => {
    const code = makeEmbedCode('https://host/embed/v?a=1&b="', {
      title: '"><script>alert(1)</script>',
      source,
    });
    assert.ok(!code.includes("<script"));
    assert.match(code, /src="https:\/\/host\/embed\/v\?a=1&amp;b=&quot;"/);
    assert.equal(code.match(/"/g)?.length, 14);
  });
});
