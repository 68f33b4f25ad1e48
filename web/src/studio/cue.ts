/** Cues of captions: read from WebVTT or SubRip, checked, changed and written again. Pure. */

import { text } from "../text/text";

export interface Cue {
  /** Stays the same while a cue is edited and moved. */
  key: number;
  /** As they were typed, so that a slip stays in sight until it is mended. */
  start: string;
  end: string;
  text: string;
  /** Where it stands in the picture, as WebVTT says it. */
  settings: string;
}

export interface Slip {
  line: number;
  words: string;
}

const TIME = /^(?:(\d{1,4}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?$/;
const ARROW = "-->";
/** So long a new cue is shown. */
const NEW_CUE_S = 2;
let count = 0;

export function makeCue(startS: number, endS: number, words = "", settings = ""): Cue {
  return { key: (count += 1), start: formatTime(startS), end: formatTime(endS), text: words, settings };
}

/** Seconds of 1:02.5 or 01:00:02,500; null where it is no time. */
export function readTime(typed: string): number | null {
  const found = TIME.exec(typed.trim());
  if (found === null || Number(found[3]) > 59 || (found[1] !== undefined && Number(found[2]) > 59)) return null;
  return Number(found[1] ?? 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) + Number(`0.${found[4] ?? 0}`);
}

/** 0:01.500, with hours where there are any. */
export function formatTime(seconds: number): string {
  const millis = Math.max(0, Math.round(seconds * 1000));
  const hours = Math.floor(millis / 3_600_000);
  const minutes = Math.floor(millis / 60_000) % 60;
  const rest = `${pad(Math.floor(millis / 1000) % 60)}.${pad(millis % 1000, 3)}`;
  return hours > 0 ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** What is wrong with a cue; nothing where it can be saved. */
export function findSlip(cue: Cue): string | null {
  const [start, end] = [readTime(cue.start), readTime(cue.end)];
  if (start === null || end === null) return text.captions.badTime;
  if (end <= start) return text.captions.endsEarly;
  if (cue.text.trim() === "") return text.captions.noText;
  return cue.text.includes(ARROW) ? text.captions.arrow : null;
}

/** Cues of a file, and what of it could not be read, by its lines. */
export function readCaptions(file: string): { cues: Cue[]; slips: Slip[] } {
  const lines = file.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const isWebvtt = /^WEBVTT(\s|$)/.test(lines[0] ?? "");
  const cues: Cue[] = [];
  const slips: Slip[] = [];
  for (const { at, block } of listBlocks(lines, isWebvtt ? headerLength(lines) : 0)) {
    if (isWebvtt && /^(NOTE|STYLE|REGION)(\s|$)/.test(block[0] ?? "")) continue;
    const read = readBlock(at, block);
    if ("line" in read) slips.push(read);
    else cues.push(isWebvtt ? read : { ...read, text: plainSubrip(read.text), settings: "" });
  }
  return { cues, slips };
}

function headerLength(lines: string[]): number {
  const found = lines.findIndex((line, index) => index > 0 && (line.trim() === "" || line.includes(ARROW)));
  return found < 0 ? lines.length : found;
}

function* listBlocks(lines: string[], from: number): Generator<{ at: number; block: string[] }> {
  let block: string[] = [];
  for (let index = from; index <= lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (line.trim() !== "") block.push(line);
    else if (block.length > 0) {
      yield { at: index - block.length + 1, block };
      block = [];
    }
  }
}

function readBlock(at: number, block: string[]): Cue | Slip {
  const here = block.slice(0, 2).findIndex((line) => line.includes(ARROW));
  if (here < 0) return { line: at, words: text.captions.noTimes };
  const [start = "", rest = ""] = (block[here] ?? "").split(ARROW).map((part) => part.trim());
  const [end = "", ...settings] = rest.split(/\s+/);
  const times = [readTime(start), readTime(end)] as const;
  const cue = makeCue(times[0] ?? 0, times[1] ?? 0, block.slice(here + 1).join("\n"), settings.join(" "));
  const slip = times[0] === null || times[1] === null ? text.captions.badTime : findSlip(cue);
  return slip === null ? cue : { line: at + here, words: slip };
}

/** SubRip's markup as WebVTT's: bold, italic and underline stay, what WebVTT would take for markup is escaped. */
function plainSubrip(words: string): string {
  const bare = words.replace(/<\/?font\b[^>]*>/gi, "").replace(/\{\\[^}]*\}/g, "");
  return bare
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/&lt;(\/?[biu])&gt;/gi, (_, tag: string) => `<${tag.toLowerCase()}>`);
}

/** The cues as WebVTT, in order of time. */
export function writeWebvtt(cues: readonly Cue[]): string {
  const ordered = [...cues].sort((one, other) => (readTime(one.start) ?? 0) - (readTime(other.start) ?? 0));
  const blocks = ordered.map((cue) => {
    const times = [cue.start, cue.end].map((typed) => writeTime(readTime(typed) ?? 0)).join(` ${ARROW} `);
    return `${times} ${cue.settings}`.trimEnd() + "\n" + cue.text.replace(/\n\s*\n/g, "\n").trim() + "\n";
  });
  return ["WEBVTT\n", ...blocks].join("\n");
}

/** A new cue at a moment, no longer than until the next one. */
export function addCue(cues: readonly Cue[], atS: number): { cues: Cue[]; added: Cue } {
  const next = Math.min(...cues.map((cue) => readTime(cue.start) ?? 0).filter((start) => start > atS + 0.2));
  const added = makeCue(atS, Math.min(atS + NEW_CUE_S, next));
  const before = cues.filter((cue) => (readTime(cue.start) ?? 0) <= atS).length;
  return { cues: [...cues.slice(0, before), added, ...cues.slice(before)], added };
}

/** A cue as two: its text parted at the caret or else in the middle, its time at the moment where that lies within, or as the text. */
export function splitCue(cue: Cue, caret: number, atS: number): [Cue, Cue] {
  const [start, end] = [readTime(cue.start) ?? 0, readTime(cue.end) ?? 0];
  const inside = caret > 0 && caret < cue.text.length;
  const space = cue.text.indexOf(" ", Math.floor(cue.text.length / 2));
  const place = inside ? caret : space > 0 ? space : Math.ceil(cue.text.length / 2);
  const share = cue.text.length === 0 ? 0.5 : place / cue.text.length;
  const moment = atS > start + 0.05 && atS < end - 0.05 ? atS : start + (end - start) * share;
  const parts = [cue.text.slice(0, place).trim(), cue.text.slice(place).trim()] as const;
  return [{ ...cue, end: formatTime(moment), text: parts[0] }, makeCue(moment, end, parts[1], cue.settings)];
}

function writeTime(seconds: number): string {
  const millis = Math.round(seconds * 1000);
  return `${pad(Math.floor(millis / 3_600_000))}:${pad(Math.floor(millis / 60_000) % 60)}:${pad(Math.floor(millis / 1000) % 60)}.${pad(millis % 1000, 3)}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
