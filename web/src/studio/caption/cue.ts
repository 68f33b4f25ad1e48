/** Caption cues: reads WebVTT and SubRip, checks and changes cues, and writes WebVTT. Pure. */

import { text } from "../../text/text.ts";

export interface Cue {
  /** Identifies a cue while it is edited and moved. */
  key: number;
  /** Times as typed, so that a wrong one stays visible until it is corrected. */
  start: string;
  end: string;
  text: string;
  /** The position in the picture, as WebVTT cue settings. */
  settings: string;
}

/** A line of a file that could not be read. */
export interface CueError {
  line: number;
  words: string;
}

const TIME = /^(?:(\d{1,4}):)?(\d{1,2}):(\d{2})(?:[.,](\d{1,3}))?$/;
const ARROW = "-->";
const NEW_CUE_S = 2;
/** A new cue ends at the next one only if that starts at least this much later. */
const MIN_NEW_CUE_S = 0.2;
/** A cue is split at the current time only if both parts last at least this long. */
const MIN_PART_S = 0.05;
let count = 0;

export function makeCue(startS: number, endS: number, words = "", settings = ""): Cue {
  count += 1;
  return { key: count, start: formatTime(startS), end: formatTime(endS), text: words, settings };
}

/** Returns the seconds of a time such as 1:02.5 or 01:00:02,500, or null if it is invalid. */
export function readTime(typed: string): number | null {
  const match = TIME.exec(typed.trim());
  if (match === null || Number(match[3]) > 59 || (match[1] !== undefined && Number(match[2]) > 59))
    return null;
  return (
    Number(match[1] ?? 0) * 3600 +
    Number(match[2]) * 60 +
    Number(match[3]) +
    Number(`0.${match[4] ?? 0}`)
  );
}

/** Formats a time as 0:01.500, with hours from one hour on. */
export function formatTime(seconds: number): string {
  const millis = Math.max(0, Math.round(seconds * 1000));
  const hours = Math.floor(millis / 3_600_000);
  const minutes = Math.floor(millis / 60_000) % 60;
  const rest = `${pad(Math.floor(millis / 1000) % 60)}.${pad(millis % 1000, 3)}`;
  return hours > 0 ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** Returns what is wrong with a cue, in words, or null if it can be saved. */
export function findCueError(cue: Cue): string | null {
  const [start, end] = [readTime(cue.start), readTime(cue.end)];
  if (start === null || end === null) return text.captions.badTime;
  if (end <= start) return text.captions.endsEarly;
  if (cue.text.trim() === "") return text.captions.noText;
  return cue.text.includes(ARROW) ? text.captions.arrow : null;
}

/** Reads the cues of a file, and the lines that could not be read. */
export function readCaptions(file: string): { cues: Cue[]; errors: CueError[] } {
  const lines = file.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  const isWebvtt = /^WEBVTT(\s|$)/.test(lines[0] ?? "");
  const cues: Cue[] = [];
  const errors: CueError[] = [];
  for (const { line, block } of listBlocks(lines, isWebvtt ? headerLength(lines) : 0)) {
    if (isWebvtt && /^(NOTE|STYLE|REGION)(\s|$)/.test(block[0] ?? "")) continue;
    const read = readBlock(line, block);
    if ("line" in read) errors.push(read);
    else cues.push(isWebvtt ? read : { ...read, text: convertSubrip(read.text), settings: "" });
  }
  return { cues, errors };
}

function headerLength(lines: string[]): number {
  const end = lines.findIndex(
    (line, index) => index > 0 && (line.trim() === "" || line.includes(ARROW)),
  );
  return end < 0 ? lines.length : end;
}

/** Lists the blocks between empty lines. line: the number of the first line, counted from 1. */
function* listBlocks(lines: string[], from: number): Generator<{ line: number; block: string[] }> {
  let block: string[] = [];
  for (let index = from; index <= lines.length; index += 1) {
    const line = lines[index] ?? "";
    if (line.trim() !== "") block.push(line);
    else if (block.length > 0) {
      yield { line: index - block.length + 1, block };
      block = [];
    }
  }
}

function readBlock(line: number, block: string[]): Cue | CueError {
  const timeLine = block.slice(0, 2).findIndex((words) => words.includes(ARROW));
  if (timeLine < 0) return { line, words: text.captions.noTimes };
  const [start = "", rest = ""] = (block[timeLine] ?? "").split(ARROW).map((part) => part.trim());
  const [end = "", ...settings] = rest.split(/\s+/);
  const [startS, endS] = [readTime(start), readTime(end)];
  if (startS === null || endS === null)
    return { line: line + timeLine, words: text.captions.badTime };
  const cue = makeCue(startS, endS, block.slice(timeLine + 1).join("\n"), settings.join(" "));
  const error = findCueError(cue);
  return error === null ? cue : { line: line + timeLine, words: error };
}

/**
 * Converts SubRip markup to WebVTT: bold, italic and underline remain, other markup is removed or
 * escaped.
 */
function convertSubrip(words: string): string {
  const bare = words.replace(/<\/?font\b[^>]*>/gi, "").replace(/\{\\[^}]*\}/g, "");
  return bare
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/&lt;(\/?[biu])&gt;/gi, (_, tag: string) => `<${tag.toLowerCase()}>`);
}

