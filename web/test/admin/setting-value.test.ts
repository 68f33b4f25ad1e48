import assert from "node:assert/strict";
import { test } from "node:test";

import { formatValue } from "../../src/admin/setting-value.ts";
import { formatBytes, formatWhole } from "../../src/text/format.ts";
import { text } from "../../src/text/text.ts";

test("a setting is shown in the unit that its name says", () => {
  assert.equal(formatValue("upload.max_bytes", 5_000_000), formatBytes(5_000_000));
  assert.equal(formatValue("trash.keep_days", 30), formatWhole(30 * 86_400));
  assert.equal(formatValue("worker.timeout_s", 90), formatWhole(90));
  assert.equal(formatValue("api.rate", 12), "12");
  assert.equal(formatValue("site.name", "Yeoul"), "Yeoul");
});

test("0 bytes of quota are no limit", () => {
  assert.equal(formatValue("account.quota_bytes", 0), text.admin.noLimit);
  assert.equal(formatValue("upload.max_bytes", 0), formatBytes(0));
});

test("switches are on or off", () => {
  assert.deepEqual(
    [formatValue("a", true), formatValue("a", false)],
    [text.admin.on, text.admin.off],
  );
});
