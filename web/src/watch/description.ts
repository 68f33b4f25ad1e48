/** What stands in a description, cut into text, addresses and times. */

export interface FoundTime {
  at: number;
  text: string;
  time_s: number;
}

export type Part = { kind: "text"; text: string } | { kind: "address"; text: string } | { kind: "time"; text: string; time_s: number };

const TIME = /(?<![\d:.])(?:(\d{1,2}):)?([0-5]?\d):([0-5]\d)(?![\d:])/g;
const ADDRESS = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

/** Times like 1:23 or 1:02:03. */
export function findTimes(text: string): FoundTime[] {
  return [...text.matchAll(TIME)].map((found) => ({
    at: found.index,
    text: found[0],
    time_s: Number(found[1] ?? 0) * 3600 + Number(found[2]) * 60 + Number(found[3]),
  }));
}

export function cutDescription(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    parts.push(...cutTimes(text.slice(from, found.index)), { kind: "address", text: found[0] });
    from = found.index + found[0].length;
  }
  return [...parts, ...cutTimes(text.slice(from))];
}

function cutTimes(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const time of findTimes(text)) {
    parts.push({ kind: "text", text: text.slice(from, time.at) }, { kind: "time", text: time.text, time_s: time.time_s });
    from = time.at + time.text.length;
  }
  parts.push({ kind: "text", text: text.slice(from) });
  return parts.filter((part) => part.text !== "");
}

/** Seconds of an address's `?t=`: 83, 83s, 1m23s, 1:23; 0 for anything else. */
export function readTime(wish: string | null): number {
  const clock = findTimes(wish ?? "")[0];
  if (clock !== undefined && clock.text === wish) return clock.time_s;
  const units = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(wish ?? "");
  return units === null ? 0 : Number(units[1] ?? 0) * 3600 + Number(units[2] ?? 0) * 60 + Number(units[3] ?? 0);
}
