/** Numbers, plurals, dates and durations as the page's language writes them. */

import { language } from "../preference/language.ts";

const whole = new Intl.NumberFormat(language);
const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });
const fineShare = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
const rules = new Intl.PluralRules(language);
const ago = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const shortDay = new Intl.DateTimeFormat(language, { month: "short", day: "numeric" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** 12,345 */
export function formatNumber(value: number): string {
  return whole.format(value);
}

/** 12K; 1.2만 */
export function formatCompact(value: number): string {
  return short.format(value);
}

/** The form of a noun that goes with a number. */
export function plural(value: number, one: string, other: string): string {
  return rules.select(value) === "one" ? one : other;
}

/** 4:05 or 1:02:07. */
export function formatDuration(seconds: number): string {
  const rounded = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  const h = Math.floor(rounded / 3600);
  const m = Math.floor((rounded % 3600) / 60);
  return h > 0 ? `${h}:${two(m)}:${two(rounded % 60)}` : `${m}:${two(rounded % 60)}`;
}

/** Of what spans of such a length are counted: seconds, minutes or hours, in seconds. */
export function spanUnit(seconds: number): number {
  return seconds >= 7200 ? 3600 : seconds >= 120 ? 60 : 1;
}

/** 45 sec, 12 min, 3.4 hr. step: what is counted, as of `spanUnit`. */
export function formatSpan(seconds: number, step = spanUnit(seconds)): string {
  const unit = step === 3600 ? "hour" : step === 60 ? "minute" : "second";
  const value = seconds / step;
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}

const SPANS: [string, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/** 30 days; 1 hour; 90 minutes: in the largest unit of which it is a whole number. */
export function formatWhole(seconds: number): string {
  const [unit, length] = SPANS.find(([, one]) => seconds > 0 && seconds % one === 0) ?? [
    "day",
    86_400,
  ];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(
    seconds / length,
  );
}

/** "3 hours ago", from an RFC 3339 time. */
export function formatAge(createdAt: string, nowMs = Date.now()): string {
  const passed = (nowMs - Date.parse(createdAt)) / 1000;
  for (const [unit, length] of STEPS) {
    if (passed >= length) return ago.format(-Math.floor(passed / length), unit);
  }
  return ago.format(0, "second");
}

/** "21 Nov 2026" */
export function formatDay(at: string): string {
  return day.format(new Date(at));
}

/** "21 Nov", of a date without a time. */
export function formatShortDay(date: string): string {
  return shortDay.format(new Date(`${date}T00:00`));
}

/** "21 Nov 2026, 14:05" */
export function formatMoment(at: string): string {
  return moment.format(new Date(at));
}

/** 0..1 as whole percent; 100 only when all is done. */
export function formatPercent(part: number): string {
  const bounded = Math.max(0, Math.min(part, 1));
  return share.format(bounded < 1 ? Math.floor(bounded * 100) / 100 : 1);
}

/** 0..1 as percent with a part of one: 0.4 % */
export function formatShare(part: number): string {
  return fineShare.format(part);
}

/** 3.4 MB */
export function formatBytes(bytes: number): string {
  let step = 0;
  let size = bytes;
  for (; size >= 999.5 && step < BYTE_UNITS.length - 1; step += 1) size /= 1000;
  const unit = BYTE_UNITS[step] ?? "byte";
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: size < 10 && step > 0 ? 1 : 0,
  }).format(size);
}

/** "0.42s", "12.3s", "4:05" from a minute on. */
export function formatSeconds(seconds: number): string {
  if (seconds >= 60) return formatDuration(seconds);
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: "second",
    unitDisplay: "narrow",
    maximumFractionDigits: seconds < 10 ? 2 : 1,
  }).format(seconds);
}
