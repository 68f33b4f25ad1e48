import type { SettingView } from "../api/schema.d.ts";
import { formatBytes, formatWhole } from "../text/format.ts";
import { text } from "../text/text.ts";

/** Formats a value in the unit that the setting's name says. */
export function formatValue(name: string, value: SettingView["value"]): string {
  if (typeof value === "boolean") return value ? text.admin.on : text.admin.off;
  if (value === 0 && name === "account.quota_bytes") return text.admin.noLimit;
  if (name.endsWith("_bytes")) return formatBytes(Number(value));
  if (name.endsWith("_days")) return formatWhole(Number(value) * 86_400);
  return name.endsWith("_s") ? formatWhole(Number(value)) : String(value);
}
