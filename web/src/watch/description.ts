/** Splits a description into text, web addresses and times. Pure. */

export interface TimeInText {
  at: number;
  text: string;
  time_s: number;
}

export type Part =
  | { kind: "text"; text: string }
  | { kind: "url"; text: string }
  | { kind: "time"; text: string; time_s: number };

const TIME = /(?<![\d:.])(?:(\d{1,2}):)?([0-5]?\d):([0-5]\d)(?![\d:])/g;
const URL_PATTERN = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

/** Finds times such as 1:23 or 1:02:03. */
export function findTimes(text: string): TimeInText[] {
  return [...text.matchAll(TIME)].map((match) => ({
    at: match.index,
    text: match[0],
    time_s: Number(match[1] ?? 0) * 3600 + Number(match[2]) * 60 + Number(match[3]),
  }));
}

/** The parts of a description in order. Their texts together are the description. */
export function splitDescription(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(URL_PATTERN)) {
    parts.push(...splitTimes(text.slice(from, match.index)), { kind: "url", text: match[0] });
    from = match.index + match[0].length;
  }
  return [...parts, ...splitTimes(text.slice(from))];
}

function splitTimes(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const time of findTimes(text)) {
    parts.push(
      { kind: "text", text: text.slice(from, time.at) },
      { kind: "time", text: time.text, time_s: time.time_s },
    );
    from = time.at + time.text.length;
  }
  parts.push({ kind: "text", text: text.slice(from) });
  return parts.filter((part) => part.text !== "");
}

/** Returns the seconds of a `?t=` parameter: 83, 83s, 1m23s or 1:23. Anything else is 0. */
export function readTime(value: string | null): number {
  const clock = findTimes(value ?? "")[0];
  if (clock !== undefined && clock.text === value) return clock.time_s;
  const units = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(value ?? "");
  return units === null
    ? 0
    : Number(units[1] ?? 0) * 3600 + Number(units[2] ?? 0) * 60 + Number(units[3] ?? 0);
}
