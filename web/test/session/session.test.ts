import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { checkPassword } from "../../src/session/password.ts";
import { nextUrl, signInUrl, signOut, storeAccount } from "../../src/session/session.ts";
import { replaceGlobal } from "../harness/globals.ts";
import { fakeFetch, json, problem } from "../harness/http.ts";

type Context = Parameters<typeof replaceGlobal>[0];

function openLogin(context: Context, next: string | null): string {
  const url = new URL("https://video.example/login");
  if (next !== null) url.searchParams.set("next", next);
  replaceGlobal(context, "location", url);
  return new URL(nextUrl(), url).href;
}

describe("nextUrl", () => {
  test("leads back to the page of this site", (context) => {
    assert.equal(
      openLogin(context, "/watch/v?t=3#about"),
      "https://video.example/watch/v?t=3#about",
    );
    assert.equal(
      openLogin(context, "https://video.example/studio"),
      "https://video.example/studio",
    );
  });

  test("leads home without a page", (context) => {
    assert.equal(openLogin(context, null), "https://video.example/");
  });

  test("never leads to another site", (context) => {
    for (const next of [
      "https://evil.example/",
      "//evil.example/",
      "\\\\evil.example/",
      "/\\evil.example/",
      "/.//evil.example/",
      "https://video.example//evil.example/",
      "https:evil.example",
      "javascript:alert(1)",
      "data:text/html,x",
      "https://video.example@evil.example/",
      "http://video.example/",
    ]) {
      assert.equal(new URL(openLogin(context, next)).origin, "https://video.example", next);
    }
  });
});

test("signInUrl leads back to this page", (context) => {
  replaceGlobal(context, "location", new URL("https://video.example/watch/v?list=a&t=3"));
  const next = new URL(signInUrl(), "https://video.example").searchParams.get("next");
  assert.equal(next, "/watch/v?list=a&t=3");
});

test("the account is stored after a sign-in, and removed by signing out", async (context) => {
  const visited: string[] = [];
  replaceGlobal(
    context,
    "location",
    Object.assign(new URL("https://video.example/"), {
      assign: (url: string) => visited.push(url),
    }),
  );
  fakeFetch(context, () => json({ handle: "ann" }));
  await storeAccount();
  assert.match(localStorage.getItem("yeoul_account") ?? "", /ann/);
  fakeFetch(context, () => problem(500, "server.error"));
  await signOut();
  assert.deepEqual([localStorage.getItem("yeoul_account"), visited], [null, ["/"]]);
});

test("a new password has at least eight letters", () => {
  assert.equal(checkPassword({ password: "12345678" }).password, undefined);
  for (const values of [{ password: "1234567" }, { password: "" }, {}]) {
    assert.equal(typeof checkPassword(values as Record<string, string>).password, "string");
  }
});
