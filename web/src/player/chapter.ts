/** Chapters: those of the source, else those that the description lists by its times. */

import type { Video } from "../api/video";
import { findTimes } from "../watch/description";

export interface Chapter {
  start_s: number;
  end_s: number;
  title: string;
}

const FEWEST = 3;

export function chaptersOf(video: Video): Chapter[] {
  if (video.chapters.length > 0 || video.duration_s === null) return video.chapters;
  const duration_s = video.duration_s;
  const lines = video.description.split("\n").flatMap((line) => {
    const time = findTimes(line)[0];
    return time === undefined || line.slice(0, time.at).trim() !== "" ? [] : [{ start_s: time.time_s, title: line.slice(time.at + time.text.length).replace(/^[\s–—:.|)-]+/, "") }];
  });
  const rises = lines.every((line, n) => line.title !== "" && line.start_s < duration_s && line.start_s >= (lines[n - 1]?.start_s ?? -1) + 1);
  if (lines.length < FEWEST || lines[0]?.start_s !== 0 || !rises) return [];
  return lines.map((line, n) => ({ ...line, end_s: lines[n + 1]?.start_s ?? duration_s }));
}

export function chapterAt(chapters: readonly Chapter[], time_s: number): Chapter | undefined {
  return chapters.find((chapter) => time_s >= chapter.start_s && time_s < chapter.end_s);
}
