/** Chapters of a video: those of the source, or those that the description lists by time. Pure. */

import type { Video } from "../../api/video.ts";
import { findTimes } from "../../watch/description.ts";

export interface Chapter {
  start_s: number;
  end_s: number;
  title: string;
}

/** A description needs this many times, the first of them 0:00. */
const MIN_CHAPTERS = 3;

export function chaptersOf(video: Video): Chapter[] {
  if (video.chapters.length > 0 || video.duration_s === null) return video.chapters;
  const duration_s = video.duration_s;
  const lines = video.description.split("\n").flatMap(readChapterLine);
  const isAscending = lines.every(
    (line, n) =>
      line.title !== "" &&
      line.start_s < duration_s &&
      line.start_s >= (lines[n - 1]?.start_s ?? -1) + 1,
  );
  if (lines.length < MIN_CHAPTERS || lines[0]?.start_s !== 0 || !isAscending) return [];
  return lines.map((line, n) => ({ ...line, end_s: lines[n + 1]?.start_s ?? duration_s }));
}

export function chapterAt(chapters: readonly Chapter[], time_s: number): Chapter | undefined {
  return chapters.find((chapter) => time_s >= chapter.start_s && time_s < chapter.end_s);
}

/** Reads a line that starts with a time, such as "1:23 - Title". */
function readChapterLine(line: string): { start_s: number; title: string }[] {
  const time = findTimes(line)[0];
  if (time === undefined || line.slice(0, time.at).trim() !== "") return [];
  return [
    {
      start_s: time.time_s,
      title: line.slice(time.at + time.text.length).replace(/^[\s–—:.|)-]+/, ""),
    },
  ];
}
