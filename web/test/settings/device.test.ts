import assert from "node:assert/strict";
import { test } from "node:test";

import { nameDevice } from "../../src/settings/device.ts";

test("browsers that claim to be others are named as what they are", () => {
  const chrome =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
  for (const [agent, name] of [
    [chrome, "Chrome · Windows"],
    [`${chrome} Edg/140.0.0.0`, "Edge · Windows"],
    [`${chrome} OPR/120.0.0.0`, "Opera · Windows"],
    [chrome.replace("Chrome", "Whale/4.0 Chrome"), "Whale · Windows"],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
      "Safari · macOS",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
      "Chrome · iOS",
    ],
    [
      "Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
      "Samsung Internet · Android",
    ],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"],
  ] as const) {
    assert.equal(nameDevice(agent), name);
  }
});

test("programs are named by the start of their user agent", () => {
  assert.equal(nameDevice("yeoul-cli/1.0 python/3.12"), "yeoul-cli/1.0");
  assert.equal(nameDevice(""), "");
  assert.equal(nameDevice("curl/8.0 (Linux)"), "Linux");
});
