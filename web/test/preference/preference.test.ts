import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { readCookie, writeCookie } from "../../src/preference/cookie.ts";
import { applyTheme, isLightTheme, setTheme, theme } from "../../src/preference/theme.ts";
import { replaceGlobal } from "../harness/globals.ts";

type Context = Parameters<typeof replaceGlobal>[0];
let pages = 0;

/** Loads the module as a new page does. */
async function openPage(): Promise<string> {
  pages += 1;
  const address = new URL(`../../src/preference/language.ts?page=${pages}`, import.meta.url).href;
  return ((await import(address)) as typeof import("../../src/preference/language.ts")).language;
}

beforeEach(() => {
  document.cookie = "";
  delete document.documentElement.dataset.theme;
});

describe("cookies", () => {
  test("are found by their whole name", () => {
    document.cookie = "a_yeoul_theme=x; yeoul_theme=dark; yeoul_theme_2=y";
    assert.equal(readCookie("yeoul_theme"), "dark");
    assert.equal(readCookie("theme"), null);
  });

  test("keep values of any letters", () => {
    writeCookie("name", "a; b=c 여울");
    assert.equal(readCookie("name"), "a; b=c 여울");
  });

  test("last for a year, or are removed", (context) => {
    writeCookie("name", "value");
    assert.match(document.cookie, /; Max-Age=31536000; SameSite=Lax$/);
    writeCookie("name", null);
    assert.match(document.cookie, /^name=; Path=\/; Max-Age=0/);
    replaceGlobal(context, "location", new URL("https://host/"));
    writeCookie("name", "value");
    assert.match(document.cookie, /; Secure$/);
  });
});

describe("the language", () => {
  const browser = (context: Context, ...languages: string[]): void =>
    replaceGlobal(context, "navigator", { languages });

  test("is the one that was chosen", async (context) => {
    browser(context, "en-US");
    document.cookie = "yeoul_language=ko";
    assert.equal(await openPage(), "ko");
    assert.equal(document.documentElement.lang, "ko");
  });

  test("is else the first of the browser's that we have", async (context) => {
    browser(context, "fr-FR", "ko-KR", "en");
    assert.equal(await openPage(), "ko");
    browser(context, "fr", "de");
    assert.equal(await openPage(), "en");
  });

  test("is never what a cookie should not say", async (context) => {
    browser(context, "en");
    for (const stored of ["__proto__", "constructor", "xx", "", "%"]) {
      document.cookie = `yeoul_language=${encodeURIComponent(stored)}`;
      assert.equal(await openPage(), "en", stored);
    }
  });
});

describe("the theme", () => {
  const system = (context: Context, isLight: boolean): void =>
    replaceGlobal(context, "matchMedia", () => ({ matches: isLight }));

  test("is the system's unless one was chosen", (context) => {
    system(context, true);
    assert.deepEqual([theme(), isLightTheme()], ["system", true]);
    setTheme("dark");
    assert.deepEqual(
      [theme(), isLightTheme(), document.documentElement.dataset.theme],
      ["dark", false, "dark"],
    );
    system(context, false);
    setTheme("light");
    assert.deepEqual([isLightTheme(), document.documentElement.dataset.theme], [true, "light"]);
  });

  test("of the system is no attribute of the page", (context) => {
    system(context, false);
    setTheme("light");
    setTheme("system");
    assert.equal(document.documentElement.dataset.theme, undefined);
    assert.match(document.cookie, /Max-Age=0/);
  });

  test("ignores what is no theme", () => {
    document.cookie = "yeoul_theme=pink";
    applyTheme();
    assert.deepEqual([theme(), document.documentElement.dataset.theme], ["system", undefined]);
  });
});
