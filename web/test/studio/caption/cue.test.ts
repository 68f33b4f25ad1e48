import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  addCue,
  type Cue,
  findCueError,
  formatTime,
  makeCue,
  readCaptions,
  readTime,
  splitCue,
  writeWebvtt,
} from "../../../src/studio/caption/cue.ts";
import { text } from "../../../src/text/text.ts";
import { forAll } from "../../harness/random.ts";

const cue = (start: string, end: string, words: string): Cue => ({
  ...makeCue(0, 1),
  start,
  end,
  text: words,
});
const linesOf = ({ cues }: { cues: Cue[] }): string[][] =>
  cues.map(({ start, end, text: words }) => [start, end, words]);

describe("readTime", () => {
  test("reads the times of WebVTT and SubRip", () => {
    for (const [typed, seconds] of [
      ["0:01", 1],
      ["1:02.5", 62.5],
      ["01:02.050", 62.05],
      ["01:00:02,500", 3602.5],
      ["100:00:00.000", 360_000],
      ["  0:03 ", 3],
    ] as const) {
      assert.equal(readTime(typed), seconds, typed);
    }
  });

  test("refuses anything else", () => {
    for (const typed of [
      "",
      "1",
      "1:2",
      "0:60",
      "0:99.5",
      "1:60:00",
      "0:01.1234",
      "-0:01",
      "0:01s",
      "a:bc",
      "1:02:03:04",
    ]) {
      assert.equal(readTime(typed), null, typed);
    }
  });

  test("reads back what formatTime writes", () => {
    forAll(300, (random) => {
      const millis = random.int(0, 400_000_000);
      assert.equal(readTime(formatTime(millis / 1000)), millis / 1000);
    });
  });
});

test("formatTime writes hours only where there are any", () => {
  assert.deepEqual(
    [
      formatTime(0),
      formatTime(61.0004),
      formatTime(3599.9999),
      formatTime(3725.25),
      formatTime(-1),
    ],
    ["0:00.000", "1:01.000", "1:00:00.000", "1:02:05.250", "0:00.000"],
  );
});

describe("findCueError", () => {
  test("names what is wrong with a cue", () => {
    assert.equal(findCueError(cue("0:01", "0:02", "words")), null);
    assert.equal(findCueError(cue("0:0", "0:02", "words")), text.captions.badTime);
    assert.equal(findCueError(cue("0:02", "0:02", "words")), text.captions.endsEarly);
    assert.equal(findCueError(cue("0:01", "0:02", " \n ")), text.captions.noText);
    assert.equal(findCueError(cue("0:01", "0:02", "a --> b")), text.captions.arrow);
  });
});

describe("readCaptions", () => {
  test("reads WebVTT with identifiers, settings and several lines", () => {
    const file =
      "WEBVTT - Title\nKind: captions\n\nintro\n00:01.000 --> 00:02.500 align:start line:0%\nOne\ntwo\n\n01:00:00.000 --> 01:00:01.000\nThree";
    const { cues, errors } = readCaptions(file);
    assert.deepEqual(errors, []);
    assert.deepEqual(linesOf({ cues }), [
      ["0:01.000", "0:02.500", "One\ntwo"],
      ["1:00:00.000", "1:00:01.000", "Three"],
    ]);
    assert.equal(cues[0]?.settings, "align:start line:0%");
  });

  test("leaves out notes, styles and regions", () => {
    const file =
      "WEBVTT\n\nNOTE a remark\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\n\n00:01.000 --> 00:02.000\nNOTED";
    assert.deepEqual(linesOf(readCaptions(file)), [["0:01.000", "0:02.000", "NOTED"]]);
  });

  test("reads SubRip, with its markup as WebVTT's", () => {
    const file =
      '1\r\n00:00:01,000 --> 00:00:02,000\r\n<font color="red"><I>Hi</I></font> {\\an8}a < b & <x>\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000 X1:1 X2:2\r\n<b>Bye</b>\r\n';
    const { cues, errors } = readCaptions(file);
    assert.deepEqual(errors, []);
    assert.deepEqual(
      cues.map((found) => found.text),
      ["<i>Hi</i> a &lt; b &amp; &lt;x&gt;", "<b>Bye</b>"],
    );
    assert.deepEqual(
      cues.map(({ settings }) => settings),
      ["", ""],
    );
  });

  test("accepts a byte order mark and lines that end with a carriage return", () => {
    assert.equal(readCaptions("\uFEFFWEBVTT\r\r00:01.000 --> 00:02.000\rHi\r").cues.length, 1);
  });

  test("names the lines that it cannot read", () => {
    const file =
      "1\n00:00:01,000 --> 00:00:02,000\nGood\n\nno times\nat all\n\n3\n00:00:09,000 --> 00:00:08,000\nBackwards\n\n4\n00:61 --> 00:02\nBad";
    const { cues, errors } = readCaptions(file);
    assert.equal(cues.length, 1);
    assert.deepEqual(errors, [
      { line: 5, words: text.captions.noTimes },
      { line: 9, words: text.captions.endsEarly },
      { line: 13, words: text.captions.badTime },
    ]);
  });

  test("reads an empty file as no cues", () => {
    for (const file of ["", "WEBVTT", "\n\n\n", "WEBVTT\n\n"])
      assert.deepEqual(readCaptions(file), { cues: [], errors: [] });
  });

  test("gives each cue a key of its own", () => {
    const { cues } = readCaptions(
      Array.from({ length: 20 }, (_, i) => `00:${10 + i}.000 --> 00:${11 + i}.000\nx`).join("\n\n"),
    );
    assert.equal(new Set(cues.map(({ key }) => key)).size, 20);
  });

  test("survives garbage", () => {
    forAll(300, (random) => {
      const { cues } = readCaptions(
        random.text("WEBVTT NOTE\n\n\r:.,0123456789-->><&{}\\abc", 200),
      );
      for (const found of cues) assert.equal(findCueError(found), null);
    });
  });
});

