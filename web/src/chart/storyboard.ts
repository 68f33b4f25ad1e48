/** A thumbnail on a sheet of a storyboard. endS: the time until which it is shown. */
export interface Thumbnail {
  endS: number;
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const CUE = /--> ([\d:.]+)\s*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

/**
 * Fetches the thumbnails of a storyboard in order of time. Returns none if there is no storyboard.
 */
export async function fetchThumbnails(url: string): Promise<Thumbnail[]> {
  const response = await fetch(url).catch(() => null);
  if (response === null || !response.ok) return [];
  return readThumbnails(await response.text(), new URL(url, location.href));
}

/**
 * Reads a storyboard: WebVTT whose cues name boxes of sheets (`sheet.jpg#xywh=x,y,w,h`). base: the
 * address of the storyboard.
 */
export function readThumbnails(webvtt: string, base: URL): Thumbnail[] {
  return [...webvtt.matchAll(CUE)].map(([, end = "", sheet = "", ...box]) => {
    const [x = 0, y = 0, width = 0, height = 0] = box.map(Number);
    return { endS: readSeconds(end), url: new URL(sheet, base).href, x, y, width, height };
  });
}

/** Returns the thumbnail of a moment. */
export function thumbnailAt(thumbnails: readonly Thumbnail[], atS: number): Thumbnail | undefined {
  return thumbnails.find(({ endS }) => atS < endS) ?? thumbnails.at(-1);
}

function readSeconds(time: string): number {
  return time.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
