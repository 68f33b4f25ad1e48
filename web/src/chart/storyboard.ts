/** Small pictures of a video by time, from its WebVTT of tiles (`sheet.jpg#xywh=x,y,w,h`). */

export interface Tile {
  endS: number;
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const CUE = /--> ([\d:.]+)\s*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

/** The tiles in order; none where there is no storyboard. */
export async function readTiles(url: string): Promise<Tile[]> {
  const answer = await fetch(url).catch(() => null);
  if (answer === null || !answer.ok) return [];
  const found = (await answer.text()).matchAll(CUE);
  return [...found].map(([, end = "", sheet = "", ...box]) => {
    const [x = 0, y = 0, width = 0, height = 0] = box.map(Number);
    return { endS: seconds(end), url: new URL(sheet, new URL(url, location.href)).href, x, y, width, height };
  });
}

/** The tile of a moment. */
export function tileAt(tiles: readonly Tile[], atS: number): Tile | undefined {
  return tiles.find((tile) => atS < tile.endS) ?? tiles.at(-1);
}

function seconds(words: string): number {
  return words.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