describe("writeWebvtt", () => {
  test("orders cues by time and writes full times", () => {
    const cues = [
      cue("1:00:00", "1:00:02", "late"),
      { ...cue("0:01", "0:02.5", "early"), settings: "align:start" },
    ];
    assert.equal(
      writeWebvtt(cues),
      "WEBVTT\n\n00:00:01.000 --> 00:00:02.500 align:start\nearly\n\n01:00:00.000 --> 01:00:02.000\nlate\n",
    );
  });

  test("leaves out empty lines, which would end a cue", () => {
    assert.equal(
      writeWebvtt([cue("0:01", "0:02", "a\n \n\nb\n")]),
      "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\na\nb\n",
    );
  });

  test("is read back as the same cues", () => {
    forAll(100, (random) => {
      const cues = Array.from({ length: random.int(1, 8) }, (_, i) =>
        makeCue(i * 2, i * 2 + random.int(1, 1999) / 1000, `word ${random.text("abc &<é", 10)}x`),
      );
      const read = readCaptions(writeWebvtt(cues));
      assert.deepEqual(read.errors, []);
      assert.deepEqual(
        linesOf(read),
        linesOf({ cues: cues.map((written) => ({ ...written, text: written.text.trim() })) }),
      );
    });
  });
});

describe("addCue", () => {
  test("adds a cue of two seconds in its place", () => {
    const { cues, added } = addCue([makeCue(0, 1, "a"), makeCue(10, 11, "b")], 5);
    assert.deepEqual(
      cues.map((found) => found.text),
      ["a", "", "b"],
    );
    assert.deepEqual([added.start, added.end], ["0:05.000", "0:07.000"]);
  });

  test("ends where the next cue starts, unless that is too soon", () => {
    assert.equal(addCue([makeCue(6, 8)], 5).added.end, "0:06.000");
    assert.equal(addCue([makeCue(5.1, 8)], 5).added.end, "0:07.000");
    assert.equal(addCue([], 0).added.end, "0:02.000");
  });
});

describe("splitCue", () => {
  const whole = makeCue(10, 14, "one two three four", "line:0");

  test("splits text at the caret and time at the current moment", () => {
    const [first, second] = splitCue(whole, 4, 11);
    assert.deepEqual([first.text, first.start, first.end], ["one", "0:10.000", "0:11.000"]);
    assert.deepEqual(
      [second.text, second.start, second.end, second.settings],
      ["two three four", "0:11.000", "0:14.000", "line:0"],
    );
    assert.equal(first.key, whole.key);
    assert.notEqual(second.key, whole.key);
  });

  test("splits at a space in the middle if the caret is at an end", () => {
    for (const caret of [0, whole.text.length]) {
      assert.deepEqual(
        splitCue(whole, caret, 0).map((part) => part.text),
        ["one two three", "four"],
      );
    }
  });

  test("splits the time in proportion to the text if the moment is elsewhere", () => {
    for (const moment of [0, 10.01, 13.99, 99]) {
      const [first, second] = splitCue(makeCue(0, 10, "abcdefghij"), 3, moment > 10 ? moment : -1);
      assert.deepEqual([first.end, second.start], ["0:03.000", "0:03.000"]);
    }
  });

  test("splits an empty cue in the middle of its time", () => {
    assert.equal(splitCue(makeCue(0, 10), 0, -1)[0].end, "0:05.000");
  });

  test("loses no words and no time", () => {
    forAll(200, (random) => {
      const made = makeCue(5, 5 + random.int(1, 100) / 10, random.text("ab c", 30));
      const [first, second] = splitCue(made, random.int(0, 40), random.int(0, 200) / 10);
      assert.equal((first.text + second.text).replace(/\s/g, ""), made.text.replace(/\s/g, ""));
      assert.deepEqual([first.start, first.end, second.end], [made.start, second.start, made.end]);
    });
  });
});
