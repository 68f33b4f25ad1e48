import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { nameLanguage } from "../../../src/preference/language-name.ts";
import { guessLanguage, isLanguage, LANGUAGES } from "../../../src/studio/caption/language-tag.ts";

beforeEach(() => {
  document.documentElement.lang = "en";
});

test("language tags are recognized by their form", () => {
  for (const tag of [...LANGUAGES, "sr-Latn-RS", "de-1996"]) assert.ok(isLanguage(tag), tag);
  for (const tag of ["", "e", "english-", "en_US", "ko KR", "x".repeat(9), "한국어"])
    assert.ok(!isLanguage(tag), tag);
});

test("all suggested languages have a name in both languages of the pages", () => {
  for (const lang of ["en", "ko"]) {
    document.documentElement.lang = lang;
    for (const tag of LANGUAGES) assert.notEqual(nameLanguage(tag), tag, `${lang}: ${tag}`);
  }
});

test("languages are named in the page's language", () => {
  assert.equal(nameLanguage("ko"), "Korean");
  document.documentElement.lang = "ko";
  assert.equal(nameLanguage("ko"), "한국어");
  assert.equal(nameLanguage("not a tag"), "not a tag");
});

test("the language of a file is guessed from its name", () => {
  assert.equal(guessLanguage("talk.ko.srt"), "ko");
  assert.equal(guessLanguage("film.zh-Hans.vtt"), "zh-Hans");
  assert.equal(guessLanguage("film.de.m4a"), "de");
});

test("without a language in the name it is the page's", () => {
  for (const name of ["talk.srt", "version.1.2.srt", "talk.xyz.srt", ""])
    assert.equal(guessLanguage(name), "en", name);
  document.documentElement.lang = "ko";
  assert.equal(guessLanguage("talk.srt"), "ko");
});
