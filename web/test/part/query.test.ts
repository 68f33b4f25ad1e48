import assert from "node:assert/strict";
import { test } from "node:test";

import { readQuery, replaceQuery, urlWithQuery } from "../../src/part/query.ts";
import { replaceGlobal } from "../harness/globals.ts";

test("parameters are set, kept and removed", (context) => {
  replaceGlobal(context, "location", new URL("http://host/studio?tab=videos&q=a%20b&old=1#top"));
  assert.deepEqual([readQuery("q"), readQuery("none")], ["a b", null]);
  const url = urlWithQuery({ q: "c&d", old: null, sort: "", state: undefined });
  assert.equal(url.href, "http://host/studio?tab=videos&q=c%26d#top");
});

test("replaceQuery makes no entry in the history", (context) => {
  replaceGlobal(context, "location", new URL("http://host/studio"));
  const replaced: string[] = [];
  replaceGlobal(context, "history", {
    replaceState: (_state: unknown, _title: string, url: URL) => replaced.push(url.href),
  });
  replaceQuery({ tab: "trash" });
  assert.deepEqual(replaced, ["http://host/studio?tab=trash"]);
});
