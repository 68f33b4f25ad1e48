/** Facts of a video as people read them. */

import type { Video } from "./api/video";

const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** 4:05 or 1:02:07. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  return h > 0 ? `${h}:${two(m)}:${two(whole % 60)}` : `${m}:${two(whole % 60)}`;
}

/** "3 hours ago", from an RFC 3339 time. */
export function formatAge(createdAt: string, nowMs: number): string {
  const passed = (nowMs - Date.parse(createdAt)) / 1000;
  for (const [unit, length] of STEPS) {
    if (passed >= length) return ago.format(-Math.floor(passed / length), unit);
  }
  return "just now";
}

/** 0..1 as whole percent; 100 only when all is done. */
export function formatPercent(share: number): string {
  const percent = Math.max(0, Math.min(share, 1)) * 100;
  return `${percent < 100 ? Math.floor(percent) : 100} %`;
}

/** What is going on with a video, in a few words; empty when it is ready. */
export function stateLine(video: Video): string {
  switch (video.state) {
    case "created":
      return "Waiting for the upload";
    case "uploading":
      return `Uploading · ${formatPercent(video.progress)}`;
    case "processing":
      return `Processing · ${formatPercent(video.progress)}`;
    case "playable":
      return `Playable while the rest is still uploading or processing · ${formatPercent(video.progress)}`;
    case "failed":
      return "This video could not be processed";
    case "deleted":
      return "This video was deleted";
    case "ready":
      return "";
  }
}