/** Writes cues as WebVTT, ordered by time. */
export function writeWebvtt(cues: readonly Cue[]): string {
  const ordered = [...cues].sort((a, b) => (readTime(a.start) ?? 0) - (readTime(b.start) ?? 0));
  const blocks = ordered.map((cue) => {
    const times = [cue.start, cue.end]
      .map((typed) => writeTime(readTime(typed) ?? 0))
      .join(` ${ARROW} `);
    const head = `${times} ${cue.settings}`.trimEnd();
    return `${head}\n${cue.text.replace(/\n\s*\n/g, "\n").trim()}\n`;
  });
  return ["WEBVTT\n", ...blocks].join("\n");
}

/** Adds an empty cue at a time. It ends where the next cue starts, or after two seconds. */
export function addCue(cues: readonly Cue[], atS: number): { cues: Cue[]; added: Cue } {
  const starts = cues.map((cue) => readTime(cue.start) ?? 0);
  const next = Math.min(...starts.filter((start) => start > atS + MIN_NEW_CUE_S));
  const added = makeCue(atS, Math.min(atS + NEW_CUE_S, next));
  const before = starts.filter((start) => start <= atS).length;
  return { cues: [...cues.slice(0, before), added, ...cues.slice(before)], added };
}

/**
 * Splits a cue in two. The text is split at the caret, or in the middle if the caret is at an end.
 * The time is split at `atS` if that lies within the cue, otherwise in proportion to the text.
 */
export function splitCue(cue: Cue, caret: number, atS: number): [Cue, Cue] {
  const [start, end] = [readTime(cue.start) ?? 0, readTime(cue.end) ?? 0];
  const isInside = caret > 0 && caret < cue.text.length;
  const space = cue.text.indexOf(" ", Math.floor(cue.text.length / 2));
  const place = isInside ? caret : space > 0 ? space : Math.ceil(cue.text.length / 2);
  const share = cue.text.length === 0 ? 0.5 : place / cue.text.length;
  const splitS =
    atS > start + MIN_PART_S && atS < end - MIN_PART_S ? atS : start + (end - start) * share;
  const [first, second] = [cue.text.slice(0, place).trim(), cue.text.slice(place).trim()];
  return [
    { ...cue, end: formatTime(splitS), text: first },
    makeCue(splitS, end, second, cue.settings),
  ];
}

function writeTime(seconds: number): string {
  const millis = Math.round(seconds * 1000);
  const hours = pad(Math.floor(millis / 3_600_000));
  const minutes = pad(Math.floor(millis / 60_000) % 60);
  return `${hours}:${minutes}:${pad(Math.floor(millis / 1000) % 60)}.${pad(millis % 1000, 3)}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, "0");
}
